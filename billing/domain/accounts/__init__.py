"""What stands around a bill: gaps, adjustments, instalments, budgets, deposits, fees, limits, corrections."""
