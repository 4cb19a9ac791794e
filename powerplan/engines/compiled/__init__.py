"""The fast engine's inner part, in the numba subset: plain functions on arrays, compiled by `compiling`."""
