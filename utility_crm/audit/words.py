"""What a row of the audit log says, in words; and its values as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from utility_crm.audit.covering import subject_of
from utility_crm.audit.queries import LogRow
from utility_crm.web.words import mark

KINDS: Mapping[tuple[str, str], str] = {
    ("view", "done"): mark("looked at"),
    ("view", "refused"): mark("wanted to look at"),
    ("search", "done"): mark("searched for"),
    ("search", "refused"): mark("wanted to search for"),
    ("export", "done"): mark("took a file of"),
    ("export", "refused"): mark("wanted a file of"),
    ("change", "done"): mark("changed"),
    ("change", "refused"): mark("wanted to change"),
    ("change", "not_done"): mark("changed nothing of"),
    ("detail", "done"): mark("value"),
    ("sign_in", "done"): mark("at the door"),
    ("sign_in", "refused"): mark("turned away at the door"),
    ("kept", "done"): mark("the log itself"),
}
"""What somebody did, by kind and outcome."""
EVENTS: Mapping[str, str] = {
    "signed_in": mark("signed in"),
    "wrong_password": mark("a wrong password"),
    "rests": mark("too many tries: the name rests"),
    "wrong_code": mark("a wrong code"),
    "signed_out": mark("signed out"),
    "ended": mark("a sign-in was ended"),
    "proved": mark("showed again who they are"),
    "password_changed": mark("changed the password"),
    "password_given": mark("was given a password"),
    "factor_on": mark("a second step was added"),
    "factor_off": mark("the second step was taken away"),
    "recovery_codes": mark("got recovery codes"),
    "recovery_used": mark("used a recovery code"),
    "outside_linked": mark("linked an outside sign-in"),
    "outside_unlinked": mark("unlinked an outside sign-in"),
    "outside_refused": mark("an outside sign-in was refused"),
    "added": mark("was added"),
    "changed": mark("was changed"),
    "deactivated": mark("was shut out"),
    "activated": mark("was let in again"),
    "token_made": mark("made a token"),
    "token_revoked": mark("took a token back"),
    "forget_audit_before": mark("old rows were forgotten"),
    "blank_audit_of": mark("the values of an erased person were taken out"),
}
"""What happens at the door and to the log, by its name in `what`."""


def did(row: LogRow, say: Callable[[str], str]) -> str:
    """What was done, in two or three words."""
    return say(KINDS.get((row.kind, row.outcome), row.kind))


def thing(row: LogRow, say: Callable[[str], str]) -> str:
    """To what: the thing that was named, the search, the event, or the route."""
    if row.kind in ("sign_in", "kept", "detail"):
        return say(EVENTS.get(row.what, row.what))
    if row.kind == "search":
        return f"“{subject_of(row)}”" if row.subject else row.what
    if row.subject_kind == "customer":
        return ""
    if row.subject_kind:
        return f"{say(row.subject_kind)} {row.subject}"
    return row.what.partition(" ")[2]


def values(told: Mapping[str, Any] | None) -> str:
    """Names and values as one line."""
    return ", ".join(f"{name}: {_text(value)}" for name, value in (told or {}).items() if name != "said")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " / ".join(map(_text, value))
    return "–" if value is None or value == "" else str(value)


SUBJECTS = (
    mark("bill"), mark("account"), mark("service point"), mark("notice"), mark("ticket"), mark("task"),
    mark("call"),
)  # fmt: skip
"""Kinds of things that rows name, for the catalogue."""
