"""Addresses that cannot be one."""

from __future__ import annotations

from tests.web.conftest import MakeClient


def test_a_word_where_a_number_belongs_is_not_found(make_client: MakeClient) -> None:
    answer = make_client("agent").get("/customers/abc")
    assert answer.status_code == 404
    assert "The address may be old or mistyped." in answer.text
    assert "customer_id" not in answer.text


def test_a_value_that_no_column_holds_is_not_found_or_not_kept(make_client: MakeClient) -> None:
    """A number beyond bigint, a NUL within a text: neither is a fault of the house."""
    client = make_client("admin")
    for path in ("/bills/%00", "/bills/2026-01-000001%00", "/customers/99999999999999999999999"):
        answer = client.get(path)
        assert (answer.status_code, "old or mistyped" in answer.text) == (404, True)
