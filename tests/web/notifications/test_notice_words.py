"""Every word these pages show has its Russian, with the same blanks to fill."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from notifications.domain.permission import Reason
from notifications.types import notice_types
from tests.web.test_words import ROOT, blanks, messages_of
from utility_crm.web.words import translator


def russian_of(folder: Path) -> dict[str, tuple[str, ...]]:
    with (folder / "locale/ru/LC_MESSAGES/messages.po").open("rb") as opened:
        return {
            entry.id if isinstance(entry.id, str) else entry.id[0]: (
                (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
            )
            for entry in read_po(opened, locale="ru")
            if entry.id and not entry.fuzzy
        }


def test_every_word_has_its_russian() -> None:
    russian = russian_of(ROOT / "utility_crm/web") | russian_of(ROOT / "notifications")
    wanted = messages_of("notifications")
    assert len(wanted) > 150
    for message in wanted:
        first, most = (message, message) if isinstance(message, str) else message[:2]
        forms = russian.get(first, ())
        assert len(forms) == (1 if isinstance(message, str) else 3), f"no Russian for {first!r}"
        for form in forms:
            assert form and blanks(form) == blanks(most), first


@pytest.mark.parametrize(
    "words", [reason.words for reason in Reason] + [kind.title for kind in notice_types().values()]
)
def test_reasons_and_kinds_have_theirs(words: str) -> None:
    assert translator("ru", "notifications")(words) != words
