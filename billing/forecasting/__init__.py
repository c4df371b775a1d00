"""Next bills, and how far off they may be."""

from billing.forecasting.foretold import NextBill, Part, Stretch, Untold
from billing.forecasting.next_bill import next_bill
from billing.forecasting.spreads import refresh_spreads

__all__ = ["NextBill", "Part", "Stretch", "Untold", "next_bill", "refresh_spreads"]
