"""Figures of finished tables, one file each; `style.py` is the only door to seaborn."""
