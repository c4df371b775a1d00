"""`utility-crm campaigns ...`"""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.tariffs.file import default_decimals
from churn.campaigns.documents import document, line_document
from churn.campaigns.listed import Line, lines
from churn.campaigns.results import Results, Row, results
from churn.campaigns.words import VERDICT_WORDS
from churn.domain.campaigns.effects import Effect
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings

app = typer.Typer(name="campaigns", help="Campaigns, and what they brought.", no_args_is_help=True)
MOST_MINOR = 10**12
Code = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="its number, such as K-3")]
_MARGIN = text("""
    update campaign_members m set margin_minor = :margin from customers c
    where c.id = m.customer_id and m.campaign_id = :campaign and c.number = :number and m.arm <> ''
    returning m.id
""")


@app.callback()
def campaigns() -> None:
    """Campaigns, and what they brought."""


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every campaign: what runs first, then drafts, then what is over."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = lines(session)
        emit({"campaigns": [line_document(one) for one in found]}, as_json, lambda: _list_words(found))


@app.command("results")
def results_(code: Code, as_json: AsJson = False) -> None:
    """What a campaign brought against those who were left alone: as it was judged, else as of today."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        told = results(session, _id_of(session, code), _today())
        emit(document(told), as_json, lambda: _result_words(told))


@app.command()
def uplift(code: Code, as_json: AsJson = False) -> None:
    """Learn whom a campaign moves from its arms, keep it and say it: Qini areas with 95 % intervals."""
    from churn.uplift.told import told  # frames and models, for this command alone

    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        said = told(session, _id_of(session, code), code, now=utc_now(), today=_today())
        emit(said.document, as_json, lambda: said.words)


@app.command()
def margins(
    code: Code,
    file: Annotated[Path, typer.Argument(help="CSV with the columns customer_number and margin")],
    as_json: AsJson = False,
) -> None:
    """Take in what customers earned meanwhile, so that the return can be told; all rows or none."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        taken = take_margins(session, _id_of(session, code), file)
        emit({"campaign": code, "taken": taken}, as_json, lambda: f"{taken} margins taken")


def take_margins(session: Session, campaign_id: int, file: Path) -> int:
    """How many. Raises Invalid with the line that is wrong."""
    currency = session.scalar(text("select currency from campaigns where id = :id"), {"id": campaign_id})
    decimals = default_decimals(str(currency))
    with StringIO(_written(file), newline="") as opened:
        reader = csv.DictReader(opened)
        if not {"customer_number", "margin"} <= set(reader.fieldnames or ()):
            raise Invalid("columns", "the file needs the columns customer_number and margin", "line 1")
        taken: dict[str, str] = {}
        for row in reader:
            where, number = f"line {reader.line_num}", row["customer_number"]
            try:
                minor = Decimal(row["margin"] or "").scaleb(decimals)
            except InvalidOperation:
                minor = Decimal("nan")
            if not minor.is_finite() or abs(minor) > MOST_MINOR:
                raise Invalid("amount", f"'{row['margin'] or ''}' is no amount such as 12.50", where)
            if minor != minor.to_integral_value():
                raise Invalid("amount", f"'{row['margin']}' has more than {decimals} decimals", where)
            if number in taken:
                raise Invalid("twice", f"{number} stands on {taken[number]} already", where)
            given = {"margin": int(minor), "campaign": campaign_id, "number": number}
            if session.execute(_MARGIN, given).first() is None:
                raise Invalid("customer", f"{number} was not drawn for this campaign", where)
            taken[number] = where
    return len(taken)


def _written(file: Path) -> str:
    """Raises NotFound, or Invalid with the line that is not UTF-8."""
    if not file.is_file():
        raise NotFound("file", f"There is no file {file}.")
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = wrong.object.count(b"\n", 0, wrong.start) + 1
        raise Invalid("encoding", "the file is not written in UTF-8", f"line {line}") from None


def _list_words(found: list[Line]) -> str:
    return "\n".join(
        f"{one.code:<8} {one.state:<9} {one.name}: {one.drawn} drawn, {one.control} of them left alone, "
        f"{one.accepted} accepted"
        + "".join(f", {outcome} {VERDICT_WORDS[word]}" for outcome, word in sorted(one.verdicts.items()))
        for one in found
    ) or "no campaigns"  # fmt: skip


def _result_words(told: Results) -> str:
    lines_ = [f"{told.campaign.code} {told.campaign.name}, as of {told.on_day}"]
    for row in told.rows:
        if row.effect is None:
            continue
        whom = row.segment or row.arm or "all"
        lines_.append(
            f"{row.outcome:<6} {whom:<15} {_against(row, row.effect)}, {VERDICT_WORDS[row.verdict]}"
            + _since(row, told)
        )
    back = told.romi
    lines_.append(
        f"spent {told.spent_minor} minor units; return " + (f"{back.difference:.0%}" if back else "unknown")
    )
    return "\n".join(lines_)


def _since(row: Row, told: Results) -> str:
    if row.judged_on is None:
        day = told.campaign.days[row.outcome]
        return f" (to be judged on {day})" if row.verdict == "early" and day > told.on_day else ""
    now = row.moved
    if now is None or now.effect is None:
        return f" (judged on {row.judged_on})"
    later = replace(row, count=now.count, of=now.of, control=now.control, of_control=now.of_control)
    return f" (judged on {row.judged_on}; on {now.on_day} {_against(later, now.effect)})"


def _against(row: Row, effect: Effect) -> str:
    if row.outcome == "margin":
        return (
            f"{row.count / row.of:.0f} minor units a customer, control {row.control / row.of_control:.0f}: "
            f"{effect.difference:+.0f} ({effect.low:+.0f} to {effect.high:+.0f})"
        )
    return (
        f"{row.count} of {row.of}, control {row.control} of {row.of_control}: "
        f"{100 * effect.difference:+.1f} in 100 ({100 * effect.low:+.1f} to {100 * effect.high:+.1f})"
    )


def _id_of(session: Session, code: str) -> int:
    found = session.scalar(text("select id from campaigns where code = :code"), {"code": code})
    if found is None:
        raise NotFound("campaign", f"there is no campaign {code}", code)
    return int(found)


def _today() -> date:
    known = settings()
    return known.as_of or today_in(known.timezone, utc_now())
