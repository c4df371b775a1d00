"""Addresses that cannot be one."""

from __future__ import annotations

from tests.web.conftest import MakeClient


def test_a_word_where_a_number_belongs_is_not_found(make_client: MakeClient) -> None:
    answer = make_client("agent").get("/customers/abc")
    assert answer.status_code == 404
    assert "The address may be old or mistyped." in answer.text
    assert "customer_id" not in answer.text
