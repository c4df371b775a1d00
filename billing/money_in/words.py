"""What was booked, and why money waits, in words of a person's language."""

from __future__ import annotations

from billing.wording import say
from utility_crm.web.words import mark

KIND_WORDS = {
    "bill": mark("Bill"),
    "payment": mark("Payment"),
    "given_back": mark("Given back"),
    "reversal": mark("Taken back by the bank"),
    "credit": mark("Credit"),
    "fee": mark("Fee"),
    "write_off": mark("Written off"),
    "deposit": mark("Deposit"),
    "transfer": mark("Transfer"),
}
"""What a statement has rows of."""

WHY_WORDS = {
    "no_reference": mark("it names nothing"),
    "unknown_reference": mark("it names no account or bill of ours"),
    "several": mark("it names several accounts"),
    "currency": mark("the account is in another currency"),
    "unknown_return": mark("the bank takes back what we do not know"),
    "batch_differs": mark("a collection was paid in another sum"),
}
"""Why money waits in suspense."""


def kind_words(kind: str, language: str) -> str:
    """What it is."""
    return say(language)(KIND_WORDS[kind])


def why_words(code: str, language: str) -> str:
    """Why it waits."""
    return say(language)(WHY_WORDS[code])
