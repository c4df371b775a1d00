"""Who a customer is, in one statement: name, accounts and where they are, flags, ways to reach them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, DateTime, ScalarSelect, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from utility_crm.customers.party_tables import SPEAKING, Relation, Verification
from utility_crm.customers.tables import Account, Contact, ContactPoint, Customer, CustomerFlag, Occupancy
from utility_crm.kit.database import asked
from utility_crm.kit.errors import NotFound
from utility_crm.kit.masking import HIDDEN, Known, shown
from utility_crm.network.tables import NetworkNode, Premise


@dataclass(frozen=True, slots=True)
class CardAccount:
    """An account of the customer's, or one they pay for another, and the premise it came to last."""

    id: int
    number: str
    opened_on: date
    closed_on: date | None
    payment_method: str
    cycle_day: int
    terms_days: int
    holds: bool
    other: str
    """Who else is behind it: the payer of one they hold, the holder of one they pay; else empty."""
    address: str
    city: str
    area: str


@dataclass(frozen=True, slots=True)
class CardFlag:
    """A vulnerability, medical equipment, or needs in dealing with us (`customers.care`), kept with consent
    and a date to review it."""

    kind: str
    detail: str
    review_on: date
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardPoint:
    """One way to reach the customer."""

    id: int
    kind: str
    value: str
    label: str
    preferred: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """Why personal data is shown to whoever looks: the caller was verified (how `answers`) or there was a
    reason; until when."""

    id: int
    at: datetime
    how: str
    asked: tuple[str, ...]
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where they are, or once were, supplied."""

    address: str
    city: str
    postcode: str


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """The customer as the strip shows them."""

    id: int
    number: str
    kind: str
    name: str
    segment: str
    language: str
    since: date
    tags: tuple[str, ...]
    accounts: tuple[CardAccount, ...]
    flags: tuple[CardFlag, ...]
    points: tuple[CardPoint, ...]
    complaint_since: datetime | None
    """When the oldest complaint that nobody answered was made."""
    died_on: date | None
    places: tuple[Place, ...]
    seen: Seen | None
    speakers: int
    """How many others may speak for them today."""
    merged_into: int | None = None
    """Whom they were merged with: this is a stub."""
    erased_on: date | None = None
    """They were forgotten: there is nothing to show but that."""
    preferred_channel: str = ""
    contact_times: tuple[str, ...] = ()
    masked: bool = False

    @property
    def account(self) -> CardAccount | None:
        """The account to speak of first: their own and open, if there is one."""
        return self.accounts[0] if self.accounts else None

    def known(self, codes: Iterable[str] = ()) -> Known:
        """What stands in texts about them only once the caller is verified. codes: of their things."""
        values = [point.value for point in self.points if point.kind != "phone"]
        values += [flag.detail for flag in self.flags]
        for place in self.places:
            values += [place.address, place.postcode]
        phones = [point.value for point in self.points if point.kind == "phone"]
        return Known.of(values, phones, codes)

    def as_masked(self) -> CustomerCard:
        """The same person as they are shown to whoever reads before the caller is verified."""
        who = self.id
        return replace(
            self,
            accounts=tuple(
                replace(one, address=shown(one.address, "address", who, one.city)) for one in self.accounts
            ),
            flags=tuple(_masked_flag(one) for one in self.flags),
            points=tuple(
                replace(one, value=shown(one.value, one.kind, who), label=shown(one.label, "text", who))
                for one in self.points
            ),
            places=(),
            masked=True,
        )


def _masked_flag(one: CardFlag) -> CardFlag:
    """How to speak with somebody is wanted for the greeting; what is of their health is not."""
    kinds = one.kinds if one.kind == "needs" else ()
    return replace(one, detail=HIDDEN if one.detail or len(kinds) < len(one.kinds) else "", kinds=kinds)


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _listed(pairs: dict[str, Any], *conditions: Any, order: Any, joins: Any = None) -> ScalarSelect[Any]:
    """A JSON array of objects, gathered in a subquery of the customer's row."""
    named = [part for name, column in pairs.items() for part in (name, column)]
    gathered = func.jsonb_agg(func.jsonb_build_object(*named)).aggregate_order_by(*order)
    statement = select(gathered).where(*conditions).correlate(Customer)
    if joins is not None:
        statement = statement.select_from(joins)
    return statement.scalar_subquery()


