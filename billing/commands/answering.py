"""`billing answer`: what an account asks, answered in a sentence with its figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from billing.answers.asking import answered
from billing.answers.figure_words import figure_words
from billing.answers.parameters import WrongParameter
from billing.answers.registry import answers
from billing.answers.told import AnswerDocument
from billing.commands.app import app
from billing.commands.options import AccountNumber, filled
from billing.wording import say
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.today import utility_today
from utility_crm.web.words import LANGUAGES, counting

MOST_EVIDENCE = 3
"""Of one kind, shown at a terminal; of more the first, which is the newest, and a count."""


def _params_help() -> str:
    """Each parameter once, with the questions that take it."""
    found: dict[str, tuple[str, list[str]]] = {}
    for one in answers():
        for taken in one.takes:
            found.setdefault(taken.name, (taken.words, []))[1].append(one.key)
    said = (f"{name} ({', '.join(keys)}): {words}" for name, (words, keys) in found.items())
    return "What the question takes. " + ". ".join(said) + "."


@app.command()
def answer(
    question: Annotated[
        str,
        typer.Argument(
            help=f"One of {', '.join(one.key for one in answers())}.", metavar="QUESTION", callback=filled
        ),
    ],
    account: AccountNumber,
    language: Annotated[str, typer.Option(help=f"One of {', '.join(LANGUAGES)}.")] = "en",
    param: Annotated[list[str], typer.Option(help=_params_help(), metavar="NAME=VALUE")] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Answer a question about an account."""
    if language not in LANGUAGES:
        raise typer.BadParameter(f"there are {', '.join(LANGUAGES)}", param_hint="--language")
    given = _params(param)
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        try:
            document = answered(
                session, account, question, now=utc_now(), today=utility_today(), language=language,
                params=given,
            )  # fmt: skip
        except WrongParameter as error:
            raise typer.BadParameter(error.message, param_hint="--param") from error
        emit(document, as_json, lambda: answer_text(document, language))


def _params(given: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE, each name once; a usage error for anything else."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not name or not equals or not value:
            raise typer.BadParameter(f"cannot read {one!r}; write NAME=VALUE", param_hint="--param")
        if name in found:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--param")
        found[name] = value
    return found


def answer_text(document: AnswerDocument, language: str) -> str:
    """An answer for a person at a terminal."""
    _ = say(language)
    in_all, lines = _("in all"), [document["sentence"]]
    if document["if_asked_on"]:
        lines.append(f"{_('If asked on:')} {document['if_asked_on']}")
    lines += [
        f"  {one['value']:>14} {one['unit']:<4} {figure_words(one['name'], language)}"
        for one in document["figures"]
    ]
    if adds_up := document["adds_up"]:
        lines += [f"  {part['amount']:>14}      {part['name']}" for part in adds_up["parts"]]
        lines.append(f"  {adds_up['total']:>14} {adds_up['currency']:<4} {in_all}")
    return "\n".join([*lines, *_evidence_lines(document, language)])


def _evidence_lines(document: AnswerDocument, language: str) -> list[str]:
    """Of each kind the first ones, and how many more there are."""
    ngettext, lines = counting(language, "billing"), []
    for kind in dict.fromkeys(one["kind"] for one in document["evidence"]):
        these = [one for one in document["evidence"] if one["kind"] == kind]
        shown = these if len(these) <= MOST_EVIDENCE else these[:1]
        lines += [f"  {kind} {one['id']} {one['href']}".rstrip() for one in shown]
        if more := len(these) - len(shown):
            rest = ngettext("and one more", "and %(num)s more", more)
            lines.append(f"  {kind}: {rest}")
    return lines
