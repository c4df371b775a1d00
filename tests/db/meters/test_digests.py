"""Our digests of arrays are the server's."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from meters.domain.decimals import MISSING
from meters.store.digests import digest_of, digests_agree

VALUES = st.one_of(st.none(), st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-3, 10**7))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(
    rows=st.integers(1, 5).flatmap(
        lambda size: st.lists(st.lists(VALUES, min_size=size, max_size=size), min_size=1, max_size=4)
    )
)
def test_digests_are_those_of_the_server(session, rows: list[list[int | None]]) -> None:
    values = np.array([[MISSING if one is None else one for one in row] for row in rows], dtype=np.int64)
    theirs = [
        session.scalar(text("select hash_array_extended(cast(:row as bigint[]), 0)"), {"row": row})
        for row in rows
    ]
    assert digest_of(values).tolist() == theirs


def test_long_days_and_small_integers(session) -> None:
    rng = np.random.default_rng(3)
    for size in (24, 48, 96, 288, 1440):
        values = rng.integers(0, 10**9, (70, size))
        theirs = session.scalar(
            text(
                "select array_agg(hash_array_extended(v, 0) order by place) from ("
                " select array_agg(one order by at) as v, (at - 1) / :size as place"
                " from unnest(cast(:all as bigint[])) with ordinality as u(one, at) group by 2) x"
            ),
            {"all": values.reshape(-1).tolist(), "size": size},
        )
        assert digest_of(values).tolist() == theirs
    codes = rng.integers(0, 6, (1, 48))
    theirs = session.scalar(
        text("select hash_array_extended(cast(:row as smallint[]), 0)"), {"row": codes[0].tolist()}
    )
    assert digest_of(codes).tolist() == [theirs]


def test_the_server_is_asked(session) -> None:
    assert digests_agree(session)
