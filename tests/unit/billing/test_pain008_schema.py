"""Our direct debits against the published schema of ISO 20022, pain.008.001.08, as sepaxml carries it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from billing.money_in.pain008 import Debit, Message, message_xml

IBAN = "DE89370400440532013000"
AT = datetime(2026, 11, 20, 9, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """Read as a file: nothing of the package is run."""
    found = find_spec("sepaxml")
    assert found is not None and found.origin is not None
    return etree.XMLSchema(etree.parse(Path(found.origin).parent / "schemas" / "pain.008.001.08.xsd"))


names = st.text(min_size=1, max_size=90).filter(lambda words: words.strip())
debits = st.builds(
    Debit,
    st.integers(1, 10**9).map(lambda number: f"B2026-10-{number}-1"),
    st.integers(1, 10**9),
    st.sampled_from(("FRST", "RCUR")),
    st.from_regex(r"[A-Za-z0-9+?/:().,'-]{1,35}", fullmatch=True),
    st.dates(date(2010, 1, 1), date(2026, 11, 1)),
    names,
    st.sampled_from((IBAN, "NO9386011117947", "MT84MALT011000012345MTLCAST001S")),
    st.sampled_from(("", "COBADEFF", "COBADEFFXXX")),
    st.integers(1, 10**9).map(lambda number: f"2026-10-{number}"),
)
messages = st.builds(
    Message,
    st.just("DDEUR20261124-1"),
    st.just(AT),
    st.just(date(2026, 11, 24)),
    st.just("EUR"),
    names,
    st.just(IBAN),
    st.sampled_from(("", "COBADEFF")),
    st.just("DE98ZZZ09999999999"),
)


@settings(deadline=None, max_examples=60)
@given(messages, st.lists(debits, min_size=1, max_size=6))
def test_every_message_is_valid(schema: etree.XMLSchema, message: Message, found: list[Debit]) -> None:
    document = etree.fromstring(message_xml(message, found))
    assert schema.validate(document), schema.error_log


def test_the_schema_refuses_what_is_wrong(schema: etree.XMLSchema) -> None:
    one = Debit("B1-1", 100, "FRST", "M1", date(2026, 1, 31), "Ada Example", "no iban", "", "1")
    message = Message("DD1", AT, date(2026, 11, 24), "EUR", "Example", IBAN, "", "DE98ZZZ09999999999")
    assert not schema.validate(etree.fromstring(message_xml(message, [one])))
