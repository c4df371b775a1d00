"""Who may speak for whom, who lives or works there, and who has died. Nothing here commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.customers.party_tables import SPEAKING, Relation
from utility_crm.customers.reach import number_in
from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark

KIND_WORDS = {
    "speaks_for": mark("may speak for them"),
    "guardian": mark("guardian"),
    "executor": mark("settles their affairs"),
    "household": mark("lives there, too"),
    "works_for": mark("works there"),
    "part_of": mark("they belong to it"),
}
LONGEST = 200
RELATION = mark("who may speak for them")
DIED = mark("death")

_RELATED = text("""
    select r.id, r.kind, coalesce(other.name, r.name) as name, r.reach, r.role, r.about, r.starts_on,
           r.ends_before, r.proof, r.noted_at, coalesce(users.name, '') as noted_by,
           case when r.customer_id = :customer then r.other_id else r.customer_id end as other_id,
           r.customer_id = :customer as own
    from relations as r
    left join customers as other
      on other.id = case when r.customer_id = :customer then r.other_id else r.customer_id end
    left join users on users.id = r.noted_by
    where r.customer_id = :customer or r.other_id = :customer
    order by r.ends_before is not null and r.ends_before <= :today, r.starts_on desc, r.id desc
""")


@dataclass(frozen=True, slots=True)
class Related:
    """Somebody in relation to the customer; where not `own`, the customer is that to them. about: topics,
    none for all."""

    id: int
    kind: str
    name: str
    reach: str
    role: str
    about: Sequence[str]
    starts_on: date
    ends_before: date | None
    proof: str
    noted_at: datetime
    noted_by: str
    other_id: int | None
    own: bool

    def holds(self, today: date) -> bool:
        """Whether it does on that day."""
        return self.starts_on <= today and (self.ends_before is None or today < self.ends_before)

    @property
    def last_on(self) -> date | None:
        """The last day, where there is one."""
        return self.ends_before - timedelta(days=1) if self.ends_before else None

    @property
    def speaks(self) -> bool:
        """Whether they may speak about the customer's account."""
        return self.own and self.kind in SPEAKING


@dataclass(frozen=True, slots=True)
class NewRelation:
    """What is to be kept. name: somebody, or the number of a customer of ours. reach: a number, address."""

    kind: str
    name: str
    starts_on: date
    ends_before: date | None = None
    reach: str = ""
    role: str = ""
    about: tuple[str, ...] = ()
    proof: str = ""


def related(session: Session, customer_id: int, today: date) -> list[Related]:
    """Everybody, those whose time is over last. One statement."""
    rows = session.execute(_RELATED, {"customer": customer_id, "today": today}).mappings()
    return [Related(**row) for row in rows]


def add_relation(
    session: Session,
    customer_id: int,
    new: NewRelation,
    *,
    by: int | None,
    now: datetime,
    country: str,
    knows: Callable[[int], bool] = lambda _: True,
) -> int:
    """Keep it; its id. country (ISO) reads a number to reach them by, so that it is known when it rings.
    knows: whether who does this may know of another customer; of one they may not, the number is a mere name,
    as one that nobody has. Raises Invalid without what it needs, Conflict where it is kept already."""
    if new.kind not in KIND_WORDS:
        raise Invalid("kind", mark("Choose one of what is offered."), "kind")
    if not new.name or max(map(len, (new.name, new.reach, new.role, new.proof))) > LONGEST:
        raise Invalid("party", mark("Say in a few words who it is."), "name")
    if new.kind in SPEAKING and not new.proof:
        raise Invalid("proof", mark("Who speaks for somebody shows a proof: say which."), "proof")
    if new.ends_before is not None and new.ends_before <= new.starts_on:
        raise Invalid("until", mark("It ends after it begins."), "until")
    other = session.scalar(select(Customer.id).where(Customer.number == new.name))
    if other is not None and not knows(other):
        other = None
    if other == customer_id:
        raise Conflict("themselves", mark("That is the customer's own number."), "name")
    known = select(Relation.id).where(
        Relation.customer_id == customer_id, Relation.kind == new.kind, Relation.ended_at.is_(None),
        Relation.other_id == other if other else Relation.name == new.name,
    )  # fmt: skip
    if session.scalar(known) is not None:
        raise Conflict("known", mark("This is kept already."), "name")
    values = {
        "kind": new.kind, "role": new.role, "reach": new.reach, "about": list(new.about),
        "starts_on": new.starts_on, "ends_before": new.ends_before, "proof": new.proof,
    }  # fmt: skip
    found = session.execute(
        insert(Relation)
        .values(
            customer_id=customer_id, other_id=other, name="" if other else new.name, noted_at=now,
            noted_by=by, reach_number=number_in(new.reach, country), **values,
        )
        .returning(Relation.id)
    ).scalar_one()  # fmt: skip
    note_change(session, customer_id, RELATION, None, values | {"name": new.name})
    return found


def end_relation(
    session: Session, customer_id: int, relation_id: int, *, by: int | None, today: date, now: datetime
) -> str:
    """It holds no more from today on; the kind. Raises NotFound where there is none that holds."""
    row = session.execute(
        select(Relation.kind, Relation.name, Relation.starts_on).where(
            Relation.id == relation_id, Relation.customer_id == customer_id, Relation.ended_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_relation", mark("It has ended already."), str(relation_id))
    if row.starts_on >= today:  # it never held: a period of no day cannot be kept
        session.execute(text("delete from relations where id = :id"), {"id": relation_id})
    else:
        ended = {"ends_before": today, "ended_at": now, "ended_by": by}
        session.execute(update(Relation).where(Relation.id == relation_id).values(**ended))
    note_change(session, customer_id, RELATION, {"kind": row.kind, "name": row.name}, None)
    return str(row.kind)


def note_death(session: Session, customer_id: int, died_on: date | None, why: str, *, today: date) -> bool:
    """They died on that day, or, with None, did not after all; False where it is known so. Raises Invalid,
    NotFound."""
    if died_on is not None and died_on > today:
        raise Invalid("died_on", mark("That day is yet to come."), "died_on")
    if not why.strip():
        raise Invalid("why", mark("Say how we know."), "why")
    row = session.execute(select(Customer.died_on).where(Customer.id == customer_id)).one_or_none()
    if row is None:
        raise NotFound(
            "no_such_customer", mark("There is no customer of this number here."), str(customer_id)
        )
    if row.died_on == died_on:
        return False
    session.execute(update(Customer).where(Customer.id == customer_id).values(died_on=died_on))
    note_change(
        session, customer_id, DIED, {"on": row.died_on}, {"on": died_on, "why": why.strip()[:LONGEST]}
    )
    return True
