"""Documents of machines: one model checks them and describes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from utility_crm.kit.errors import Invalid
from utility_crm.mail.api import Written
from utility_crm.mail.messengers.generic import Brought
from utility_crm.telephony.reading import Event
from utility_crm.tickets.api import Opening, Writing
from utility_crm.web.bodies import Body, Instant, OneOf, Text, Theirs, read_body, schema_of


class Row(Theirs):
    id: Annotated[str, Text(3, least=1)]
    at: Annotated[datetime, Instant(utc=True)] | None = None


class Told(Body):
    kind: Annotated[str, OneOf(("bill", "move"))]
    rows: list[Row] = Field([], max_length=2)
    sender: Annotated[str, Text(5, one_line=True)] = Field("", alias="from")
    since: Annotated[datetime, Instant()] | None = None


GOOD: dict[str, Any] = {"kind": "bill", "rows": [{"id": "a", "at": "2026-11-20T14:00:00", "theirs": 1}]}


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"kind": "x"}, "$.kind", "choice"),
        ({"kind": 1}, "$.kind", "choice"),
        ({"form": "a"}, "$.form", "unknown_field"),
        ({"sender": "a"}, "$.sender", "unknown_field"),
        ({"from": "abcdef"}, "$.from", "too_long"),
        ({"from": 5}, "$.from", "shape"),
        ({"from": "a\nb"}, "$.from", "text"),
        ({"from": "\ud83d"}, "$.from", "shape"),
        ({"rows": {}}, "$.rows", "shape"),
        ({"rows": [{"id": "a"}, {"id": " "}]}, "$.rows[1].id", "text"),
        ({"rows": [{}]}, "$.rows[0].id", "missing_field"),
        ({"rows": [{"id": ""}]}, "$.rows[0].id", "missing_field"),
        ({"rows": [{"id": "a"}] * 3}, "$.rows", "too_long"),
        ({"rows": [{"id": "a\0"}]}, "$.rows[0].id", "text"),
        ({"since": "2026-11-20T14:00:00"}, "$.since", "instant"),
        ({"since": 1732243200}, "$.since", "instant"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "$.since", "instant"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change: dict[str, Any], where: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_body(Told, GOOD | change)
    assert (refused.value.where, refused.value.code) == (where, code)
    assert refused.value.message.endswith(".")


def test_what_is_agreed_is_read() -> None:
    read = read_body(Told, GOOD | {"from": "ann", "since": "2026-11-20T15:00:00+01:00"})
    assert (read.sender, read.since) == ("ann", datetime(2026, 11, 20, 14, tzinfo=UTC))
    assert read.rows[0].at == datetime(2026, 11, 20, 14, tzinfo=UTC)


def test_of_several_the_wrong_name_is_told_first_and_how_many_there_are() -> None:
    with pytest.raises(Invalid) as refused:
        read_body(Told, {"knid": "bill"})
    assert refused.value.where == "$.knid" and "2 are wrong in all" in refused.value.message
    for told in ([], "x", None, 5):
        with pytest.raises(Invalid) as refused:
            read_body(Told, told)
        assert refused.value.where == "$"


def test_the_schema_says_the_same() -> None:
    schema = schema_of(Told)
    assert schema["additionalProperties"] is False and schema["required"] == ["kind"]
    assert schema["properties"]["kind"]["enum"] == ["bill", "move"]
    assert schema["properties"]["from"]["maxLength"] == 5
    row = schema["properties"]["rows"]["items"]
    assert row["required"] == ["id"] and row["properties"]["id"]["maxLength"] == 3
    assert "additionalProperties" not in row or row["additionalProperties"]
    assert "$ref" not in str(schema)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What a schema of ours lets through."""
    if "anyOf" in schema:
        return st.one_of([fitting(one) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    if schema["type"] == "object":
        fields = {name: fitting(one) for name, one in schema["properties"].items()}
        needed = {name: fields.pop(name) for name in schema["required"]}
        return st.fixed_dictionaries(needed, optional=fields)
    if schema["type"] == "array":
        return st.lists(
            fitting(schema["items"]), min_size=schema.get("minItems", 0), max_size=min(3, schema["maxItems"])
        )
    if schema["type"] == "null":
        return st.none()
    assert schema["type"] == "string"
    if schema.get("format") == "date-time":
        return st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
    return st.text(min_size=schema.get("minLength", 0), max_size=min(20, schema["maxLength"]))


OURS = (Opening, Writing, Written, Brought, Event)


@given(st.data(), st.sampled_from(OURS))
def test_a_document_that_fits_the_schema_is_refused_for_its_letters_alone(
    data: st.DataObject, model: type[Any]
) -> None:
    document = data.draw(fitting(schema_of(model)))
    try:
        read_body(model, document)
    except Invalid as error:
        assert error.code in ("text", "instant", "recording"), error.message


@given(st.sampled_from(OURS), st.dictionaries(st.text(max_size=9), st.integers() | st.text() | st.none()))
def test_whatever_is_sent_is_read_or_refused(model: type[Any], document: dict[str, Any]) -> None:
    try:
        read_body(model, document)
    except Invalid as error:
        assert error.where is not None and error.where.startswith("$")
