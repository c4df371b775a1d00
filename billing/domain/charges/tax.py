"""A percentage on already rounded lines, in parts per million.

The base is a list of line codes, all of charges that stand before the tax (earlier taxes may be named), or
everything before it. So an order always exists and a circle cannot be written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billing.domain.errors import TariffRefused
from billing.domain.json_place import Fields
from billing.domain.money import MICRO

PERCENT_MICRO_LIMIT = 1_000 * MICRO + 1


@dataclass(frozen=True, slots=True)
class TaxCharge:
    """base None: every line that stands before it in its version."""

    code: str
    label: str
    rate_ppm: int
    base: tuple[str, ...] | None = None
    kind: Literal["tax"] = "tax"

    @classmethod
    def read(cls, fields: Fields, codes_before: tuple[str, ...]) -> TaxCharge:
        code, label = fields.code("code"), fields.text("label")
        percent_micro = fields.micro("percent", limit=PERCENT_MICRO_LIMIT)
        if percent_micro % 100:
            fields.refuse("percent", "has more than four decimals")
        base: tuple[str, ...] | None = None
        if fields.has("base"):
            base = tuple(_known(name, at, code, codes_before) for name, at in fields.texts("base"))
        fields.finish()
        return cls(code, label, percent_micro // 100, base)


def _known(name: str, place: str, own: str, codes_before: tuple[str, ...]) -> str:
    if name == own:
        raise TariffRefused(place, "a tax cannot be its own base")
    if name not in codes_before:
        raise TariffRefused(
            place, f"'{name}' is no charge that stands before it ({', '.join(codes_before) or 'none'})"
        )
    return name
