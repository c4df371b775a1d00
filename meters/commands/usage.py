"""`meters usage`: readings, now or as they were known; and `meters estimate`: what is missing of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from meters.commands.app import app
from meters.domain.decimals import decimal_text, micro_of
from meters.domain.estimation.choosing import AUTO, METHODS
from meters.findings.channels import NamedChannel, named_channels
from meters.findings.estimating import Estimated, estimate_readings
from meters.findings.known_usage import known_usage
from meters.registers.telling import told_instant
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import database

ServicePointCode = Annotated[str, typer.Option("--service-point", help="NMI, MPAN, EAN, ...")]
ChannelName = Annotated[str, typer.Option("--channel", help="One of its channels; all when left out.")]
From = Annotated[str, typer.Option("--from", help="Day or instant of the premise's clock.", metavar="TIME")]
To = Annotated[str, typer.Option("--to", help="Before which the span ends.", metavar="TIME")]


@app.command("usage")
def usage_(
    service_point: ServicePointCode,
    first: From,
    last: To,
    channel: ChannelName = "",
    known_at: Annotated[
        str, typer.Option("--known-at", help="As it was known then; now when left out.", metavar="TIME")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Readings of a span as they are known now, or as they were known at an instant."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            channels = named_channels(session, service_point, channel)
            starts_at, ends_before = told_span(session, service_point, first, last)
            then = told_instant(session, service_point, known_at) if known_at else None
            found = known_usage(session, channels, starts_at, ends_before, then)
        document = {
            "service_point": service_point,
            "starts_at": starts_at.isoformat(),
            "ends_before": ends_before.isoformat(),
            "known_at": then.isoformat() if then else None,
            "channels": [one.document() for one in found],
        }
        emit(document, as_json, lambda: usage_text(document))


@app.command("estimate")
def estimate(
    service_point: ServicePointCode,
    first: From,
    last: To,
    channel: ChannelName = "",
    method: Annotated[str, typer.Option(help=f"{AUTO}, or {', '.join(METHODS)}.")] = AUTO,
    reason: Annotated[str, typer.Option(help="Why; kept with what is written.")] = "Missing readings.",
    annual: Annotated[
        str, typer.Option("--annual", help="What a year should bring, for a new meter.", metavar="AMOUNT")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Estimate what was read, too, not only what is missing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Estimate the missing readings of a span, and write them as estimates. What they replace is kept."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            channels = named_channels(session, service_point, channel)
            span = told_span(session, service_point, first, last)
            done = [
                estimate_readings(
                    session,
                    one.id,
                    [span],
                    reason=reason,
                    user_id=None,
                    method=method,
                    replacing=replace,
                    annual_micro=_annual(annual),
                )
                for one in channels
            ]
        document: dict[str, Any] = {
            "service_point": service_point,
            "estimates": [estimate_document(one, made) for one, made in zip(channels, done, strict=True)],
        }
        emit(document, as_json, lambda: "\n".join(map(_estimate_line, document["estimates"])))
    if any(made.left for made in done):
        raise typer.Exit(1)


def told_span(session: Session, service_point: str, first: str, last: str) -> tuple[datetime, datetime]:
    """Raises Invalid where the span is none."""
    starts_at, ends_before = (told_instant(session, service_point, said) for said in (first, last))
    if ends_before <= starts_at:
        raise Invalid("empty_span", "The span ends before it begins: --to must be after --from.", "to")
    return starts_at, ends_before


def _annual(text: str) -> int | None:
    if not text:
        return None
    micro = micro_of(text)
    if isinstance(micro, str):
        raise Invalid(micro, f"{text!r} is no amount of a year.", "annual")
    return micro


def estimate_document(channel: NamedChannel, made: Estimated) -> dict[str, Any]:
    """The promised shape."""
    return {
        "channel": channel.name,
        "unit": channel.unit,
        "feed_id": made.feed_id,
        "readings": made.intervals,
        "total": decimal_text(made.micro, 6),
        "methods": list(made.methods),
        "bounded_by_registers": made.bounded,
        "left": made.left,
    }


def _estimate_line(one: Mapping[str, Any]) -> str:
    how = ", ".join(one["methods"]) or "nothing to estimate"
    left = f"; {one['left']:,} have nothing to be estimated from" if one["left"] else ""
    bounded = ", summing to the register" if one["bounded_by_registers"] else ""
    return (
        f"{one['channel']}: {one['readings']:,} readings, {one['total']} {one['unit']} ({how}{bounded}){left}"
    )


def usage_text(document: Mapping[str, Any]) -> str:
    """Days and their sums, for a person at a terminal."""
    lines = []
    for one in document["channels"]:
        lines.append(
            f"{document['service_point']} {one['channel']}: {one['total']} {one['unit']}, {one['known']:,} "
            f"readings, {one['missing']:,} missing, {one['estimated']:,} estimated"
        )
        days: dict[str, list[Any]] = {}
        for reading in one["readings"]:
            days.setdefault(reading["starts_at"][:10], []).append(reading)
        for day, readings in days.items():
            total = sum(micro for one in readings if isinstance(micro := micro_of(one["value"]), int))
            guessed = sum(one["estimated"] for one in readings)
            more = f", {guessed} estimated" if guessed else ""
            lines.append(f"  {day}  {decimal_text(total, 6)} {one['unit']}  {len(readings)} readings{more}")
    return "\n".join(lines)
