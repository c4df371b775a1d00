"""Every word about feeds and meters has its Russian, with the same blanks to fill."""

from __future__ import annotations

import pytest
from babel.messages.pofile import read_po

from tests.web.meters.conftest import YESTERDAY, days_before
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
    own = russian_of("meters")
    russian = russian_of("utility_crm/web") | own
    wanted = messages_of("meters")
    assert len(wanted) > 200
    for message in wanted:
        first, most = (message, message) if isinstance(message, str) else message[:2]
        forms = russian.get(first, ())
        assert len(forms) == (1 if isinstance(message, str) else 3), f"no Russian for {first!r}"
        for form in forms:
            assert form and blanks(form) == blanks(most), first
    assert not set(own) - {message if isinstance(message, str) else message[0] for message in wanted}


@pytest.mark.parametrize("ask", ("whole", "missing", "came", "refused", "places", "replaced"))
def test_the_page_speaks_russian(make_client, meter, sent, ask: str) -> None:
    sent("a.csv", *days_before(14)[:-2], ("SP-2", YESTERDAY, [1] * 24))
    sent("b.csv", ("SP-1", YESTERDAY, ["x"] * 24))
    page = make_client("ops", language="ru").get("/feeds", params={"ask": ask})
    assert page.status_code == 200 and "Полон ли вчерашний день?" in page.text
    assert "счётчик вчера" in page.text and "yesterday" not in page.text
