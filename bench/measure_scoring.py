"""Scoring and explaining 100,000 simulated customers, to the bare prediction on a ready matrix.

The bare prediction is `predict_proba` of scikit-learn's gradient boosting, with interactions and as many
trees as the platform ever takes, on a matrix of the same facts that lies in memory: no database, no reasons.
Ours reads the kept facts of everybody from the database, takes the chance apart into a term a fact, finds
three reasons a customer and says each with the customer's own figures; and once more with all of it written.
How long reading the facts from all tables takes, once a day, stands on standard error.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.databases import migrated_database, seconds_of_both
from bench.measurement import Measurement, Seconds, side_by_side
from churn import boosted
from churn.actions.registering import champion
from churn.actions.scoring import judged, scored_from
from churn.boosted import LEARNING_RATE, LEAVES, MOST_ROUNDS, Coded, Trees
from churn.domain.facts import CATEGORICAL, NUMERIC_NAMES
from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from churn.domain.models import Model
from churn.features import features
from churn.kept_facts import keep, kept_on
from churn.model import pipeline
from churn.tables import ChurnModel
from utility_crm.installed import load_tables
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.settings import settings

CUSTOMERS = int(os.environ.get("CUSTOMERS", 100_000))
READ = int(os.environ.get("READ", CUSTOMERS // 50))
"""Of how many there are half-hours."""
LEARNED = 20_000
AS_OF = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
BAR = 3.0
WRITTEN_BAR = 7.0
"""With the rows, their indexes and foreign keys, and the commit: to catch what became much slower."""
_BASE = """
alter table bills drop constraint ex_bills_once;
alter table agreements drop constraint ex_agreements_no_overlap;
insert into network_nodes (code, name, kind) select 'A' || n, 'Area ' || n, 'area'
from generate_series(1, 12) n;
insert into temperature_days (area_id, day, millicelsius)
select a.id, day,
       array_fill(cast(9000 - 7000 * cos(extract(doy from day) / 58) + a.id * 100 as int), array[24])
from network_nodes a cross join generate_series(date '2025-06-01', '2026-11-19', interval '1 day') day;
insert into customers (number, kind, name, segment, since)
select 'C' || n, 'person', 'Customer ' || n, case when n % 6 = 0 then 'small_business' else 'household' end,
       date '2012-01-01' + n % 5000 from generate_series(1, :n) n;
insert into premises (code, address, city, timezone, node_id)
select 'P' || n, n || ' Street', 'City', 'Europe/London', 1 + n % 12 from generate_series(1, :n) n;
insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on, payment_method)
select 41000000 + id, id, id, 1 + id % 28, 'GBP', '2015-01-01',
       (array['card', 'transfer', 'direct_debit'])[1 + id % 3] from customers;
insert into occupancies (account_id, premise_id, starts_on) select id, id, '2015-01-01' from accounts;
insert into service_points (code, premise_id) select 'S' || id, id from premises;
insert into channels (service_point_id, name, unit, direction, offset_minutes)
select id, 'E1', 'kWh', 'import', 0 from service_points;
insert into tariffs (code, name, currency, document)
select code, code, 'GBP', jsonb_build_object('format', 'tariff/1', 'code', code, 'name', code,
    'currency', 'GBP', 'timezone', 'Europe/London', 'versions', jsonb_build_array(jsonb_build_object(
    'starts_on', '2020-01-01', 'charges', jsonb_build_array(jsonb_build_object(
    'kind', 'energy', 'code', 'energy', 'periods', cast(periods as jsonb))))))
