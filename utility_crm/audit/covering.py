"""What the log keeps of customers, as who reads it may see it: covered where no caller was verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from utility_crm.audit.queries import LogRow
from utility_crm.customers.parties import RELATION
from utility_crm.kit.masking import HIDDEN, KINDS, SOMEBODY, all_shown, shown

_KINDS: Final[Mapping[str, str]] = {
    "detail": "medical", "kinds": "medical", "reach": "person", "address": "address", "postcode": "postcode",
    "email": "email", "phone": "phone", "iban": "bank", "account": "account", "number": "account",
    "customer": "account", "kind": "name",
}  # fmt: skip
"""Of what kind a value of a change is, by its name; another is what people wrote."""
_OURS = re.compile(r"C\d{1,9}|T-\d{1,9}|\d{4}-\d\d-\d{4,}", re.IGNORECASE)


def covered(told: Mapping[str, Any], row: LogRow) -> dict[str, Any]:
    """One side of what was changed."""
    who = row.customer_id
    if who is None:
        return dict(told)
    kinds = dict(_KINDS)
    if told.get("kind") in KINDS:  # a way to reach them: its kind is the kind of its value
        kinds["value"] = told["kind"]
    if told.get("kind") == "needs":  # how to speak with them is wanted for the greeting
        kinds["kinds"] = "name"
    if row.what == RELATION:
        kinds["name"] = "person"
    return {name: _covered(value, kinds.get(name, "text"), who) for name, value in told.items()}


def _covered(value: Any, kind: str, who: int) -> Any:
    if isinstance(value, list):
        return [_covered(one, kind, who) for one in value]
    if isinstance(value, dict):
        return {name: _covered(one, kind, who) for name, one in value.items()}
    return shown(value, kind, who) if isinstance(value, str) else value


def subject_of(row: LogRow) -> str:
    """What was named or typed. Typed words with figures are covered: a caller had said them. Numbers of
    customers, tickets and bills stay."""
    typed = row.kind == "search" or row.subject_kind == "customer"
    if not typed or (row.subject.isdecimal() and len(row.subject) < 8):  # an id, as addresses have it
        return row.subject
    if all_shown(row.customer_id or SOMEBODY):
        return row.subject
    return " ".join(map(_word, row.subject.split()))


def _word(word: str) -> str:
    telling = "@" in word or any(sign.isdigit() for sign in word)
    return HIDDEN if telling and not _OURS.fullmatch(word) else word


def said_of(row: LogRow) -> str:
    """The sentence that told what was done."""
    return shown(row.said, "text", row.customer_id)
