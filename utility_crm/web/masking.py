"""What leaves the house about one customer: files hold what a page would cover."""

from __future__ import annotations

from utility_crm.kit.errors import Refused
from utility_crm.kit.masking import HIDDEN, all_shown, reader_now, shown
from utility_crm.web.words import mark


def must_be_verified(customer_id: int | None, work: str = "") -> None:
    """For routes that answer with a file about one customer. work: the permission of those who make such
    files without a caller. Raises Refused until the caller is verified."""
    reader = reader_now()
    if all_shown(customer_id) or (work and reader is not None and reader.may(work)):
        return
    raise Refused("not_verified_file", mark("Verify the caller first: this file holds what is masked."))


def as_it_was(typed: str, before: str, customer_id: int | None) -> str:
    """What a form means by a text it had shown covered: untouched it stays as it was. Raises Refused where
    something was typed around what is covered: it would be lost."""
    told = shown(before, "text", customer_id)
    if told == before:
        return typed
    if typed.split() == told.split():
        return before
    if HIDDEN in typed:
        raise Refused("not_verified", mark("Verify the caller first: what is masked cannot be changed."))
    return typed
