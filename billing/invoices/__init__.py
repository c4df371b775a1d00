"""What makes a bill a legal document: its number, who it is from and to, and its tax by rate."""

from billing.invoices.keeping import keep_invoices
from billing.invoices.numbers import (
    Numbered,
    SeriesState,
    next_number,
    next_numbers,
    number_gaps,
    number_series,
)

__all__ = [
    "Numbered",
    "SeriesState",
    "keep_invoices",
    "next_number",
    "next_numbers",
    "number_gaps",
    "number_series",
]
