"""Compiled loops. Importing a module of this folder imports numba, so it is imported inside the function that needs it.

No loop uses fast mathematics or adds up across threads: the same input gives the same bits, run to run.
"""
