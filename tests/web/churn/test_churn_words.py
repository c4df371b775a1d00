"""Every word about leaving has its Russian, with the same blanks to fill."""

from __future__ import annotations

from babel.messages.pofile import read_po

from tests.web.test_words import ROOT, blanks, messages_of


def russian_of(package: str) -> dict[str, tuple[str, ...]]:
    with (ROOT / package / "locale/ru/LC_MESSAGES/messages.po").open("rb") as opened:
        return {
            entry.id if isinstance(entry.id, str) else entry.id[0]: (
                (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
            )
            for entry in read_po(opened, locale="ru")
            if entry.id and not entry.fuzzy
        }


def test_every_word_has_its_russian_and_none_is_left_over() -> None:
    own = russian_of("churn")
    russian = russian_of("utility_crm/web") | own
    wanted = messages_of("churn")
    assert len(wanted) > 120
    for message in wanted:
        first, most = (message, message) if isinstance(message, str) else message[:2]
        forms = russian.get(first, ())
        assert len(forms) == (1 if isinstance(message, str) else 3), f"no Russian for {first!r}"
        for form in forms:
            assert form and blanks(form) == blanks(most), first
    assert not set(own) - {message if isinstance(message, str) else message[0] for message in wanted}
