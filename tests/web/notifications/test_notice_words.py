"""What is sent and why not, in Russian."""

from __future__ import annotations

import pytest

from notifications.domain.permission import Reason
from notifications.types import notice_types
from utility_crm.web.words import translator


@pytest.mark.parametrize(
    "words", [reason.words for reason in Reason] + [kind.title for kind in notice_types().values()]
)
def test_reasons_and_kinds_have_theirs(words: str) -> None:
    assert translator("ru", "notifications")(words) != words
