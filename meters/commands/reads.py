"""`meters reads`, `meters read add` and `meters exchange`."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import typer

from meters.commands.app import app
from meters.domain.accumulated import ReadKind
from meters.domain.decimals import decimal_text
from meters.registers.exchanging import exchange_meter
from meters.registers.queries import RegisterSheet, register_sheets, sheets_document
from meters.registers.recording import Taken, record_read
from meters.registers.telling import told_figure, told_instant
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database

read = typer.Typer(help="Single reads of registers.", no_args_is_help=True)
app.add_typer(read, name="read")

ServicePointCode = Annotated[str, typer.Option("--service-point", help="NMI, MPAN, EAN, ...")]
Registers = Annotated[
    list[str], typer.Option("--final", help="The old meter's last figures.", metavar="REGISTER=VALUE")
]
Firsts = Annotated[
    list[str], typer.Option("--first", help="The new meter's first figures.", metavar="REGISTER=VALUE")
]
At = Annotated[
    str, typer.Option("--at", help="2026-11-19, or 2026-11-19T10:30; an offset may follow.", metavar="TIME")
]
Timezone = Annotated[
    str, typer.Option("--timezone", help="Whose clock --at is; the premise's, else the supplier's.")
]
Digits = Annotated[int | None, typer.Option(min=1, max=12, help="Digits of the dial before the point.")]
Multiplier = Annotated[str, typer.Option(help="Current times voltage transformer ratio, such as 40.")]
Despite = Annotated[bool, typer.Option("--despite", help="Keep it though it contradicts the other reads.")]


@read.callback()
def single() -> None:
    """Single reads of registers."""


@app.command("reads")
def reads(service_point: ServicePointCode, as_json: AsJson = False) -> None:
    """The registers of a service point: reads, consumption between them, and what is odd."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            sheets = register_sheets(session, service_point)
        emit(sheets_document(service_point, sheets), as_json, lambda: _sheets_text(service_point, sheets))


@read.command("add")
def add(
    service_point: ServicePointCode,
    register: Annotated[str, typer.Option(help="T1, T2, an OBIS code, ...")],
    at: At,
    value: Annotated[str, typer.Option(help="What the dial shows.")],
    kind: Annotated[str, typer.Option(help=" | ".join(get_args(ReadKind)))] = "customer",
    unit: Annotated[str, typer.Option(help="As on the dial; the register's own by default.")] = "",
    direction: Annotated[str, typer.Option(help="import or export; the register's own by default")] = "",
    meter: Annotated[str, typer.Option(help="The meter's number; the one that stands there by default")] = "",
    digits: Digits = None,
    multiplier: Multiplier = "",
    timezone: Timezone = "",
    despite: Despite = False,
    as_json: AsJson = False,
) -> None:
    """Keep one read, taken by an agent or a customer."""
    with speaking(as_json):
        if kind not in get_args(ReadKind):
            raise typer.BadParameter(
                f"{kind!r} is none of {', '.join(get_args(ReadKind))}", param_hint="--kind"
            )
        taken = Taken(
            register,
            told_figure(value),
            unit or None,
            direction or None,
            meter or None,
            digits,
            told_figure(multiplier, "multiplier") if multiplier else None,
        )
        with database() as engine, unit_of_work(engine) as session:
            moment = told_instant(session, service_point, at, timezone)
            told: Any = kind
            feed_id = record_read(session, service_point, taken, moment, told, despite=despite)
        document = {"feed_id": feed_id, "service_point": service_point, "register": register}
        emit(document, as_json, lambda: f"Kept as feed {feed_id}.")


@app.command("exchange")
def exchange(
    service_point: ServicePointCode,
    serial: Annotated[str, typer.Option(help="The new meter's number.")],
    at: At,
    final: Registers,
    first: Firsts,
    digits: Digits = None,
    multiplier: Multiplier = "",
    timezone: Timezone = "",
    despite: Despite = False,
    as_json: AsJson = False,
) -> None:
    """Take a meter down and put another up. --digits and --multiplier are the new one's."""
    with speaking(as_json):
        ratio = told_figure(multiplier, "multiplier") if multiplier else None
        ended = [Taken(name, figure) for name, figure in _figures(final, "final")]
        begun = [
            Taken(name, figure, digits=digits, multiplier_micro=ratio)
            for name, figure in _figures(first, "first")
        ]
        with database() as engine, unit_of_work(engine) as session:
            moment = told_instant(session, service_point, at, timezone)
            feed_id = exchange_meter(session, service_point, moment, serial, ended, begun, despite=despite)
        document = {"feed_id": feed_id, "service_point": service_point, "meter": serial}
        emit(document, as_json, lambda: f"Meter {serial} stands there now; feed {feed_id}.")


def _figures(said: list[str], option: str) -> list[tuple[str, int]]:
    found = []
    for one in said:
        name, equals, value = one.rpartition("=")
        if not (equals and name.strip()):
            raise typer.BadParameter(f"{one!r} is not REGISTER=VALUE", param_hint=f"--{option}")
        found.append((name.strip(), told_figure(value, option)))
    return found


def _sheets_text(service_point: str, sheets: tuple[RegisterSheet, ...]) -> str:
    if not sheets:
        return f"{service_point} has no registers."
    lines = []
    for sheet in sheets:
        lines.append(f"{service_point}  {sheet.name}  {sheet.direction}, {sheet.unit}")
        for row in sheet.reads:
            marks = [
                row.kind,
                *(["superseded"] if row.superseded else []),
                *(["left out"] if row.doubted else []),
            ]
            figure = f"{decimal_text(row.figure, 6)} {row.unit}"
            lines.append(
                f"  {row.read_at:%Y-%m-%d %H:%M} UTC  {figure:>18}  {row.meter or '-':14} {', '.join(marks)}"
            )
        for used in sheet.used:
            amount = f"{decimal_text(used.micro, 6)} {sheet.unit}"
            span = f"{used.starts_at:%Y-%m-%d} to {used.ends_before:%Y-%m-%d}"
            lines.append(f"  {span}  {amount:>18}  {used.quality}{', told' if used.told else ''}")
        lines.extend(f"  ! {fault.message}" for fault in sheet.faults)
    return "\n".join(lines)
