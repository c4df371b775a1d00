"""The questions, found by listing: a module of this package that has an `ANSWER` is one."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

import billing.answers
from billing.answers.told import AccountAnswer
from utility_crm.kit.errors import NotFound


@cache
def answers() -> tuple[AccountAnswer, ...]:
    """Every question, in the order of the page."""
    found = []
    for info in pkgutil.iter_modules(billing.answers.__path__):
        answer = getattr(import_module(f"billing.answers.{info.name}"), "ANSWER", None)
        if isinstance(answer, AccountAnswer):
            found.append(answer)
    return tuple(sorted(found, key=lambda one: (one.order, one.key)))


def answer_named(question: str) -> AccountAnswer:
    """Raises NotFound, with the questions there are."""
    found = next((one for one in answers() if one.key == question), None)
    if found is None:
        known = ", ".join(one.key for one in answers())
        raise NotFound("question", f"There is no question '{question}'; there are {known}.", "question")
    return found
