"""`billing answer`: what an account asks, answered in a sentence with its figures."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from billing.answers.asking import answered
from billing.answers.told import AnswerDocument
from billing.commands.app import app
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.web.words import LANGUAGES


@app.command()
def answer(
    question: Annotated[
        str, typer.Argument(help="Such as why, owe, estimated, most, tariff or next.", metavar="QUESTION")
    ],
    account: Annotated[str, typer.Option(help="The account's number.")],
    language: Annotated[str, typer.Option(help=f"One of {', '.join(LANGUAGES)}.")] = "en",
    param: Annotated[
        list[str], typer.Option(help="As on the page, such as bill=B-1 or shift=30.", metavar="NAME=VALUE")
    ] = [],  # noqa: B006 - typer copies it
    as_json: AsJson = False,
) -> None:
    """Answer a question about an account."""
    if language not in LANGUAGES:
        raise typer.BadParameter(f"there are {', '.join(LANGUAGES)}", param_hint="--language")
    given = dict(_pair(one) for one in param)
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        document = answered(
            session, account, question, now=utc_now(), today=local_today(), language=language, params=given
        )
        emit(document, as_json, lambda: answer_text(document))


def local_today() -> date:
    """Today where the utility is, or the day it pretends."""
    known = settings()
    return known.as_of or today_in(known.timezone)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter(f"cannot read {text!r}; write bill=B-1", param_hint="--param")
    return name, value


def answer_text(document: AnswerDocument) -> str:
    """An answer for a person at a terminal."""
    lines = [document["sentence"]]
    if document["if_asked_on"]:
        lines.append(f"If asked on: {document['if_asked_on']}")
    lines += [f"  {one['value']:>14} {one['unit']:<4} {one['name']}" for one in document["figures"]]
    if adds_up := document["adds_up"]:
        lines += [f"  {part['amount']:>14}      {part['name']}" for part in adds_up["parts"]]
        lines.append(f"  {adds_up['total']:>14} {adds_up['currency']:<4} in all")
    lines += [f"  {one['kind']} {one['id']} {one['href']}".rstrip() for one in document["evidence"]]
    return "\n".join(lines)
