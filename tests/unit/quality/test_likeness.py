"""Who may be one customer, and who lives with them only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.quality.domain.likeness import SHOWN, Both, likeness, names_alike

NAMES = st.lists(st.text("abcdefgh", min_size=1, max_size=8), min_size=1, max_size=4).map(" ".join)


@given(NAMES, NAMES)
def test_alike_is_mutual_and_lies_between_nought_and_one(one: str, other: str) -> None:
    assert names_alike(one, other) == names_alike(other, one)
    assert 0 <= names_alike(one, other) <= 1


@given(NAMES)
def test_the_same_name_in_another_order_is_the_same(name: str) -> None:
    assert names_alike(name, " ".join(reversed(name.split()))) == 1


@given(NAMES, NAMES, st.booleans(), st.booleans(), st.booleans())
def test_what_more_they_share_never_makes_them_less_alike(
    one: str, other: str, phone: bool, email: bool, place: bool
) -> None:
    less = likeness(Both(one, other, phone, email, place))
    more = likeness(Both(one, other, True, email, place))
    if less is not None:
        assert more is not None and more.score >= less.score >= SHOWN
        assert len(more.reasons) - len(less.reasons) == (not phone)


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ("margaret ellison", "margaret ellison", True),
        ("margaret ellison", "ellison margaret", True),
        ("margaret ellison", "margret elison", True),
        ("margaret ellison", "m ellison", True),
        ("maria garcia lopez", "maria garcia", True),
        ("peter brown", "anna brown", False),
        ("john brown", "ivan brown", False),
        ("margaret ellison", "thomas reed", False),
    ],
)
def test_a_household_is_not_one_person(one: str, other: str, shown: bool) -> None:
    assert (likeness(Both(one, other, same_phone=True, same_place=True)) is not None) is shown


def test_a_name_alone_says_nothing() -> None:
    assert likeness(Both("john brown", "john brown")) is None


def test_the_reasons_can_be_checked() -> None:
    found = likeness(Both("margaret ellison", "margret elison", same_phone=True, same_place=True))
    assert found is not None
    assert [reason.why for reason in found.reasons] == ["same_phone", "same_place", "name_alike"]
    assert found.reasons[-1].figure == round(names_alike("margaret ellison", "margret elison"), 2)
