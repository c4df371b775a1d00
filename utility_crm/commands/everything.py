"""The whole platform on one machine, with the simulated utility when asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from utility_crm.installed import modules
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.database import make_engine
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.errors import Refused
from utility_crm.kit.installation import SIMULATED, noted
from utility_crm.kit.migrations import migrate
from utility_crm.kit.runtime import home
from utility_crm.kit.settings import settings
from utility_crm.kit.supervisor import Supervisor

SIGN_INS = "sign-ins.json"


def run_everything(port: int, *, demo: bool, reset: bool, say: Callable[[str], None]) -> int:
    """Until Ctrl-C: the exit status. Raises `Conflict` for a taken port, `Refused` where the data is real."""
    knobs = settings()
    place = home()

    def before(url: str) -> None:
        engine = make_engine(url, pool_size=3)
        try:
            _prepare(engine, place, demo=demo, reset=reset)
        finally:
            engine.dispose()

    def serving(address: str) -> None:
        say(f"\n{knobs.utility_name} is served on {address}")
        for line in _sign_in_lines(place) if demo else []:
            say(line)
        say("Ctrl-C stops everything; the data stays.")

    return Supervisor(
        home=place,
        host=knobs.host,
        port=port,
        server=None if knobs.database_url else EmbeddedServer(place),
        database_url=knobs.database_url or "",
        before_serving=before,
        when_serving=serving,
        say=say,
    ).run()


def _prepare(engine: Engine, place: Path, *, demo: bool, reset: bool) -> None:
    migrate(engine)
    if not demo:
        return
    with Session(engine) as session:
        simulated = noted(session, SIMULATED)
        held = session.scalar(text("select exists (select from customers)"))
    if held and not simulated:
        raise Refused(
            "not_simulated",
            "this database holds customers that are not simulated; the demo leaves it alone",
            "choose another UTILITY_CRM_HOME or UTILITY_CRM_DATABASE_URL",
        )
    if reset and simulated:
        migrate(engine, "base", down=True)
        migrate(engine)
    if simulated and not reset:
        _stay_at(simulated["as_of"])
        return
    from utility_crm.demo.build import build  # with its frames: only when there is something to build

    knobs = settings()
    as_of = knobs.as_of or today_in(knobs.timezone)
    zone = ZoneInfo(knobs.timezone)
    now = datetime.combine(as_of, utc_now().astimezone(zone).time(), zone).astimezone(UTC)
    sign_ins = build(engine, modules(), as_of=as_of, now=now)
    _stay_at(as_of.isoformat())
    people = [{"role": who.role, "login": who.login, "password": who.password} for who in sign_ins]
    path = place / SIGN_INS
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump(people, opened)


def _stay_at(as_of: str) -> None:
    """The simulated utility has no readings after its date: web, clock and delivery stay there."""
    os.environ["UTILITY_CRM_AS_OF"] = as_of
    settings.cache_clear()


def _sign_in_lines(place: Path) -> list[str]:
    """One sign-in a role; the passwords were made for this home alone and are kept in it."""
    path = place / SIGN_INS
    if not path.exists():
        return ["Sign-ins were printed when the demo was built; `utility-crm users add` makes another."]
    people = json.loads(path.read_text(encoding="utf-8"))
    return [f"  {who['role']:<11} {who['login']:<10} {who['password']}" for who in people]