def _accounts() -> ScalarSelect[Any]:
    """Accounts held or paid, own and open ones first, each at the premise it came to last."""
    lowest, middle, top = aliased(NetworkNode), aliased(NetworkNode), aliased(NetworkNode)
    other, home = aliased(Customer), aliased(Occupancy)
    latest = (
        select(home.premise_id)
        .where(home.account_id == Account.id)
        .order_by(home.starts_on.desc())
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
    holds = Account.customer_id == Customer.id
    joins = (
        Account.__table__.outerjoin(Premise, Premise.id == latest)
        .outerjoin(lowest, lowest.id == Premise.node_id)
        .outerjoin(middle, middle.id == lowest.parent_id)
        .outerjoin(top, top.id == middle.parent_id)
        .outerjoin(
            other,
            and_(
                other.id == case((holds, Account.payer_id), else_=Account.customer_id),
                other.id != Customer.id,
            ),
        )
    )
    pairs = {
        "id": Account.id,
        "number": Account.number,
        "opened_on": Account.opened_on,
        "closed_on": Account.closed_on,
        "payment_method": Account.payment_method,
        "cycle_day": Account.cycle_day,
        "terms_days": Account.terms_days,
        "holds": holds,
        "other": func.coalesce(other.name, ""),
        "address": func.concat_ws(
            ", ",
            func.nullif(Premise.address, ""),
            func.nullif(func.btrim(Premise.city + " " + Premise.postcode), ""),
        ),
        "city": func.coalesce(Premise.city, ""),
        "area": func.coalesce(top.name, middle.name, lowest.name, ""),
    }
    mine = or_(Account.customer_id == Customer.id, Account.payer_id == Customer.id)
    order = (Account.closed_on.is_not(None), ~holds, Account.opened_on, Account.id)
    return _listed(pairs, mine, order=order, joins=joins)


def _places() -> ScalarSelect[Any]:
    """Every premise of an account that they hold."""
    pairs = {"address": Premise.address, "city": Premise.city, "postcode": Premise.postcode}
    joins = Account.__table__.join(Occupancy, Occupancy.account_id == Account.id).join(
        Premise, Premise.id == Occupancy.premise_id
    )
    mine = or_(Account.customer_id == Customer.id, Account.payer_id == Customer.id)
    return _listed(pairs, mine, order=(Premise.id,), joins=joins)


def _seen() -> ScalarSelect[Any]:
    """What lets `:viewer` see personal data at `:now`, the latest first."""
    pairs = {
        "id": Verification.id,
        "at": Verification.at,
        "how": Verification.how,
        "asked": func.to_jsonb(Verification.asked),
        "reason": Verification.reason,
        "until": Verification.until,
    }
    return _listed(
        pairs,
        Verification.customer_id == Customer.id,
        Verification.by_user == bindparam("viewer"),
        Verification.until > bindparam("now", type_=DateTime(timezone=True)),
        Verification.ended_at.is_(None),
        order=(Verification.at.desc(),),
    )


def _speakers() -> ScalarSelect[Any]:
    """How many may speak for them at `:today`."""
    today = bindparam("today", type_=Date())
    return (
        select(func.count())
        .where(
            Relation.customer_id == Customer.id,
            Relation.kind.in_(SPEAKING),
            Relation.starts_on <= today,
            or_(Relation.ends_before.is_(None), Relation.ends_before > today),
        )
        .correlate(Customer)
        .scalar_subquery()
    )


_CARD = select(
    Customer.id,
    Customer.number,
    Customer.kind,
    Customer.name,
    Customer.segment,
    Customer.language,
    Customer.since,
    Customer.tags,
    _accounts().label("accounts"),
    _listed(
        {
            "kind": CustomerFlag.kind,
            "detail": CustomerFlag.detail,
            "review_on": CustomerFlag.review_on,
            "kinds": func.to_jsonb(CustomerFlag.kinds),
        },
        CustomerFlag.customer_id == Customer.id,
        order=(CustomerFlag.kind,),
    ).label("flags"),
    _listed(
        {
            "id": ContactPoint.id,
            "kind": ContactPoint.kind,
            "value": ContactPoint.value,
            "label": ContactPoint.label,
            "preferred": ContactPoint.preferred,
        },
        ContactPoint.customer_id == Customer.id,
        order=(ContactPoint.preferred.desc(), ContactPoint.id),
    ).label("points"),
    select(func.min(Contact.at))
    .where(Contact.customer_id == Customer.id, Contact.complaint, Contact.answered_at.is_(None))
    .correlate(Customer)
    .scalar_subquery()
    .label("complaint_since"),
    Customer.died_on,
    _places().label("places"),
    _seen().label("seen"),
    _speakers().label("speakers"),
    Customer.merged_into_id,
    Customer.erased_on,
    Customer.preferred_channel,
    Customer.contact_times,
).where(Customer.id == bindparam("customer"))


def customer_card(
    session: Session,
    customer_id: int,
    viewer_id: int | None = None,
    now: datetime | None = None,
    today: date | None = None,
) -> CustomerCard:
    """The customer of this id, in one query, and what lets the viewer see them whole. NotFound where there is
    none."""
    values = {"customer": customer_id, "viewer": viewer_id, "now": now, "today": today}
    row = asked(session, _CARD, values).one_or_none()
    if row is None:
        raise NotFound("no_such_customer", "There is no customer of this number here.", str(customer_id))
    accounts = tuple(
        CardAccount(
            **{
                **found,
                "opened_on": date.fromisoformat(found["opened_on"]),
                "closed_on": _day(found["closed_on"]),
            }
        )
        for found in row.accounts or ()
    )
    flags = tuple(
        CardFlag(
            found["kind"], found["detail"], date.fromisoformat(found["review_on"]), tuple(found["kinds"])
        )
        for found in row.flags or ()
    )
    points = tuple(CardPoint(**found) for found in row.points or ())
    return CustomerCard(
        row.id, row.number, row.kind, row.name, row.segment, row.language, row.since, tuple(row.tags),
        accounts, flags, points, row.complaint_since, row.died_on,
        tuple(Place(**found) for found in row.places or ()), _first_seen(row.seen), row.speakers,
        row.merged_into_id, row.erased_on, preferred_channel=row.preferred_channel,
        contact_times=tuple(row.contact_times),
    )  # fmt: skip


def _first_seen(found: list[dict[str, Any]] | None) -> Seen | None:
    if not found:
        return None
    one = found[0]
    return Seen(
        one["id"], datetime.fromisoformat(one["at"]), one["how"], tuple(one["asked"]), one["reason"],
        datetime.fromisoformat(one["until"]),
    )  # fmt: skip