from (values ('steady', '[{"label": "All hours", "price": "0.22"}]'),
             ('night', '[{"label": "Night", "price": "0.10", "hours": ["00:00-07:00"]},
                         {"label": "Day", "price": "0.25", "otherwise": true}]')) t (code, periods);
insert into agreements (account_id, service_point_id, tariff_id, starts_on, term_ends_before)
select id, id, 1 + id % 2, '2020-01-01',
       case when id % 3 = 0 then date '2026-11-20' + cast(id * 31 % 700 as int) end from accounts;
set local session_replication_role = replica;
insert into bills (number, account_id, starts_on, ends_before, issued_on, due_on, currency, total_minor,
    open_minor, micro_kwh, estimated_readings)
select 'B' || id || '-' || n, id, day - 30, day, day, day + 14, 'GBP',
       cast(6000 + hashint4(id * 31 + n) % 2500 + 900 * cos(n / 2.0) as int), 0,
       300000000 + hashint4(id * 17 + n) % 90000000, case when n % 7 = id % 7 then 3 else 0 end
from (select cast(id as int) as id from accounts) a cross join generate_series(0, 13) n
cross join lateral (select date '2026-11-20' - 1 - id % 28 - n * 30 as day) d;
insert into payments (account_id, received_at, amount_minor, open_minor, currency, method, reference)
select account_id, due_on - 9 + abs(hashint8(id)) % 14, total_minor, 0, 'GBP', 'transfer', 'R' || id
from bills where due_on < '2026-11-20' and id % 41 > 0;
insert into contacts (customer_id, at, channel, topic, complaint, answered_at)
select 1 + n * 7919 % :n, at, (array['call', 'email', 'web'])[1 + n % 3], 'bill', n % 9 = 0,
       case when n % 4 > 0 then at + n % 30 * interval '1 day' end
from generate_series(1, :n) n
cross join lateral (select timestamptz '2026-11-20' - n % 200 * interval '1 day' as at) w;
insert into outages (node_id, planned, starts_at, ends_at, restored_at, state)
select 1 + n % 12, false, at, at + interval '2 hours', at + interval '2 hours', 'restored'
from generate_series(1, 12) n
cross join lateral (select timestamptz '2026-11-18' - n * interval '9 days' as at) w;
select make_block_partitions('2026-10-01', '2026-12-01');
insert into blocks (channel_id, day, micro, quality, feed_id)
select c, cast(day as date), array_fill(cast(150000 + 10000 * (c % 20) as bigint), array[48]), 1, 1
from generate_series(1, :read) c
cross join generate_series(date '2026-10-20', '2026-11-19', interval '1 day') day
"""


def measurements() -> Iterator[Measurement]:
    """Seconds of processor, this process and the database server together, and by the wall."""
    load_tables()
    with migrated_database() as engine:
        began = time.perf_counter()
        _fill(engine)
        _say(f"{CUSTOMERS} customers, {READ} with half-hours: {time.perf_counter() - began:.0f} s to make")
        worked = seconds_of_both(engine)
        began, work = time.perf_counter(), worked()
        with unit_of_work(engine) as session:
            keep(session, AS_OF, NOW)
        _say(
            f"facts from all tables, and kept: {time.perf_counter() - began:.1f} s, "
            f"{worked() - work:.1f} of processor"
        )
        with Session(engine) as session:
            frame = features(session, [AS_OF], settings().timezone)
        left = _outcomes(frame)
        model = _champion(engine, frame, left)
        coded = Coded.of(frame, NUMERIC_NAMES, CATEGORICAL)
        matrix = coded.matrix(frame)
        trees = _trees(coded, matrix, left)

        def bare() -> FloatArray:
            with threadpool_limits(1):
                found: FloatArray = trees.predict_proba(matrix)[:, 1]
            return found

        def told() -> None:
            with Session(engine) as session:
                kept = kept_on(session, AS_OF)
                assert kept is not None
                judged(kept, model)

        def written() -> None:
            with unit_of_work(engine) as session:
                kept = kept_on(session, AS_OF)
                row = champion(session)
                assert kept is not None and row is not None
                done = scored_from(session, AS_OF, NOW, kept, row, {})
            assert done.customers == CUSTOMERS

        logistic = pipeline(NUMERIC_NAMES, CATEGORICAL).fit(frame[:LEARNED], left[:LEARNED])
        plain = side_by_side(lambda: logistic.predict_proba(frame), bare, 3)
        _say(
            f"{len(trees._predictors)} trees, bare: {plain.reference_cpu:.2f} s of processor; "
            f"the logistic pipeline on the frame: {plain.ours_cpu:.2f} s"
        )
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze churn_facts"))
        yield from _lines("scored and explained", BAR, side_by_side(told, bare, 5, worked))
        yield from _lines(
            "scored, explained and written", WRITTEN_BAR, side_by_side(written, bare, 5, worked)
        )


def _lines(what: str, bar: float, found: Seconds) -> Iterator[Measurement]:
    name = f"{CUSTOMERS} customers {what}, kept facts read, to the bare prediction"
    yield Measurement(f"{name}: s of processor", found.ours_cpu, found.reference_cpu, "lower", bar)
    yield Measurement(f"{name}: s", found.ours, found.reference, "lower", bar)


def _fill(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in _BASE.split(";\n"):
            given = {"n": CUSTOMERS} if ":n)" in statement or ":n," in statement else {}
            given |= {"read": READ} if ":read" in statement else {}
            connection.execute(text(statement), given)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def _outcomes(frame: pd.DataFrame) -> BoolArray:
    """Who left, drawn by a few of the facts."""
    draw = np.random.default_rng(7)
    odds = 2.5 * frame["bill_shock"].fillna(0) + 1.5 * frame["unanswered"] - frame["tenure"] - 1.5
    left: BoolArray = draw.random(len(frame)) < 1 / (1 + np.exp(-odds.to_numpy(dtype=np.float64)))
    return left


def _champion(engine: Engine, frame: pd.DataFrame, left: BoolArray) -> Model:
    """The larger of the two kinds: curves of boosted trees."""
    numeric = [name for name in NUMERIC_NAMES if frame[name].notna().any()]
    setting = Trees(max(LEAVES), MOST_ROUNDS)
    model = boosted.fit(frame[:LEARNED], left[:LEARNED], numeric, CATEGORICAL, setting)
    with unit_of_work(engine) as session:
        session.add(
            ChurnModel(
                as_of=AS_OF, parameters=model.document(), figures={"status": "learned"}, state="champion",
                champion_since=NOW,
            )
        )  # fmt: skip
    return model


def _trees(coded: Coded, matrix: FloatArray, left: BoolArray) -> HistGradientBoostingClassifier:
    """The same setting, and trees may ask of several facts."""
    numbers = len(coded.numeric)
    return HistGradientBoostingClassifier(
        learning_rate=LEARNING_RATE,
        max_iter=MOST_ROUNDS,
        max_leaf_nodes=max(LEAVES),
        min_samples_leaf=20,
        l2_regularization=3.0,
        early_stopping=False,
        categorical_features=list(range(numbers, numbers + len(coded.names))),
        random_state=0,
    ).fit(matrix[:LEARNED], left[:LEARNED])


def _say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)
