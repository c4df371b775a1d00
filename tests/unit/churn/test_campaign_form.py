"""What the form of a campaign shows is what it reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.campaigns.forms import _minor, _plain


@pytest.mark.parametrize("currency", ["GBP", "EUR", "JPY", "KWD"])
@given(minor=st.integers(0, 10**11))
def test_an_amount_of_a_draft_comes_back_as_it_was(currency: str, minor: int) -> None:
    assert _minor(_plain(minor, currency), currency=currency, language="en") == minor
