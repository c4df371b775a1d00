"""What a pushed batch may weigh: small things of which there are many in few bytes are refused or counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meters.domain.problems import Problem
from meters.feeds.problem_list import MOST, Unlisted
from meters.pushing.batch import MOST_FIELDS, MOST_LISTS, MOST_NUMBERS, MOST_OBJECTS, read_batch
from meters.pushing.days import items_of
from utility_crm.kit.errors import Invalid

HEAD = (
    '{"readings":[{"service_point":"SP1","starts_at":"2001-01-01T00:00:00Z","interval_minutes":1,"values":['
)


def one(**more: Any) -> dict[str, Any]:
    said = {
        "service_point": "SP1",
        "starts_at": "2001-01-01T00:00:00Z",
        "interval_minutes": 60,
        "values": [1],
    }
    return said | more


def body(*readings: dict[str, Any]) -> bytes:
    return json.dumps({"readings": readings}).encode()


def items(sent: bytes) -> list[Any]:
    return list(items_of(read_batch(sent), {}, lambda point: 0))


def refused(sent: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        items(sent)
    return caught.value


@pytest.mark.parametrize("value", ['"x"', "null", "1"])
def test_values_of_every_sort_are_counted(value: str) -> None:
    error = refused((HEAD + f"{value}," * MOST_NUMBERS + value + "]}]}").encode())
    assert error.code == "too_many" and f"{MOST_NUMBERS:,}" in error.message


def test_empty_objects_and_lists_are_counted() -> None:
    many = refused(('{"readings":[' + "{}," * MOST_OBJECTS + "{}]}").encode())
    assert many.code == "too_many" and "objects" in many.message
    many = refused(('{"readings":[' + "[]," * MOST_LISTS + "[]]}").encode())
    assert many.code == "too_many" and "lists" in many.message


def test_an_object_has_few_fields() -> None:
    fields = {str(number): None for number in range(MOST_FIELDS)}
    assert refused(json.dumps(fields).encode()).code == "unknown_field"
    assert refused(json.dumps(fields | {"more": 1}).encode()).code == "too_many_fields"
    twice = ",".join([f'"{number}":0' for number in range(MOST_FIELDS - 1)] + ['"7":0'])
    error = refused(f"{{{twice}}}".encode())
    assert error.code == "repeated_field" and "'7'" in error.message


def test_the_first_thousand_faults_are_told_and_the_rest_counted() -> None:
    found = items((HEAD + '"x",' * 1439 + '"x"]}]}').encode())
    assert len(found) == MOST + 1 and all(isinstance(item, Problem) for item in found)
    assert isinstance(found[-1], Unlisted) and found[-1].count == 440


def test_scattered_readings_open_no_more_days_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meters.pushing.days.MOST_SLOTS", 48)
    two = [one(service_point=point) for point in ("A", "B")]
    assert len(items(body(*two))) == 2
    assert len(items(body(*two, one(service_point="B", starts_at="2001-01-01T05:00:00Z")))) == 2
    error = refused(body(*two, one(service_point="C", interval_minutes=1440)))
    assert (error.code, error.where) == ("too_many_days", "$.readings") and "48 intervals" in error.message


@pytest.mark.parametrize("third", [{}, {"quality": "splendid"}, {"values": ["x"]}])
def test_days_are_counted_taken_or_left_out(monkeypatch: pytest.MonkeyPatch, third: dict[str, Any]) -> None:
    monkeypatch.setattr("meters.pushing.days.MOST_DAYS", 2)
    two = [one(interval_minutes=1440, values=[1, 1])]
    assert len(items(body(*two))) == 2
    error = refused(body(*two, one(service_point="C", **third)))
    assert error.code == "too_many_days" and "2 days of channels" in error.message


@pytest.mark.parametrize("field", ["quality", "unit"])
def test_no_message_repeats_a_text_whole(field: str) -> None:
    long = "y" * 100
    found = items(body(one(), one(**{field: long}), one(values=["z" * 100_000])))
    messages = [item.message for item in found if isinstance(item, Problem)]
    assert len(messages) == 2
    assert all(
        len(message) < 300 and "y" * 41 not in message and "z" * 41 not in message for message in messages
    )


def test_no_refusal_repeats_a_text_whole() -> None:
    for wrong in ({"direction": "y" * 100}, {"y" * 10_000: 1}):
        error = refused(body(one(**wrong)))
        assert "y" * 40 in error.message and "y" * 41 not in error.message
