"""One search box: a name, an account, a phone, an address, and whatever the installed packages know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import phonenumbers
from sqlalchemy import ColumnElement, Select, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from utility_crm.customers.said_words import named_or_living
from utility_crm.customers.tables import Account, ContactPoint, Customer, Occupancy
from utility_crm.kit.parts import SearchHit
from utility_crm.network.tables import Premise

Finder = Callable[[Session, str, int], Sequence[SearchHit]]
"""What a package adds to the search: (session, text, limit) -> hits, best first."""

SHORTEST = 2
EXACT = 2
"""Below this rank, what was typed is a number that was found: nothing else is looked for."""
INSIDE = 4
"""From so many characters on, an address or a phone is looked for by any part of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A customer in the list of results. `why` names what matched, a value of the kind `why_kind`."""

    customer_id: int
    name: str
    segment: str
    number: str
    account: str
    address: str
    city: str
    why: str
    why_kind: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A thing that was typed by its number: a ticket, a bill, a meter. customer: whose, "" where nobody's.
    first: it is meant rather than its customer."""

    href: str
    called: str
    number: str
    permission: str
    customer_id: int | None
    customer: str
    first: bool


@dataclass(frozen=True, slots=True)
class AllFound:
    """Customers and things, best first."""

    customers: list[Found]
    openings: list[Opening]


def find(
    session: Session, text: str, limit: int = 12, *, country: str, finders: Iterable[Finder] = ()
) -> list[Found]:
    """Customers that match, best first; nothing below two characters."""
    return find_all(session, text, limit, country=country, finders=finders).customers


def find_all(
    session: Session, text: str, limit: int = 12, *, country: str, finders: Iterable[Finder] = ()
) -> AllFound:
    """Customers that match and things of that very number, best first; nothing below two characters.

    Exact numbers and phones come before the beginnings of names, those before names and addresses that hold
    the words; where nothing does, those that hold words like them (`said_words`). Four statements of its own,
    up to two a word more where nothing was found, and those of the packages' finders.
    """
    words = " ".join(text.split())
    if len(words) < SHORTEST:
        return AllFound([], [])
    hits = [*_own(session, words, limit, country)]
    for finder in finders:
        hits += finder(session, words, limit)
    if not any(hit.rank < EXACT for hit in hits):
        hits += named_or_living(session, words, limit)
    best: dict[int, SearchHit] = {}
    for hit in sorted(hits, key=lambda hit: hit.rank):
        if hit.customer_id is not None:
            best.setdefault(hit.customer_id, hit)
    chosen = dict(list(best.items())[:limit])
    found = _described(session, chosen)
    names = {one.customer_id: one.name for one in found}
    openings = [
        Opening(
            hit.opens, hit.called, hit.why, hit.permission, hit.customer_id,
            names.get(hit.customer_id or 0, ""), hit.first,
        )
        for hit in hits
        if hit.opens and (hit.customer_id is None or hit.customer_id in chosen)
    ]  # fmt: skip
    return AllFound(found, openings)


def _own(session: Session, words: str, limit: int, country: str) -> list[SearchHit]:
    lower = words.lower()
    name = func.lower(Customer.name)
    # An account is read out, and typed, in groups.
    number = words.replace(" ", "") if any(letter.isdigit() for letter in words) else words
    part = (
        f"%{_escaped(lower)}%" if len(lower) >= INSIDE and _part_of_address(lower) else _escaped(lower) + "%"
    )
    parts = [
        _hits(Customer.id, Customer.number, 0, [func.lower(Customer.number) == lower]),
        _hits(
            Account.customer_id,
            Account.number,
            0,
            [func.lower(Account.number).like(_escaped(number.lower()) + "%")],
        ),
        _hits(Customer.id, Customer.name, 10, [name.like(_escaped(lower) + "%")]),
        _hits(ContactPoint.customer_id, ContactPoint.value, 25, [ContactPoint.normal.like(part)]),
    ]
    phone = _phone(words, country)
    if phone:
        ending = ContactPoint.normal.like(f"%{phone[-6:]}")
        parts.append(_hits(ContactPoint.customer_id, ContactPoint.value, 1, [ContactPoint.normal == phone]))
        parts.append(_hits(ContactPoint.customer_id, ContactPoint.value, 2, [ending]))
    rows = session.execute(union_all(*(part.limit(limit).subquery().select() for part in parts)))
    return [SearchHit(customer_id, why, rank, kind=kind) for customer_id, why, rank, kind in rows]


def _part_of_address(lower: str) -> bool:
    """Whether it may be said of an e-mail address or a number, not of a name."""
    return any(letter.isdigit() or letter in "@._" for letter in lower)


def _hits(
    customer_id: InstrumentedAttribute[int],
    why: InstrumentedAttribute[str],
    rank: int,
    conditions: Iterable[ColumnElement[bool]],
) -> Select[int, str, int, str]:
    kind = ContactPoint.kind if why is ContactPoint.value else literal("name")
    columns = (
        customer_id.label("customer_id"), why.label("why"), literal(rank).label("rank"), kind.label("kind"),
    )  # fmt: skip
    return select(*columns).where(*conditions)


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _phone(words: str, country: str) -> str | None:
    """The words as a phone in E.164 form; None when they are none."""
    if sum(letter.isdigit() for letter in words) < 6:
        return None
    try:
        number = phonenumbers.parse(words, country)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _described(session: Session, hits: Mapping[int, SearchHit]) -> list[Found]:
    """The customers as the list shows them, each once; for a stub, whom it leads to. hits: by customer, best
    first."""
    ids = list(hits)
    kept = func.coalesce(Customer.merged_into_id, Customer.id)
    whole = aliased(Customer)
    accounts = (
        select(
            Account.customer_id,
            func.min(Account.number).label("number"),
            func.min(Premise.address + literal(", ") + Premise.postcode).label("address"),
            func.min(Premise.city).label("city"),
        )
        .outerjoin(Occupancy, Occupancy.account_id == Account.id)
        .outerjoin(Premise, Premise.id == Occupancy.premise_id)
        .where(Account.customer_id.in_(select(kept).where(Customer.id.in_(ids))))
        .group_by(Account.customer_id)
        .subquery()
    )
    rows = session.execute(
        select(
            Customer.id, whole.id, whole.name, whole.segment, whole.number, accounts.c.number,
            accounts.c.address, accounts.c.city,
        )
        .join(whole, whole.id == kept)
        .outerjoin(accounts, accounts.c.customer_id == whole.id)
        .where(Customer.id.in_(ids))
    )  # fmt: skip
    by_id = {row[0]: row for row in rows}
    found: dict[int, Found] = {}
    for customer_id, hit in hits.items():
        _id, whose, name, segment, number, account, address, city = by_id[customer_id]
        place = address or ""
        why, kind = (hit.why, hit.kind) if hit.why else (place, "address")
        one = Found(whose, name, segment, number, account or "", place, city or "", why, kind)
        found.setdefault(whose, one)
    return list(found.values())
