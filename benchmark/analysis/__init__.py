"""Analysis: records become numbers (rows, intervals, contrasts, ranks).

Takes   the records of cells that may stand in one table.
Gives   plain values: means, intervals, p-values, shares.
Never   makes text or pictures, and never imports torch.
"""
