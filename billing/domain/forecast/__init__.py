"""The days to come, from a customer's own days: like days, the year before, temperatures as they usually
are, and how far off the same reckoning was before.

Daily kWh are floats here: this is foresight. What comes of it is laid on the clock as whole micro-kWh, and
priced by the one engine.
"""
