"""Next bills, and how far off they may be."""

from billing.forecasting.foretold import NextBill, Part, Stretch, Untold
from billing.forecasting.keeping import Fresh, Refreshed, kept_next_bill, kept_of, refresh_next_bills
from billing.forecasting.next_bill import next_bill
from billing.forecasting.spreads import refresh_spreads

__all__ = [
    "Fresh",
    "NextBill",
    "Part",
    "Refreshed",
    "Stretch",
    "Untold",
    "kept_next_bill",
    "kept_of",
    "next_bill",
    "refresh_next_bills",
    "refresh_spreads",
]
