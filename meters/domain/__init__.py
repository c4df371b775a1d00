"""Readings as values: blocks, exact decimals, units, and the local clock. No input, no output."""
