"""`labels` of a tariff file: what its charges are called in other languages.

Names are no prices: they may change at any time, and tariffs that differ in them alone are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from billing.domain.charges.energy import EnergyCharge
from billing.domain.errors import TariffRefused
from billing.domain.tariffs.json_place import Fields
from billing.domain.tariffs.tariff import Labels, Version

_LANGUAGE = re.compile(r"[a-z]{2}")


def labels_in(versions: Sequence[Version]) -> tuple[str, ...]:
    """Every label that the charges have, and their periods, each once."""
    found: dict[str, None] = {}
    for charge in (charge for version in versions for charge in version.charges):
        found[getattr(charge, "label", "")] = None
        found |= {period.label: None for period in getattr(charge, "periods", ())}
        if isinstance(charge, EnergyCharge) and charge.net is not None:
            found[charge.net.label] = None
    return tuple(label for label in found if label)


def read_labels(fields: Fields, versions: Sequence[Version]) -> Labels:
    """A language that is given names every label, and nothing else. Raises TariffRefused."""
    if not fields.has("labels"):
        return ()
    wanted, given = labels_in(versions), fields.fields("labels")
    found = []
    for language in given.names():
        if not _LANGUAGE.fullmatch(language):
            given.refuse(language, f"'{language}' is no language of two small letters, such as ru")
        said = given.fields(language)
        for label in said.names():
            if label not in wanted:
                said.refuse(label, f"'{label}' is the label of no charge ({', '.join(wanted)})")
        missing = next((label for label in wanted if not said.has(label)), None)
        if missing is not None:
            raise TariffRefused(given.at(language), f"'{missing}' has no name in it")
        found.append((language, tuple((label, said.text(label)) for label in wanted)))
    return tuple(found)


def label_said(label: str, names: Mapping[str, str]) -> tuple[str, str]:
    """A line's label in another language, and what of it the engine added, such as the ends of a tier; the
    label as it is where nothing names it."""
    if label in names:
        return names[label], ""
    known = max((one for one in names if label.startswith(f"{one}, ")), key=len, default=None)
    return (label, "") if known is None else (names[known], label[len(known) + 2 :])
