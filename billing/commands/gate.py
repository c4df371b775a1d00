"""`billing gate`: the numbers by which drafts are held."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer
from sqlalchemy import text

from billing.actions.gate_rules import set_gate_rule, unset_gate_rule
from billing.commands.app import app
from billing.commands.options import of_options
from billing.domain.gate import RULES
from billing.domain.gate.book import SEGMENTS
from billing.queries.gate import gate_book
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import NotFound
from utility_crm.kit.runtime import database

gate = typer.Typer(name="gate", help="The numbers by which drafts are held.", no_args_is_help=True)
app.add_typer(gate)

Rule = Annotated[str, typer.Argument(help="Its name, as `billing gate list` shows it.", metavar="RULE")]
Segment = Annotated[str, typer.Option(help="Only for this segment.")]
Tariff = Annotated[str, typer.Option(help="Only for this tariff.", metavar="CODE")]


@gate.command("list")
def list_(
    tariff: Annotated[str, typer.Option(help="As they hold for this tariff.", metavar="CODE")] = "",
    as_json: AsJson = False,
) -> None:
    """Show each rule's numbers, segment by segment, as they hold now."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        book = gate_book(session)
        found = session.scalar(text("select id from tariffs where code = :code"), {"code": tariff})
        if tariff and found is None:
            raise NotFound("tariff", f"There is no tariff '{tariff}'.", tariff)
        document: dict[str, Any] = {
            rule: {
                segment: dict(limits.rules[rule])
                if (limits := book.limits(segment, found or 0)).on(rule)
                else "off"
                for segment in SEGMENTS
            }
            for rule in RULES
        }
        emit({"rules": document}, as_json, lambda: _text(document))


@gate.command("set")
def set_(
    rule: Rule,
    numbers: Annotated[list[str] | None, typer.Argument(help="percent=40", metavar="NAME=NUMBER")] = None,
    segment: Segment = "",
    tariff: Tariff = "",
    off: Annotated[bool, typer.Option("--off", help="Ask nothing by this rule.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set a rule's numbers, for all or for a segment, a tariff or both, in place of what was set for them."""
    read = _numbers(numbers or [])
    if not read and not off:
        raise typer.BadParameter("no number is given; write percent=40, or --off", param_hint="NAME=NUMBER")
    with speaking(as_json), _wrong_words(), database() as engine, unit_of_work(engine) as session:
        whom = {"segment": segment or None, "tariff": tariff or None}
        set_gate_rule(session, rule, read, enabled=not off, **whom)
        emit({"rule": rule, "outcome": "set"}, as_json, lambda: f"{rule}: set")


@gate.command()
def unset(rule: Rule, segment: Segment = "", tariff: Tariff = "", as_json: AsJson = False) -> None:
    """Take back what was set for all, or for a segment, a tariff or both."""
    with speaking(as_json), _wrong_words(), database() as engine, unit_of_work(engine) as session:
        there = unset_gate_rule(session, rule, segment=segment or None, tariff=tariff or None)
        outcome = "unset" if there else "unchanged"
        emit({"rule": rule, "outcome": outcome}, as_json, lambda: f"{rule}: {outcome}")


def _wrong_words() -> AbstractContextManager[None]:
    return of_options(rule="RULE", number="NAME=NUMBER", segment="--segment")


def _numbers(given: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in given:
        name, equals, value = one.partition("=")
        try:
            if not equals:
                raise ValueError
            found[name] = float(value)
        except ValueError as error:
            raise typer.BadParameter(
                f"cannot read {one!r}; write percent=40", param_hint="NAME=NUMBER"
            ) from error
        if found[name] != found[name] or abs(found[name]) == float("inf"):
            raise typer.BadParameter(f"{one!r} is no number", param_hint="NAME=NUMBER")
    return found


def _text(document: dict[str, Any]) -> str:
    lines = []
    for rule, of_segments in document.items():
        for segment, numbers in of_segments.items():
            said = numbers if numbers == "off" else ", ".join(f"{k} {v:g}" for k, v in numbers.items())
            lines.append(f"{rule:<14} {segment:<15} {said}")
    return "\n".join(lines)
