"""Whatever is missing, no kind in no language is written without it; and what is written can be sent."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels import Undeliverable
from notifications.delivery.letter import letter
from notifications.domain.lacking import lacking, one_line
from notifications.outbox.going_on import Claimed
from notifications.types import notice_type, notice_types
from notifications.writing import SHORT, Sender, Written, parts_of, write
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Invalid

SENDER = Sender("Northmoor Energy", simulated=True)


def ways() -> Iterator[tuple[str, str, str]]:
    """Every kind, in every language, by letter and in a few words."""
    for kind in notice_types().values():
        for language in kind.languages:
            yield kind.name, language, "email"
            if SHORT & set(kind.channels):
                yield kind.name, language, "sms"


WAYS = list(ways())


def written(kind: str, language: str, channel: str, context: Any, **more: Any) -> Written:
    given_ = {"name": "Ann O'Neill", "sender": SENDER, "timezone": "Europe/London", **more}
    return write(kind, context, language=language, channel=channel, **given_)


def all_of(made: Written) -> str:
    return f"{made.subject}\n{made.text}\n{made.html}"


@pytest.mark.parametrize(("kind", "language", "channel"), WAYS)
def test_every_kind_states_an_example_that_can_be_written(kind: str, language: str, channel: str) -> None:
    example = notice_type(kind).example
    assert not lacking(example, notice_type(kind).needs, notice_type(kind).may_be_empty)
    said = all_of(written(kind, language, channel, example))
    assert not re.search(r"\b(None|nan|NaN|Undefined)\b|\{\{|\{%", said)


@pytest.mark.parametrize(("kind", "language", "channel"), WAYS)
def test_without_a_value_it_is_not_written_and_says_which(kind: str, language: str, channel: str) -> None:
    of = notice_type(kind)
    for need, nothing in product(sorted(of.needs), ["absent", None, float("nan"), "", "  ", []]):
        context = copy.deepcopy(dict(of.example)) | {need: nothing}
        if nothing == "absent":
            del context[need]
        if need in of.may_be_empty and (nothing == [] or str(nothing).strip() == ""):
            continue
        with pytest.raises(Invalid) as refused:
            written(kind, language, channel, context)
        assert refused.value.code == "notice_lacks_value"
        for said in (kind, need, *(f"{language}/{part}" for part in parts_of(channel))):
            assert said in refused.value.message


@pytest.mark.parametrize(("kind", "language", "channel"), WAYS)
def test_without_a_name_it_is_not_written(kind: str, language: str, channel: str) -> None:
    for changed in ({"name": " "}, {"sender": Sender("")}):
        with pytest.raises(Invalid, match=f"{kind}.*{language}/.*(name|utility)"):
            written(kind, language, channel, notice_type(kind).example, **changed)


def with_each_text(context: Mapping[str, Any], put: str) -> Iterator[dict[str, Any]]:
    """The context once for each text in it, however deep, with `put` in place of that text."""

    def replaced(value: Any) -> Iterator[Any]:
        if isinstance(value, str):
            yield put
        elif isinstance(value, Mapping):
            for key, one in value.items():
                yield from ({**value, key: other} for other in replaced(one))
        elif isinstance(value, list):
            for place, one in enumerate(value):
                yield from ([*value[:place], other, *value[place + 1 :]] for other in replaced(one))

    yield from replaced(dict(context))


def put_into(kind: str, language: str, channel: str, put: str) -> list[Written]:
    """All that can be written with `put` as one of the texts; a kind whose texts are all days, times and
    codes is written with none."""
    found = []
    for context in with_each_text(notice_type(kind).example, put):
        try:
            found.append(written(kind, language, channel, context))
        except (Invalid, ValueError, KeyError) as refused:
            assert not isinstance(refused, Invalid) or refused.code == "notice_header"
    return found


MARKED = "<i>&x"


@pytest.mark.parametrize(("kind", "language", "channel"), WAYS)
def test_what_a_kind_is_told_is_escaped_wherever_it_stands(kind: str, language: str, channel: str) -> None:
    for made in put_into(kind, language, channel, MARKED):
        assert "<i>" not in made.html
    made = written(kind, language, channel, notice_type(kind).example, name=MARKED)
    assert "<i>" not in made.html
    if channel != "sms" and kind != "ticket_answer":  # a person's own words, with their own salutation
        assert "&lt;i&gt;&amp;x" in made.html


def test_texts_do_stand_in_letters() -> None:
    """The one above would hold of kinds that print nothing that they are told."""
    printing = {
        kind.name
        for kind in notice_types().values()
        for made in put_into(kind.name, "en", "email", MARKED)
        if "&lt;i&gt;&amp;x" in made.html
    }
    assert printing == set(notice_types())


@pytest.mark.parametrize(("kind", "language"), sorted({way[:2] for way in WAYS}))
def test_no_kind_lets_a_second_header_into_its_subject(kind: str, language: str) -> None:
    for made in put_into(kind, language, "email", "x\r\nBcc: all@example.org"):
        assert one_line(made.subject)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_word_that_a_template_has_not_been_given_is_named(language: str) -> None:
    example = notice_type("payment_due").example
    with pytest.raises(Invalid, match=rf"payment_due notice \({language}/sms.txt, line 1\).*'surname'"):
        written("payment_due", language, "sms", example, texts={"sms.txt": "Dear {{ surname }}"})
    with pytest.raises(Invalid, match=rf"payment_due notice \({language}/sms.txt, line 1\).*None"):
        written("payment_due", language, "sms", example, texts={"sms.txt": "Dear {{ none }}"})


@given(st.text(max_size=40))
def test_names_are_escaped_in_html_and_refused_with_a_line_break(name: str) -> None:
    example = notice_type("bill_ready").example
    hostile = f"<b>&{name}"
    if not one_line(hostile):
        with pytest.raises(Invalid, match="line break"):
            written("bill_ready", "en", "email", example, name=hostile)
        return
    made = written("bill_ready", "en", "email", example, name=hostile)
    assert "<b>&" not in made.html and "&lt;b&gt;&amp;" in made.html
    assert one_line(made.subject)


@given(
    st.text(max_size=20),
    st.sampled_from(["\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]),
)
def test_no_subject_carries_a_second_header(before: str, cut: str) -> None:
    context = dict(notice_type("payment_reminder").example) | {"bill": f"{before}F{cut}Bcc: all@example.org"}
    with pytest.raises(Invalid) as refused:
        written("payment_reminder", "en", "email", context)
    assert refused.value.code == "notice_header"


@pytest.mark.parametrize(
    "changed", [{"address": "ann@example.org\r\nBcc: all@example.org"}, {"name": "Ann\nBcc: all@example.org"}]
)
def test_what_would_inject_a_header_is_never_tried_again(changed: dict[str, str]) -> None:
    row = {
        "id": 1, "key": "k", "message_id": "<k@example.org>", "notice": "bill_ready", "customer_id": 1,
        "account_id": None, "purpose": "service", "channel": "email", "channels": ("email",), "name": "Ann",
        "address": "ann@example.org", "language": "en", "timezone": "UTC", "attempts": 0,
        "context": notice_type("bill_ready").example, "lease_until": utc_now(),
    }  # fmt: skip
    assert letter(Claimed(**row), SENDER).recipient == "ann@example.org"
    with pytest.raises(Undeliverable, match="line break"):
        letter(Claimed(**row | changed), SENDER)
