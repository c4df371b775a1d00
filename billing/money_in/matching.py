"""Whose money it is: references in an entry held against account and bill numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from billing.money_in.entries import BankEntry

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.-]*[A-Za-z0-9]|[A-Za-z0-9]")
_CREDITOR_REFERENCE = re.compile(r"RF\d\d([A-Z0-9]{1,21})")
MOST_JOINED = 3
"""Words of a text that may be one reference written apart: A 0001."""

CODES = (
    "no_reference",
    "unknown_reference",
    "several",
    "currency",
    "unknown_return",
    "batch_differs",
)
"""Why an entry waits in suspense."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a reference may name: an account, or a bill of it."""

    account_id: int
    currency: str
    bill: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The account a payment is for, and the bills it names. code: why it is nobody's (account_id 0)."""

    account_id: int = 0
    bills: tuple[str, ...] = ()
    code: str = ""


def references_of(entry: BankEntry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What may be a reference of ours: in the fields made for it, then in the text; as compared (normal)."""
    fields = (*entry.structured, *entry.end_to_end_ids)
    structured = [form for one in fields for form in (normal(one), *map(normal, _TOKEN.findall(one)))]
    words = _TOKEN.findall(entry.text)
    free = [normal(word) for word in words]
    for size in range(2, MOST_JOINED + 1):
        free += [normal("".join(words[at : at + size])) for at in range(len(words) - size + 1)]
    return _unlike(structured), _unlike(free)


def normal(text: str) -> str:
    """Capitals without blanks; of an ISO 11649 creditor reference, what follows RF and its check digits."""
    plain = re.sub(r"\s", "", text).upper()
    found = _CREDITOR_REFERENCE.fullmatch(plain)
    return found[1] if found and _checks(plain) else plain


def _checks(reference: str) -> bool:
    """ISO 11649: with RF and its two digits moved to the end, letters as 10 to 35, it leaves 1 by 97."""
    moved = reference[4:] + reference[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def match(entry: BankEntry, known: Mapping[str, Known]) -> Match:
    """Whose entry this is. A reference in its own field goes before what stands in the text."""
    structured, free = references_of(entry)
    for references in (structured, free):
        found = [known[one] for one in references if one in known]
        if found:
            return _one_of(entry, found)
    return Match(code="unknown_reference" if structured or free else "no_reference")


def _one_of(entry: BankEntry, found: list[Known]) -> Match:
    accounts = {one.account_id for one in found}
    if len(accounts) > 1:
        return Match(code="several")
    if found[0].currency != entry.currency:
        return Match(code="currency")
    return Match(found[0].account_id, _unlike(one.bill for one in found if one.bill))


def _unlike(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
