"""What a column is taken for by its title."""

from __future__ import annotations

import pytest

from utility_crm.records.domain.seen import ColumnSeen
from utility_crm.records.guessing import Guess, guess_columns
from utility_crm.records.kinds import EXTERNAL, kinds


@pytest.mark.parametrize("title", ["Number", "No", "Номер"])
def test_a_number_alone_is_the_records_own(title: str) -> None:
    known = [kind for kind in kinds() if any(one.name == EXTERNAL for one in kind.fields)]
    assert {kind.name for kind in known} >= {"contacts", "tickets", "payments"}
    for kind in known:
        assert guess_columns(kind, [ColumnSeen(title)]) == [Guess(EXTERNAL, title, 100.0)], kind.name
