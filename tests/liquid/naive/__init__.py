"""Slow, obvious twins of the kernels: double precision, full matrices, explicit windows, no packing.

Written from the docstrings and formulas, one file per kernel file. They import constants, never kernels.
"""
