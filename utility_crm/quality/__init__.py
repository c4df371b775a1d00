"""How good what is kept about customers is: those kept twice are found, and made one, or not, by a person."""
