"""The harness: turns a study into cells, cells into records, records into answers.

Data flows one way: plan, train, evaluate, record, report. It knows nothing about any one model.
"""

__version__ = "0.1.0"
