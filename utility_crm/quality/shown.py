"""A pair in words: why they may be one, and what of them is alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from utility_crm.kit.masking import shown
from utility_crm.quality.domain.likeness import Reason
from utility_crm.quality.queries import Pair, Side
from utility_crm.web.formats import day_year, number
from utility_crm.web.words import counting, mark, translator

PACKAGE = "utility_crm.quality"
_REASONS = {
    "same_email": mark("same e-mail address"),
    "same_phone": mark("same telephone"),
    "same_place": mark("same place"),
    "same_name": mark("same name"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A line of two customers side by side. state: same, shared (some of several) or differs; empty where one
    of them has none."""

    label: str
    one: tuple[str, ...]
    other: tuple[str, ...]
    state: str


def reasons_in_words(reasons: Iterable[Reason], language: str) -> str:
    """ "same telephone, name alike 0.93"."""
    _ = translator(language, PACKAGE)
    return ", ".join(
        _("name alike %(figure)s", figure=number(one.figure, 2, language))
        if one.figure is not None
        else _(_REASONS[one.why])
        for one in reasons
    )


def stays_in_words(rows: int, language: str) -> str:
    """What a merge leaves with the stub; nothing where it leaves nothing."""
    if not rows:
        return ""
    ngettext = counting(language, PACKAGE)
    return ngettext(
        "One row stays with the stub, since the other has the same.",
        "%(num)s rows stay with the stub, since the other has the same.",
        rows,
    )


def compared(pair: Pair, language: str) -> tuple[Compared, ...]:
    """What can be compared of them. Ways to reach them and places are covered before somebody is verified;
    whether they are the same is said all the same."""
    _ = translator(language, PACKAGE)
    one, other = pair.one, pair.other

    def ways(kind: str, side: Side, values: Sequence[str]) -> tuple[str, ...]:
        return tuple(shown(value, kind, side.id) for value in values)

    def places(side: Side) -> tuple[str, ...]:
        return tuple(shown(place.whole, "address", side.id, place.city) for place in side.places)

    addresses = [{place.whole.casefold() for place in side.places} for side in (one, other)]
    return (
        Compared(_("Name"), (one.name,), (other.name,), _state({_words(one)}, {_words(other)})),
        Compared(_("Telephone"), ways("phone", one, one.phones), ways("phone", other, other.phones),
                 _state(one.phones, other.phones)),
        Compared(_("E-mail"), ways("email", one, one.emails), ways("email", other, other.emails),
                 _state(one.emails, other.emails)),
        Compared(_("Place"), places(one), places(other), _state(*addresses)),
        Compared(_("Accounts"), one.accounts, other.accounts, ""),
        Compared(_("Customer since"), (day_year(one.since, language),),
                 (day_year(other.since, language),), ""),
        Compared(_("Contacts kept"), (str(one.contacts),), (str(other.contacts),), ""),
    )  # fmt: skip


def _words(side: Side) -> str:
    """The words of a name: in another order it is the same name."""
    return " ".join(sorted(side.name.casefold().split()))


def _state(one: Iterable[str], other: Iterable[str]) -> str:
    mine, theirs = set(one), set(other)
    if not mine or not theirs:
        return ""
    return "same" if mine == theirs else "shared" if mine & theirs else "differs"
