"""`billing what-if`: the whole base on another tariff."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from billing.commands.app import app
from billing.commands.options import filled
from billing.domain.tariffs.eligibility import SEGMENTS
from billing.what_if.base import Progress as Watch
from billing.what_if.report import what_if_report
from billing.what_if.running import run_what_if
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.today import utility_today


@app.command("what-if")
def what_if(
    tariff: Annotated[
        str, typer.Option(help="The code of a tariff that is known.", metavar="T", callback=filled)
    ],
    segment: Annotated[
        str, typer.Option(help=f"Only {', '.join(SEGMENTS)}.", metavar="S", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Re-rate everybody on a tariff over a year: who wins, who loses, and the change in revenue."""
    if segment and segment not in SEGMENTS:
        raise typer.BadParameter(f"there are {', '.join(SEGMENTS)}", param_hint="--segment")
    with speaking(as_json), database() as engine:
        with bar(f"On {tariff}") as watch:
            found = run_what_if(
                engine, tariff, segment or None, today=utility_today(), now=utc_now(), progress=watch
            )
        with unit_of_work(engine) as session:
            document = what_if_report(session, what_if=found).document()
        emit(document, as_json, lambda: what_if_text(document))


@contextmanager
def bar(words: str) -> Iterator[Watch]:
    """A bar on standard error while the block lasts; on what is no terminal, nothing."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} of {task.total:,}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(words, total=1)

        def watch(done: int, due: int) -> None:
            shown.update(task, completed=done, total=due)

        yield watch


def what_if_text(document: dict[str, Any]) -> str:
    """A what-if for a person at a terminal."""
    currency = document["currency"]
    lines = [
        f"{document['accounts']:,} accounts on {document['tariff']}, the year to {document['on']}: "
        f"{document['winners']:,} pay less, {document['losers']:,} more, {document['unchanged']:,} the same; "
        f"{document['left_out']:,} could not be told",
        f"bills {document['bills_now']} -> {document['bills_then']} {currency}, change {document['change']}; "
        f"revenue without taxes {document['revenue_change']}",
    ]
    for one in document["by_segment"]:
        quantiles = one["saving_quantiles"]
        lines.append(
            f"  {one['segment']:<16} {one['accounts']:>7,}  "
            f"less {one['winners']:>7,}  more {one['losers']:>7,}  "
            f"change {one['change']:>14}  "
            f"saving 10/50/90 %: {quantiles['10']} {quantiles['50']} {quantiles['90']}"
        )
    most = max([document["unchanged"], 1, *(one["accounts"] for one in document["histogram"])])
    if document["unchanged"]:
        stars = "#" * round(40 * document["unchanged"] / most)
        lines.append(f"  {'the same':>28}  {document['unchanged']:>7,} {stars}")
    for one in document["histogram"]:
        stars = "#" * round(40 * one["accounts"] / most)
        lines.append(f"  {one['from']:>12} to {one['below']:>12}  {one['accounts']:>7,} {stars}")
    return "\n".join(lines)
