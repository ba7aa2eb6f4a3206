"""Tools: scripts that check the suite itself, run by hand from a clone; not installed with it.

interval_coverage   how often a 95 % interval holds the truth, by simulation
interval_digits     by how much committed intervals would move with other random numbers
keras_peer          CRNN in Keras on TensorFlow, timed in turns with `run`
large_report        time and memory of `report` on thousands of records
vgmidi_reference    floor rows on VGMIDI under fixed folds, for other people's numbers
"""
