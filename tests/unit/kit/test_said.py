"""What a job says of its run: English as it is said, kept so that another language can say it."""

from __future__ import annotations

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.said import Said, in_words, is_translatable, said, stored, together

RUSSIAN = {
    "%(queued)s queued of %(found)s bills": "в очереди: %(queued)s из %(found)s",
    "%(step)s: %(count)s": "%(step)s: %(count)s раз",
    "reminder": "напоминание",
}
LONG = 2000


def russian(words: str) -> str:
    return RUSSIAN.get(words, words)


def test_it_is_its_english_and_is_kept_for_other_languages() -> None:
    result = said("%(queued)s queued of %(found)s bills", queued=3, found=7)
    assert result == "3 queued of 7 bills"
    kept = stored(result, LONG)
    assert json.loads(kept) == [["%(queued)s queued of %(found)s bills", {"queued": 3, "found": 7}]]
    assert (in_words(kept), in_words(kept, russian)) == ("3 queued of 7 bills", "в очереди: 3 из 7")


def test_several_are_said_one_after_the_other_and_marked_values_are_translated() -> None:
    both = together(
        (
            said("%(step)s: %(count)s", step="reminder", count=2),
            said("until %(day)s", day=date(2026, 11, 20)),
        )
    )
    assert both == "reminder: 2; until 2026-11-20"
    assert in_words(stored(both, LONG), russian) == "напоминание: 2 раз; until 2026-11-20"


@given(st.text())
def test_mere_text_stays_as_it_is(words: str) -> None:
    kept = stored(words, LONG)
    assert in_words(kept, russian) == kept == words[:LONG]


def test_what_only_looks_like_phrases_is_text() -> None:
    for words in ("[[", "[[1]]", '[["a", 3]]', '[["a", {}], 4]', '[["100 %", {"a": 1}]]'):
        assert (is_translatable(words), in_words(words, russian)) == (False, words)


@given(st.dictionaries(st.from_regex(r"[a-z]+", fullmatch=True), st.integers() | st.text(), max_size=4))
def test_values_of_any_kind_come_back(values: dict[str, int | str]) -> None:
    result = said("".join(f"%({name})s," for name in values) or "nothing", **values)
    assert in_words(stored(result, 10**9)) == result


def test_one_that_would_be_cut_is_kept_as_its_words() -> None:
    result = said("%(name)s", name="x" * 50)
    assert stored(result, 40) == "x" * 40
    assert not is_translatable(stored(result, 40))
    assert isinstance(result, Said)
