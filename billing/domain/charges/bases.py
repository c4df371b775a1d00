"""The base of a charge that falls on other lines: codes of charges that stand before it, so that an order
always exists and a circle cannot be written."""

from __future__ import annotations

from billing.domain.errors import TariffRefused
from billing.domain.tariffs.json_place import Fields

Base = tuple[str, ...] | None
"""None: every line that stands before it in its version."""


def read_base(fields: Fields, own: str, codes_before: tuple[str, ...], a_charge: str) -> Base:
    """a_charge: what it is called in a refusal, with its article."""
    if not fields.has("base"):
        return None
    for name, place in fields.texts("base"):
        if name == own:
            raise TariffRefused(place, f"{a_charge} cannot be its own base")
        if name not in codes_before:
            raise TariffRefused(
                place, f"'{name}' is no charge that stands before it ({', '.join(codes_before) or 'none'})"
            )
    return tuple(name for name, _place in fields.texts("base"))
