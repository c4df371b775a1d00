"""`utility-crm serve`, `clock`, `deliver` and `up`: the processes of the platform."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Annotated, Any

import typer

from utility_crm.commands.clock_status import tell_status
from utility_crm.installed import modules
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.module import jobs_of, resolve
from utility_crm.kit.settings import settings


def serve(
    fd: Annotated[int | None, typer.Option(help="a listening socket handed down by `up`")] = None,
    host: Annotated[str | None, typer.Option(help="address to bind to")] = None,
    port: Annotated[int | None, typer.Option(help="port to bind to")] = None,
) -> None:
    """Serve the web UI."""
    from utility_crm.app import create_app
    from utility_crm.kit.runtime import database
    from utility_crm.web.server import run

    with database(pool_size=settings().pool_size, migrated=fd is None) as engine:
        run(create_app(engine), fd=fd, host=host or settings().host, port=port or settings().port)


def clock(
    status: Annotated[
        bool, typer.Option("--status", help="only say who leads and how the jobs stand")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Call the jobs at their times; any number may run, one leads."""
    from utility_crm.kit.runtime import database

    if status:
        with speaking(as_json), database(pool_size=1, migrated=False) as engine:
            tell_status(engine, jobs_of(modules()), as_json)
        return
    if as_json:
        raise typer.BadParameter("--json goes with --status")
    from utility_crm.kit.heartbeat import beat
    from utility_crm.kit.runtime import home
    from utility_crm.kit.scheduler import CONNECTIONS, run_clock

    with database(pool_size=CONNECTIONS, migrated=False) as engine:
        run_clock(
            engine,
            jobs_of(modules()),
            _stopped_by_signal(),
            alive=lambda: beat("clock", home()),
            zone=settings().timezone,
        )


def deliver() -> None:
    """Send what waits in the outbox; any number may run."""
    from utility_crm.kit.heartbeat import beat
    from utility_crm.kit.runtime import database, home

    with database(pool_size=6, migrated=False) as engine:
        run_delivery = resolve("notifications.delivery.worker:run_delivery")
        lanes = [resolve(module.lanes) for module in modules() if module.lanes]
        run_delivery(engine, _stopped_by_signal(), lanes=lanes, alive=lambda: beat("deliver", home()))


def migrate(
    to: Annotated[str, typer.Option(help="revision to reach")] = "head",
    down: Annotated[bool, typer.Option("--down", help="go down instead of up")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the database to this code's schema."""
    from utility_crm.kit.migrations import migrate as run_history
    from utility_crm.kit.runtime import database

    with speaking(as_json), database(migrated=False) as engine:
        run_history(engine, to, down=down)
        emit({"revision": to}, as_json, lambda: f"The schema is at {to}.")


def up(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="port of the web UI")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="build the simulated utility where there is none")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="with --demo: throw it away and build anew")] = False,
) -> None:
    """Database, web, clock and delivery in one, kept alive until Ctrl-C."""
    from utility_crm.commands.everything import run_everything

    if reset and not demo:
        raise typer.BadParameter("--reset throws data away and only goes with --demo")
    with speaking(False):
        raise typer.Exit(run_everything(port or settings().port, demo=demo, reset=reset, say=_say))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _stopped_by_signal() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set.

    They set it from a thread: a handler that meets a waiting Event in its own thread can lock itself.
    """
    stop = threading.Event()

    def asked(_number: int, _frame: Any) -> None:
        threading.Thread(target=stop.set, daemon=True).start()

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, asked)
    return stop
