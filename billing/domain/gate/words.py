"""Why a draft waits, in English: for the command line and the row that is kept. Pages have words of their
own."""

from __future__ import annotations

from billing.domain.gate.figures import Earlier, Figures


def reason_of(code: str, figures: Figures) -> str:
    """One sentence."""
    if code == "missing_cycle":
        return f"{figures.unbilled_days} days of supply before these were never billed."
    if code == "too_old":
        return f"{figures.too_old_days} days were used too long ago to be charged: their cost is left out."
    if code == "negative":
        return "By this bill the customer would be owed money."
    if code == "zero_use":
        return f"Nothing was used, where it was {_before(figures)} before."
    if code in ("jump_up", "jump_down"):
        way = "more" if code == "jump_up" else "less"
        return f"Much {way} was used: {figures.kwh_a_day:.1f} kWh a day, where it was {_before(figures)}."
    if code == "findings":
        count = figures.findings_bad + figures.findings_warn
        return f"Validation doubts readings of these days, and nobody has decided: {count} open."
    if code == "estimates":
        days = figures.estimated_minutes / 1440
        return f"{days:.1f} of {figures.minutes / 1440:.0f} days were not measured."
    return ""


def _before(figures: Figures) -> str:
    named = (("a year ago", figures.year_ago), ("on the bill before", figures.last))
    return " and ".join(_said(words, one) for words, one in named if one is not None)


def _said(words: str, one: Earlier) -> str:
    return f"{one.kwh_a_day:.1f} kWh a day {words}"
