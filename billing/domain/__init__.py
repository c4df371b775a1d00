"""Pure calculation: tariffs, rating, gaps, quotes, explanations. No database, no clock, no files."""
