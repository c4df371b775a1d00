"""`meters rules`, `rule` and `limit`: how readings are judged; `meters findings`: what waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from meters.commands.app import app
from meters.commands.usage import ChannelName, ServicePointCode
from meters.domain.decimals import decimal_text, micro_of
from meters.domain.validation.above_capacity import capacity_of
from meters.findings.channels import limit_channel, named_channels
from meters.findings.queries import FindingRow, waiting_findings
from meters.findings.rules import configured_rules, set_rule
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import database

Parameters = Annotated[
    list[str], typer.Option("--set", help="One of its numbers.", metavar="PARAMETER=NUMBER")
]


@app.command("rules")
def rules(as_json: AsJson = False) -> None:
    """Every rule of every segment, with its numbers."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        book = configured_rules(session)
        document = {
            "rules": [
                {
                    "segment": one.segment,
                    "rule": one.rule,
                    "enabled": one.enabled,
                    "parameters": dict(one.parameters),
                }
                for one in sorted(book.settings.values(), key=lambda one: (one.rule, one.segment))
            ]
        }
        emit(document, as_json, lambda: "\n".join(map(_rule_line, document["rules"])))


@app.command("rule")
def rule_(
    segment: Annotated[str, typer.Argument(help="household, small_business, industry or default.")],
    rule: Annotated[str, typer.Argument(help="A rule's name; see `meters rules`.")],
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.")] = None,
    numbers: Parameters = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Switch a rule of a segment on or off, or change its numbers."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        set_rule(session, segment, rule, on, _numbers(numbers))
        one = configured_rules(session).settings[segment, rule]
        document = {
            "segment": segment,
            "rule": rule,
            "enabled": one.enabled,
            "parameters": dict(one.parameters),
        }
        emit(document, as_json, lambda: _rule_line(document))


def _numbers(said: list[str]) -> dict[str, float]:
    found = {}
    for words in said:
        name, _, number = words.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError as error:
            raise Invalid("bad_number", f"{words!r} is no PARAMETER=NUMBER.", "set") from error
    return found


@app.command("limit")
def limit(
    service_point: ServicePointCode,
    channel: ChannelName = "",
    amperes: Annotated[int, typer.Option(min=0, help="Of the meter or its fuse.")] = 0,
    phases: Annotated[int, typer.Option(min=1, max=3)] = 1,
    an_hour: Annotated[
        str, typer.Option(help="Or what it counts in an hour, in its unit (kW).", metavar="AMOUNT")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say what a meter can count at most; it goes before the default of its segment."""
    with speaking(as_json):
        micro = micro_of(an_hour) if an_hour else capacity_of(amperes, phases)
        if isinstance(micro, str):
            raise Invalid(micro, f"{an_hour!r} is no amount.", "an-hour")
        with database() as engine, unit_of_work(engine) as session:
            channels = named_channels(session, service_point, channel)
            for one in channels:
                limit_channel(session, one.id, micro)
        names = [one.name for one in channels]
        document = {"service_point": service_point, "channels": names, "an_hour": decimal_text(micro, 6)}
        emit(document, as_json, lambda: f"{', '.join(names)}: at most {document['an_hour']} an hour")


@app.command("findings")
def findings(
    rule: Annotated[str, typer.Option(help="Only of this rule.")] = "",
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many to list.")] = 100,
    as_json: AsJson = False,
) -> None:
    """What waits for a person, the grave ones first."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        count, rows = waiting_findings(session, rule=rule, limit=most)
        document = {"waiting": count, "findings": [finding_document(row) for row in rows]}
        emit(document, as_json, lambda: findings_text(document))


def finding_document(row: FindingRow) -> dict[str, Any]:
    """The promised shape; figures are of the day that is furthest off (see docs/validation.md)."""
    return {
        "id": row.id,
        "rule": row.rule,
        "severity": row.severity,
        "service_point": row.code,
        "channel": row.channel,
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "worst_day": row.worst_day.isoformat(),
        "readings": row.intervals,
        "found": row.worst.found,
        "usual": row.worst.usual,
        "feed_id": row.feed_id,
        "found_at": row.found_at.isoformat(),
    }


def findings_text(document: Mapping[str, Any]) -> str:
    """A line a finding, for a person at a terminal."""
    lines = [f"{document['waiting']:,} wait"]
    for one in document["findings"]:
        days = one["first_day"] + (f" to {one['last_day']}" if one["last_day"] != one["first_day"] else "")
        lines.append(
            f"  {one['id']}  {one['severity']:4}  {one['rule']:14}  {one['service_point']} {one['channel']}  "
            f"{days}  {one['readings']:,} readings"
        )
    return "\n".join(lines)


def _rule_line(one: Mapping[str, Any]) -> str:
    numbers = ", ".join(f"{name}={number:g}" for name, number in one["parameters"].items())
    return f"{one['rule']:14}  {one['segment']:14}  {'on ' if one['enabled'] else 'off'}  {numbers}".rstrip()
