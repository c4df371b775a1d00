"""The ground of rating: axes of intervals, days and their kinds, usage, exact sums, volumes, lines."""
