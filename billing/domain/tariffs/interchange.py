"""Tariff files of any format that is read: ours, and OpenEI's URDB JSON."""

from __future__ import annotations

from typing import Any

from billing.domain.urdb.translation import Translated, is_urdb, translated


def own_form(document: Any) -> Translated:
    """Parsed JSON as a tariff file of ours, and what is to be said of a translation.

    Raises TariffRefused for what another format holds and ours cannot; a file of ours is not checked here.
    """
    return translated(document) if is_urdb(document) else Translated(document, ())
