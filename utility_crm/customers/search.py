"""One search box: a name, an account, a phone, an address, and whatever the installed packages know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import phonenumbers
from sqlalchemy import ColumnElement, Select, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from utility_crm.customers.tables import Account, ContactPoint, Customer, Occupancy
from utility_crm.kit.module import SearchHit
from utility_crm.network.tables import Premise

Finder = Callable[[Session, str, int], Sequence[SearchHit]]
"""What a package adds to the search: (session, text, limit) -> hits, best first."""

SHORTEST = 2
LIKENESS = 0.33
"""From this word similarity on (by trigrams, 1 is the same) a word looks like one of a name. Two letters
swapped in the middle of seven leave a third."""
NEARLY_AS_LIKE = 0.8
"""Who is less like than this share of the likest is left out."""
ALIKE_LETTERS = 4
"""Shorter words have too few trigrams to look like one another: they must be in the name."""
LIKENESS_MOST_LETTERS = 60
"""Longer words are no name, and comparing them costs."""


@dataclass(frozen=True, slots=True)
class Found:
    """A customer in the list of results. `why` names what matched."""

    customer_id: int
    name: str
    segment: str
    number: str
    account: str
    address: str
    why: str


def find(
    session: Session, text: str, limit: int = 12, *, country: str, finders: Iterable[Finder] = ()
) -> list[Found]:
    """Customers that match, best first; nothing below two characters.

    Exact numbers and phones come before the beginnings of names, those before names and addresses that only
    contain the words. When nothing else was found come a name and an address said together, then names that
    only look alike. Two queries of its own, up to three more when nothing was found, and those of the
    packages' finders.
    """
    words = " ".join(text.split())
    if len(words) < SHORTEST:
        return []
    hits = [*_own(session, words, limit, country)]
    for finder in finders:
        hits += finder(session, words, limit)
    if not hits:
        hits = _named_there(session, words, limit) or _alike(session, words, limit)
    best: dict[int, SearchHit] = {}
    for hit in sorted(hits, key=lambda hit: hit.rank):
        best.setdefault(hit.customer_id, hit)
    chosen = list(best.values())[:limit]
    return _described(session, chosen)


PLACE = func.lower(
    func.concat_ws(
        " ", Premise.address, Premise.city, Premise.postcode, func.replace(Premise.postcode, " ", "")
    )
)
"""The postcode twice: people type it with and without its space."""


def _named_there(session: Session, words: str, limit: int) -> list[SearchHit]:
    """Customers each word is of whose name or of where they live: "petrova glazier"."""
    said = words.lower().replace(",", " ").split()
    if len(said) < 2:
        return []
    both = func.concat_ws(" ", func.lower(Customer.name), PLACE)
    rows = session.execute(
        _hits(
            Customer.id,
            Premise.address,
            35,
            [
                *(both.like(f"%{_escaped(word)}%") for word in said),
                Account.customer_id == Customer.id,
                Occupancy.account_id == Account.id,
                Occupancy.premise_id == Premise.id,
            ],
        ).limit(limit)
    )
    return [SearchHit(customer_id, why, rank) for customer_id, why, rank in rows]


def _own(session: Session, words: str, limit: int, country: str) -> list[SearchHit]:
    lower = words.lower()
    inside = f"%{_escaped(lower)}%"
    name = func.lower(Customer.name)
    # An account is read out, and typed, in groups.
    number = words.replace(" ", "") if any(letter.isdigit() for letter in words) else words
    parts = [
        _hits(Customer.id, Customer.number, 0, [func.lower(Customer.number) == lower]),
        _hits(Account.customer_id, Account.number, 0, [Account.number.ilike(_escaped(number) + "%")]),
        _hits(Customer.id, Customer.name, 10, [name.like(_escaped(lower) + "%")]),
        _hits(Customer.id, Customer.name, 20, [name.like(f"%{_escaped(word)}%") for word in lower.split()]),
        _hits(ContactPoint.customer_id, ContactPoint.value, 25, [ContactPoint.normal.like(inside)]),
        _hits(
            Account.customer_id,
            Premise.address,
            30,
            [
                *(PLACE.like(f"%{_escaped(word)}%") for word in lower.replace(",", " ").split()),
                Occupancy.premise_id == Premise.id,
                Occupancy.account_id == Account.id,
            ],
        ),
    ]
    phone = _phone(words, country)
    if phone:
        ending = ContactPoint.normal.like(f"%{phone[-6:]}")
        parts.append(_hits(ContactPoint.customer_id, ContactPoint.value, 1, [ContactPoint.normal == phone]))
        parts.append(_hits(ContactPoint.customer_id, ContactPoint.value, 2, [ending]))
    rows = session.execute(union_all(*(part.limit(limit).subquery().select() for part in parts)))
    return [SearchHit(customer_id, why, rank) for customer_id, why, rank in rows]


def _alike(session: Session, words: str, limit: int) -> list[SearchHit]:
    """Customers each word of whose name, as said, looks like one in the name on file: misspelt, most alike
    first."""
    of_names = [word for word in words.lower().split() if _of_a_name(word)]
    said = [word for word in of_names if len(word) >= ALIKE_LETTERS]
    if not said or len(words) > LIKENESS_MOST_LETTERS:
        return []
    name = func.lower(Customer.name)
    # `<%` asks the index, with the threshold of this setting; it holds until the transaction ends.
    session.execute(select(func.set_config("pg_trgm.word_similarity_threshold", str(LIKENESS), True)))
    likeness = sum((func.word_similarity(word, name) for word in said), start=literal(0.0))
    rows = session.execute(
        select(Customer.id, Customer.name, likeness)
        .where(*(literal(word).op("<%", is_comparison=True)(name) for word in said))
        .where(*(name.like(f"%{_escaped(word)}%") for word in of_names if word not in said))
        .order_by(likeness.desc(), Customer.name, Customer.id)
        .limit(limit)
    )
    found = rows.all()
    return [
        SearchHit(customer_id, why, 40 + place)
        for place, (customer_id, why, like) in enumerate(found)
        if like >= NEARLY_AS_LIKE * found[0][2]
    ]


def _of_a_name(word: str) -> bool:
    """Numbers and e-mail addresses are no names, whatever letters they have."""
    return word[:1].isalpha() and not any(letter.isdigit() or letter == "@" for letter in word)


def _hits(
    customer_id: InstrumentedAttribute[int],
    why: InstrumentedAttribute[str],
    rank: int,
    conditions: Iterable[ColumnElement[bool]],
) -> Select[int, str, int]:
    columns = (customer_id.label("customer_id"), why.label("why"), literal(rank).label("rank"))
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


def _described(session: Session, hits: Sequence[SearchHit]) -> list[Found]:
    accounts = (
        select(
            Account.customer_id,
            func.min(Account.number).label("number"),
            func.min(Premise.address + literal(", ") + Premise.postcode).label("address"),
        )
        .outerjoin(Occupancy, Occupancy.account_id == Account.id)
        .outerjoin(Premise, Premise.id == Occupancy.premise_id)
        .where(Account.customer_id.in_([hit.customer_id for hit in hits]))
        .group_by(Account.customer_id)
        .subquery()
    )
    rows = session.execute(
        select(
            Customer.id,
            Customer.name,
            Customer.segment,
            Customer.number,
            accounts.c.number,
            accounts.c.address,
        )
        .outerjoin(accounts, accounts.c.customer_id == Customer.id)
        .where(Customer.id.in_([hit.customer_id for hit in hits]))
    )
    by_id = {row[0]: row for row in rows}
    found = []
    for hit in hits:
        _id, name, segment, number, account, address = by_id[hit.customer_id]
        found.append(Found(hit.customer_id, name, segment, number, account or "", address or "", hit.why))
    return found
