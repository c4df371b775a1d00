"""The whole base on another tariff: on the own one it is the bills; who wins, who loses, and what is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from billing_world import NOW, Supplied, World, flat, flat_version, two_rate
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from billing.actions.issuing import issue_cycle
from billing.commands import app
from billing.cycles import Month
from billing.queries.what_ifs import known_savings
from billing.what_if.report import histogram_of, what_if_report
from billing.what_if.running import FACT, run_what_if
from tests.conftest import _clone
from utility_crm.app import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.segments.facts import facts_of

TODAY = date(2026, 11, 20)
FIRST, DAYS = date(2025, 9, 20), 425


@pytest.fixture(scope="module")
def base(server: EmbeddedServer | None) -> Iterator[tuple[Engine, dict[str, Supplied]]]:
    """Two flats on a cycle of the first, one of the fifteenth, one on the two-rate tariff, one read for two
    months only."""
    load_tables()
    cloned = _clone(server, "what_if")
    engine = make_engine(next(cloned))
    with unit_of_work(engine) as session:
        world = World(session)
        risen = flat(versions=[flat_version("2024-01-01", "0.25"), flat_version("2026-04-10", "0.29")])
        world.tariff(risen)
        world.tariff(two_rate())
        made = {
            "day": world.supplied(),
            "night": world.supplied(),
            "mid": world.supplied(cycle_day=15),
            "two": world.supplied("night"),
            "new": world.supplied(),
        }
        for number, (name, one) in enumerate(made.items()):
            if name == "night":
                world.read(one.channel_id, FIRST, ([900_000] * 12 + [1_000] * 36) * DAYS)
            elif name == "new":
                world.even(one.channel_id, TODAY - timedelta(days=60), 60)
            else:
                world.random(one.channel_id, FIRST, DAYS, number)
        ends = {"day": 1, "night": 1, "mid": 15, "two": 1}
        for name, cycle_day in ends.items():
            last = Month(2026, 11) if cycle_day == 15 else Month(2026, 10)
            for month in map(last.plus, range(-11, 1)):
                in_time = date(month.year, month.month, cycle_day) + timedelta(days=34)
                issue_cycle(
                    session, month, cycle_day, [made[name].account_id],
                    issued_on=min(in_time, TODAY), known_at=NOW, now=NOW,
                )  # fmt: skip
    yield engine, made
    engine.dispose()
    next(cloned, None)


def test_on_their_own_tariff_it_is_the_bills(base: tuple[Engine, dict[str, Supplied]]) -> None:
    engine, made = base
    for code, names in (("flat", ("day", "night", "mid")), ("night", ("two",))):
        found = run_what_if(engine, code, today=TODAY, now=NOW)
        with unit_of_work(engine) as session:
            for name in names:
                account = made[name].account_id
                billed, count = session.execute(
                    text("select sum(total_minor), count(*) from bills where account_id = :a"), {"a": account}
                ).one()
                own, other = session.execute(
                    text(
                        "select own_minor, other_minor from what_if_results "
                        "where what_if_id = :w and account_id = :a"
                    ),
                    {"w": found, "a": account},
                ).one()
                assert count == 12 and own == other == billed, name


def test_winners_losers_and_the_fact(base: tuple[Engine, dict[str, Supplied]]) -> None:
    engine, made = base
    told: list[tuple[int, int]] = []
    first = run_what_if(
        engine, "night", today=TODAY, now=NOW, progress=lambda done, due: told.append((done, due))
    )
    second = run_what_if(engine, "night", today=TODAY, now=NOW)
    assert told == [(5, 5)]
    with unit_of_work(engine) as session:
        assert session.scalar(text("select count(*) from what_ifs where id = :id"), {"id": first}) == 0
        report = what_if_report(session, what_if=second)
        assert report == what_if_report(session, tariff="night")
        assert (report.whole.accounts, report.left_out) == (4, 1)
        assert report.whole.winners >= 1 and report.whole.unchanged == 1
        assert sum(one.accounts for one in report.histogram) == 3
        assert sum(one.accounts for one in report.histogram if one.from_minor >= 0) == report.whole.winners
        assert [one.segment for one in report.by_segment] == ["household"]
        best = known_savings(session, made["night"].account_id, TODAY)[0]
        assert (best.tariff_code, best.verdict) == ("night", "switch")
        (fact,) = [
            one for one in facts_of(session, FACT, made["night"].customer_id) if one.parameter == "night"
        ]
        assert fact.value == best.saving_minor > 0
        others = known_savings(session, made["two"].account_id, TODAY)
        assert "night" not in [one.tariff_code for one in others]
        assert not [
            one for one in facts_of(session, FACT, made["new"].customer_id) if one.parameter == "night"
        ]
        document = report.document()
        assert document["left_out"] == 1 and document["histogram"]


def test_a_segment_alone_leaves_the_facts_of_others(base: tuple[Engine, dict[str, Supplied]]) -> None:
    engine, made = base
    run_what_if(engine, "night", today=TODAY, now=NOW)
    run_what_if(engine, "night", "industry", today=TODAY, now=NOW)
    with unit_of_work(engine) as session:
        assert what_if_report(session, tariff="night", segment="industry").whole.accounts == 0
        assert what_if_report(session, tariff="night").whole.accounts == 4
        assert facts_of(session, FACT, made["night"].customer_id)
    with pytest.raises(Invalid):
        run_what_if(engine, "night", "villages", today=TODAY, now=NOW)
    with pytest.raises(NotFound):
        run_what_if(engine, "none", today=TODAY, now=NOW)
    with unit_of_work(engine) as session, pytest.raises(NotFound):
        what_if_report(session, tariff="flat", segment="industry")


def test_zero_is_always_a_border_of_the_histogram() -> None:
    saving = np.random.default_rng(1).integers(-9_000, 20_000, 500)
    bins = histogram_of(saving)
    assert any(one.from_minor == 0 for one in bins) and 12 <= len(bins) <= 45
    assert sum(one.accounts for one in bins) == 500
    for before, after in pairwise(bins):
        assert before.below_minor == after.from_minor
    for one in bins[1:-1]:
        assert one.accounts == int(((saving >= one.from_minor) & (saving < one.below_minor)).sum())


def test_the_commands_print_one_document(
    base: tuple[Engine, dict[str, Supplied]], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, made = base
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("UTILITY_CRM_AS_OF", TODAY.isoformat())
    settings.cache_clear()
    try:
        code, document = call("what-if", "--tariff", "night")
        assert (code, document["accounts"], document["left_out"], document["segment"]) == (0, 4, 1, None)
        assert document["winners"] + document["losers"] + document["unchanged"] == 4
        assert sum(one["accounts"] for one in document["histogram"]) + document["unchanged"] == 4
        code, document = call("answer", "--account", made["night"].account, "tariff", "--param", "shift=20")
        assert code == 0 and document["adds_up"]["left_over"] == "0.00"
        assert {"name": "verdict.night", "value": "switch", "unit": ""} in document["figures"]
        assert call("answer", "--account", "none", "tariff")[0] == 1
        assert call("what-if", "--tariff", "none")[1]["error"]["code"] == "tariff"
        runner = CliRunner()
        assert runner.invoke(app, ["what-if", "--tariff", "night", "--segment", "x"]).exit_code == 2
        assert runner.invoke(app, ["answer", "--account", "A", "why", "--param", "x"]).exit_code == 2
        said = runner.invoke(app, ["what-if", "--tariff", "night"]).stdout
        assert "4 accounts on night" in said and "household" in said
        assert "1 the same;" in said and re.search(r"^ +the same +1 #", said, re.MULTILINE)
    finally:
        settings.cache_clear()


def call(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_whom_a_tariff_is_not_for_is_left_out(base: tuple[Engine, dict[str, Supplied]]) -> None:
    engine, made = base
    with unit_of_work(engine) as session:
        World(session).tariff(flat("works", price="0.01", eligibility={"segments": ["industry"]}))
    found = run_what_if(engine, "works", today=TODAY, now=NOW)
    with unit_of_work(engine) as session:
        kept = session.execute(
            text("select left_out, (select count(*) from what_if_results where what_if_id = w.id) "
                 "from what_ifs w where id = :id"), {"id": found},
        ).one()  # fmt: skip
        assert tuple(kept) == (len(made), 0)
