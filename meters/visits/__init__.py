"""Visits to a meter: booked, moved, cancelled, told of the day before, and what came of them."""
