"""Building the demo utility: every part in one transaction, so that it is whole or not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from utility_crm.demo.context import DemoBuild
from utility_crm.demo.ground import build_ground
from utility_crm.demo.plan import make_plan
from utility_crm.demo.progress import Steps
from utility_crm.demo.staff import SignIn, add_staff
from utility_crm.kit.errors import Conflict
from utility_crm.kit.installation import SIMULATED, note, noted
from utility_crm.kit.module import Module, resolve

CUSTOMERS = 2000
SEED = 7


@dataclass(frozen=True, slots=True)
class Built:
    """Which utility stands in the database."""

    seed: int
    as_of: date
    customers: int


def build(
    engine: Engine,
    modules: Sequence[Module],
    *,
    seed: int = SEED,
    as_of: date,
    customers: int = CUSTOMERS,
    steps: Steps | None = None,
) -> list[SignIn]:
    """Build the simulated utility into a migrated, empty database; the sign-ins, whose passwords are kept
    nowhere.

    modules: the installed packages, lowest first; each adds its own part. The same seed, date and size give
    the same rows (but for passwords). Raises Conflict where there are customers already, ValueError below 20
    customers. Stopped at any moment it leaves nothing behind.
    """
    with engine.connect() as connection, connection.begin():
        connection.execute(text("select pg_advisory_xact_lock(hashtext('utility_crm.demo.build'))"))
        _refuse_twice(connection)
        return build_into(connection, modules, seed=seed, as_of=as_of, customers=customers, steps=steps)


def build_into(
    connection: Connection,
    modules: Sequence[Module],
    *,
    seed: int = SEED,
    as_of: date,
    customers: int = CUSTOMERS,
    steps: Steps | None = None,
) -> list[SignIn]:
    """`build` inside the caller's transaction, which is left open: for tests that roll it back."""
    shown = steps or Steps()
    with shown.step("Plan"):
        plan = make_plan(seed, as_of, customers)
    context = DemoBuild(connection, plan, shown)
    with context.session() as session:
        sign_ins = add_staff(session)
    agent_id = connection.scalar(text("select min(id) from users where role = 'agent'"))
    assert agent_id is not None
    build_ground(context, agent_id)
    for module in modules:
        if module.demo:
            resolve(module.demo)(context)
    with context.session() as session:
        _mark(session, Built(seed, as_of, customers))
    return sign_ins


def built(engine: Engine) -> Built | None:
    """Which demo utility the database holds, if it holds one."""
    with Session(engine) as session:
        told = noted(session, SIMULATED)
    return Built(told["seed"], date.fromisoformat(told["as_of"]), told["customers"]) if told else None


def is_built(engine: Engine) -> bool:
    """Whether the demo utility stands. A build that was stopped is not there at all."""
    return built(engine) is not None


def _refuse_twice(connection: Connection) -> None:
    if connection.scalar(text("select exists (select from customers)")):
        raise Conflict(
            "not_empty", "There are customers in this database already; the demo wants an empty one."
        )


def _mark(session: Session, what: Built) -> None:
    """Say what was built: written last, in the same transaction."""
    note(session, SIMULATED, {**asdict(what), "as_of": what.as_of.isoformat()})
