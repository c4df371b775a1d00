"""The specification's own example, and what a listener would check."""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.errors import Invalid
from utility_crm.webhooks.domain.patience import LONGEST_ASKED, MANY, TRIES, WAITS, rest_after, wait_after
from utility_crm.webhooks.domain.signing import headers, key_of, signature, written


def test_the_published_example_is_signed_alike() -> None:
    """Of the documentation of Svix, whose scheme the specification took over."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=24, max_size=64), st.binary(max_size=200), st.integers(0, 4_000_000_000))
def test_either_of_two_secrets_proves_it(key: bytes, body: bytes, at: int) -> None:
    other = bytes(reversed(key)) + b"x" if len(key) < 64 else bytes(reversed(key))
    instant = datetime.fromtimestamp(at, UTC)
    said = headers([written(key), written(other)], "evt_1", instant, body)
    assert key_of(written(key)) == key
    assert said["webhook-id"] == "evt_1" and said["webhook-timestamp"] == str(at)
    content = b"evt_1." + str(at).encode() + b"." + body
    for one in (key, other):
        right = b64encode(hmac.new(one, content, sha256).digest()).decode()
        assert f"v1,{right}" in said["webhook-signature"].split(" ")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", "whsec_!!!!", "whsec_" + "A" * 200])
def test_what_is_no_secret_signs_nothing(secret: str) -> None:
    with pytest.raises(Invalid):
        key_of(secret)


@given(st.integers(1, TRIES - 1), st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_spread_by_a_fifth(attempts: int, chance: float) -> None:
    wait = wait_after(attempts, chance)
    assert wait is not None and 0.8 * WAITS[attempts - 1] <= wait <= 1.2 * WAITS[attempts - 1]


def test_patience_is_three_days_and_ends() -> None:
    assert timedelta(days=3) < sum(WAITS, timedelta()) < timedelta(days=4)
    assert wait_after(TRIES, 0.5) is None and wait_after(TRIES + 5, 0.5) is None


def test_what_was_asked_for_is_waited_for_up_to_a_day() -> None:
    assert wait_after(1, 0.0, timedelta(hours=1)) == timedelta(hours=1)
    assert wait_after(1, 0.0, timedelta(days=365)) == LONGEST_ASKED
    assert wait_after(9, 0.0, timedelta(seconds=1)) == WAITS[8] * 0.8


def test_who_fails_again_and_again_is_left_alone_ever_longer() -> None:
    assert rest_after(MANY - 1) is None
    rests = [rest_after(failures) for failures in range(MANY, MANY + 40)]
    assert all(one is not None for one in rests)
    assert rests == sorted(rests) and rests[0] == timedelta(seconds=30)  # type: ignore[type-var]
    assert rests[-1] == timedelta(minutes=15)
