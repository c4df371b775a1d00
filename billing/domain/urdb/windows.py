"""Over how many minutes a rate averages demand."""

from __future__ import annotations

from billing.domain.charges.tiers import WINDOWS
from billing.domain.urdb.rate import Rate, whole

USUAL = 15


def window_of(rate: Rate) -> int:
    """Raises TariffRefused for a length that is not one of 15, 30 and 60 minutes."""
    if not rate.has("demandwindow"):
        rate.note(f"demandwindow is not given; demand is averaged over {USUAL} minutes.")
        return USUAL
    window = whole(rate.values["demandwindow"], rate.at("demandwindow"))
    if window not in WINDOWS:
        rate.refuse("demandwindow", f"{window} is not one of {', '.join(map(str, WINDOWS))} minutes")
    return window
