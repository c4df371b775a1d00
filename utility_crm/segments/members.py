"""Who is in a segment: for whoever does something with one, as campaigns do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User
from utility_crm.customers.limits import NODES
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.today import utility_today
from utility_crm.segments.compiling import Compiler, with_memory
from utility_crm.segments.domain.tree import Tree, read_tree
from utility_crm.segments.offers import offers
from utility_crm.segments.tables import Segment
from utility_crm.web.visit import present
from utility_crm.web.words import mark

THEIRS = f"""c.id in (select o.customer_id from occupancies o join premises p on p.id = o.premise_id
    where p.node_id in ({NODES}))"""
"""SQL condition that a customer is of the areas `:area_ids`."""
NO_SUCH = mark("There is no such segment.")
BROKEN = mark("“%(name)s” cannot be read any more: %(why)s")


@dataclass(frozen=True, slots=True)
class SavedSegment:
    """A segment as it stands. tree: None where a fact it asks about is offered no more, and `broken` says
    which. size, counted_at: when it was last counted, of all areas; None before the first time."""

    id: int
    name: str
    tree: Tree | None
    owner_id: int | None
    owner: str
    created_at: datetime
    changed_at: datetime
    frozen_at: datetime | None
    size: int | None
    counted_at: datetime | None
    broken: str = ""

    @property
    def frozen(self) -> bool:
        return self.frozen_at is not None


SAVED = (
    select(
        Segment.id, Segment.name, Segment.tree, Segment.owner_id, User.name.label("owner"),
        Segment.created_at, Segment.changed_at, Segment.frozen_at, Segment.size, Segment.counted_at,
    )
    .outerjoin(User, User.id == Segment.owner_id)
    .where(Segment.deleted_at.is_(None))
)  # fmt: skip


def segment_of(session: Session, segment_id: int) -> SavedSegment:
    """The segment of an id. Raises NotFound, also for one that was deleted."""
    row = session.execute(SAVED.where(Segment.id == segment_id)).one_or_none()
    if row is None:
        raise NotFound("no_such_segment", NO_SUCH, "segment")
    return saved(row)


def saved(row: Row[Any]) -> SavedSegment:
    """A row of SAVED."""
    values = row._asdict()
    try:
        tree, broken = read_tree(values["tree"], offers()), ""
    except Invalid as error:
        tree, broken = None, error.message
    return SavedSegment(**{**values, "owner": values["owner"] or "", "tree": tree}, broken=broken)


def members_of(
    session: Session,
    segment_id: int,
    user_areas: Collection[int] | None = None,
    *,
    now: datetime | None = None,
) -> list[int]:
    """The customers of a segment, by id: those it was frozen with who still may be in one, else whoever fits
    now. user_areas: ids of areas that whoever asks is limited to; none is no limit. now: another instant than
    the present. Raises NotFound; Invalid where a fact it asks about is offered no more."""
    one = segment_of(session, segment_id)
    asked = now or present()
    compiler = Compiler(offers(), utility_today(asked), asked)
    where = [compiler.base(), condition_of(compiler, one), *limit(compiler, user_areas)]
    with_memory(session)
    found = session.scalars(text(f"select c.id from customers c where {' and '.join(where)}"), compiler.bound)
    return sorted(found)


def condition_of(compiler: Compiler, one: SavedSegment) -> str:
    """SQL condition on `c.id` that a customer is in a saved segment, beside the base. Raises Invalid."""
    if one.frozen:
        name = f"s{len(compiler.bound)}"
        compiler.bound[name] = one.id
        return f"c.id in (select m.customer_id from segment_members m where m.segment_id = :{name})"
    if one.tree is None:
        raise Invalid("segment_broken", BROKEN, "segment", name=one.name, why=one.broken)
    return compiler.condition(one.tree)


def limit(compiler: Compiler, areas: Collection[int] | None) -> list[str]:
    """The condition that a customer is of these areas; none where there is no limit."""
    if not areas:
        return []
    compiler.bound["area_ids"] = sorted(areas)
    return [THEIRS]
