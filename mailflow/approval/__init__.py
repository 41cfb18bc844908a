"""The centre: what an approval is. Standard library only; no I/O, no clock, no randomness."""
