"""Report: records become answers.

Takes   records and the plans they were made for.
Gives   tables, the trade-off figure, and what is missing.
Never   computes a score again, trains, or imports torch.
"""
