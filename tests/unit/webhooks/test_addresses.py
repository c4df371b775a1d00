"""Where a webhook may not go, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.errors import Invalid
from utility_crm.webhooks.domain.addresses import is_public, read_url
from utility_crm.webhooks.posting import NotReached, post

INSIDE = [
    "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.0.8", "198.18.0.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "feff::1", "fc00::1", "fd12:3456::1", "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001::1", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07::1", "::ffff:8.8.8.8"])
def test_the_whole_world_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "ftp://example.org/", "https://", "https:///x", "https://user:pw@example.org/",
        "https://user@example.org/", "https://example.org:0/", "https://example.org:99999/", "https://[::1/",
        "https://exa mple.org/", "https://example.org/\r\nHost: x", "http://example.org/",
        "https://localhost/", "https://intranet/", "https://db.internal/", "https://printer.local./",
        "https://x.localhost/", "https://" + "a" * 600 + ".org/", "https://münchen.example/",
        *(f"https://{one}/" for one in INSIDE if one.count(".") == 3 and ":" not in one),
        *(f"https://[{one}]/" for one in INSIDE if ":" in one and "%" not in one),
    ],
)  # fmt: skip
def test_such_an_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        read_url(url)


def test_a_good_one_is_taken_apart() -> None:
    one = read_url("https://Hooks.Example.org:8443/in?a=1#part")
    assert (one.scheme, one.host, one.port, one.path) == ("https", "hooks.example.org", 8443, "/in?a=1")
    assert one.origin == "hooks.example.org:8443"
    assert (
        read_url("https://example.org").path == "/"
        and read_url("https://example.org").origin == "example.org"
    )
    assert read_url("http://127.0.0.1:9/x", local=True).port == 9


def no_connection(*_: object) -> None:
    raise AssertionError("somebody was asked")


@pytest.mark.parametrize("behind", INSIDE[:-2])
def test_a_name_that_leads_inside_is_asked_nothing(behind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the first address behind the name is of the world: any would do to come in."""
    monkeypatch.setattr("socket.create_connection", no_connection)
    for found in ([behind], ["93.184.215.14", behind]):
        with pytest.raises(NotReached) as refused:
            post(read_url("https://rebound.example/"), b"{}", {}, resolve=lambda host, port, f=found: f)
        assert refused.value.closed and "private network" in str(refused.value)


@pytest.mark.parametrize("written", ["2130706433", "0x7f.1", "127.1", "017700000001"])
def test_other_ways_to_write_this_machine_lead_inside_as_well(written: str, monkeypatch) -> None:
    """The system's resolver reads them all; what it finds is judged."""
    monkeypatch.setattr("socket.create_connection", no_connection)
    with pytest.raises((NotReached, Invalid)) as refused:
        post(read_url(f"https://{written}/"), b"{}", {})
    assert isinstance(refused.value, Invalid) or refused.value.closed


@given(st.text(max_size=60))
def test_whatever_is_typed_is_an_address_or_refused(typed: str) -> None:
    try:
        one = read_url(typed)
    except Invalid:
        return
    assert one.scheme == "https" and 0 < one.port < 65536 and one.host and one.path.startswith(("/", "?"))
