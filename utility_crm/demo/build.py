"""Building the demo utility: every part in one transaction, so that it is whole or not there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from utility_crm.demo.calendar import ZONE
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.ground import build_ground
from utility_crm.demo.plan import make_plan
from utility_crm.demo.progress import Steps, shown_steps
from utility_crm.demo.staff import SignIn, add_staff, add_teams
from utility_crm.kit.errors import Conflict
from utility_crm.kit.installation import SIMULATED, note, noted
from utility_crm.kit.memory import at_rest
from utility_crm.kit.module import Module, resolve

CUSTOMERS = 2000
SEED = 7

# Numbering goes on where a stopped build left it; the same utility has the same numbers.
_NUMBER_ANEW = text("""
    select setval(pg_get_serial_sequence(quote_ident(table_name), column_name), 1, false)
    from information_schema.columns where table_schema = 'public' and is_identity = 'YES'
""")


@dataclass(frozen=True, slots=True)
class Built:
    """Which utility stands in the database."""

    seed: int
    as_of: date
    customers: int


@at_rest()
def build(
    engine: Engine,
    modules: Sequence[Module],
    *,
    as_of: date,
    seed: int = SEED,
    customers: int = CUSTOMERS,
    steps: Steps | None = None,
    now: datetime | None = None,
) -> list[SignIn]:
    """Build the simulated utility into a migrated, empty database; the sign-ins, whose passwords stand
    nowhere else.

    modules: the installed packages, lowest first; each adds its own part. now: until when the as-of date has
    gone on; eight in the morning unless given. The same seed, dates and size give the same rows, but for
    passwords. Progress is shown on standard error unless `steps` is given. Raises
    Conflict where there are customers or users already, ValueError below 20 customers. Stopped at any moment,
    it leaves nothing behind.
    """
    with (
        engine.connect() as connection,
        connection.begin(),
        nullcontext(steps) if steps else shown_steps() as shown,
    ):
        connection.execute(text("select pg_advisory_xact_lock(hashtext('utility_crm.demo.build'))"))
        return build_into(
            connection, modules, as_of=as_of, seed=seed, customers=customers, steps=shown, now=now
        )


def build_into(
    connection: Connection,
    modules: Sequence[Module],
    *,
    as_of: date,
    seed: int = SEED,
    customers: int = CUSTOMERS,
    steps: Steps | None = None,
    now: datetime | None = None,
) -> list[SignIn]:
    """`build` in the caller's transaction, which is left open; silent unless `steps` is given."""
    if connection.scalar(text("select exists (select from customers) or exists (select from users)")):
        raise Conflict("not_empty", "There are customers or users already; the demo wants an empty database.")
    connection.execute(_NUMBER_ANEW)
    shown = steps or Steps()
    with shown.step("Plan"):
        plan = make_plan(seed, as_of, customers)
    morning = datetime.combine(as_of, time(8), ZoneInfo(ZONE)).astimezone(UTC)
    context = DemoBuild(connection, plan, shown, now or morning)
    with context.session() as session:
        about = {"seed": seed, "as_of": as_of.isoformat(), "customers": customers}
        note(session, SIMULATED, about)  # first: what follows is said to be simulated
        sign_ins = add_staff(session)
    build_ground(context)
    with context.session() as session:
        add_teams(session)
    for part in [*(one.demo for one in modules), *(one.demo_last for one in modules)]:
        if part:
            resolve(part)(context)
    return sign_ins


def built(engine: Engine) -> Built | None:
    """Which demo utility the database holds, if it holds one."""
    with Session(engine) as session:
        about = noted(session, SIMULATED)
    if about is None:
        return None
    return Built(about["seed"], date.fromisoformat(about["as_of"]), about["customers"])


def is_built(engine: Engine) -> bool:
    """Whether the demo utility stands. A build that was stopped is not there at all."""
    return built(engine) is not None
