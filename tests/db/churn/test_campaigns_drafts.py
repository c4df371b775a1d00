"""What may be drafted and drawn, and what is told of it before and after."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from billing.tables import Tariff
from churn.campaigns.answering import answer
from churn.campaigns.audience import Audience, candidates
from churn.campaigns.commands import take_margins
from churn.campaigns.drafting import asked_of, change_arm, draft_campaign
from churn.campaigns.first_words import first_words
from churn.campaigns.keeping import as_planned
from churn.campaigns.launching import launch
from churn.campaigns.previewing import preview
from churn.campaigns.results import results
from churn.campaigns.tables import Campaign, CampaignMember
from churn.domain.campaigns.power import detectable_fall
from churn.tables import ChurnModel, ChurnScore
from churn.uplift.actions import learn_due, learn_uplift
from churn.uplift.queries import kept
from meters.tables import ServicePoint
from tests.db.churn.conftest import Person, Supplier, supplied_by, tariff_file
from tests.worlds.campaign_world import HOUSEHOLD, NOW, TODAY, drafted, launched, populate, wanted
from tests.worlds.lock_waits import until_all_wait
from utility_crm.customers.tables import CustomerFlag
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.errors import Invalid, Refused
from utility_crm.kit.settings import settings

EVERY_HOME = Audience(HOUSEHOLD)
POINTS = {"offer": "points", "tariff_id": None, "amount": 500, "audience": EVERY_HOME}


def test_no_day_lies_where_the_calendar_ends(session: Session, supplier: Supplier) -> None:
    for day in (date.max, TODAY + timedelta(days=365 * 40)):
        with pytest.raises(Invalid) as wrong:
            draft_campaign(session, wanted(supplier, decides_on=day), now=NOW, by=None)
        assert wrong.value.where == "decides_on"


@pytest.mark.parametrize(
    ("offer", "blank"),
    [
        ("green", "{saving}"),  # of whom no what-if knows it, a letter would say 0.00
        ("points", "{tariff}"),
        ("tariff", "{amount}"),
        ("tariff", "{savings}"),
        ("tariff", "{ saving }"),
        ("tariff", "{экономия}"),
    ],
)
def test_a_blank_that_nothing_fills_is_refused(
    session: Session, supplier: Supplier, offer: str, blank: str
) -> None:
    changed = POINTS if offer == "points" else {"offer": offer}
    campaign_id = draft_campaign(session, wanted(supplier, **changed), now=NOW, by=None)
    words = {language: dict(parts) for language, parts in first_words(offer).items()}
    words["ru"]["body"] = f"{blank} {{until}}"
    given = {"name": "A", "weight": 1, "ways": ("notice",), "now": NOW, "by": None}
    with pytest.raises(Invalid) as wrong:
        change_arm(session, campaign_id, "A", words=words, **given)  # type: ignore[arg-type]
    assert (wrong.value.where, wrong.value.values) == ("body_ru", {"blank": blank})
    change_arm(session, campaign_id, "A", words=first_words(offer), **given)  # type: ignore[arg-type]


def sold(session: Session, supplier: Supplier, **eligibility: object) -> int:
    document = tariff_file("green", "Green", [("2023-01-01", [{"label": "All hours", "price": "0.30"}])])
    return supplier.add(
        Tariff(code="green", name="Green", currency="GBP", document=document | {"eligibility": eligibility})
    )


def reasons(session: Session, campaign_id: int) -> dict[int, str]:
    row = session.get_one(Campaign, campaign_id)
    return {one.customer_id: one.reason for one in candidates(session, asked_of(row), TODAY, NOW)}


def test_nobody_is_offered_a_tariff_that_is_not_for_them(session: Session, supplier: Supplier) -> None:
    homes = populate(session, supplier, 12)
    shop = supplier.moves_in(segment="small_business")
    gas_alone = supplier.moves_in()
    session.get_one(ServicePoint, gas_alone.point).fuel = "gas"
    green = sold(session, supplier, segments=["household"], closed_from="2027-06-01")
    session.flush()
    offer = {"offer": "green", "tariff_id": green, "audience": Audience()}
    found = reasons(session, drafted(session, supplier, **offer))
    assert {found[shop.customer], found[gas_alone.customer]} == {"not_theirs"}
    assert {found[one.customer] for one in homes} == {""}
    session.execute(
        text("""update tariffs set document = jsonb_set(document, '{eligibility,closed_from}', '"2026-12-01"')
                where id = :id"""),
        {"id": green},
    )
    campaign_id = drafted(session, supplier, **offer)
    assert set(reasons(session, campaign_id).values()) == {"not_theirs"}
    with pytest.raises(Refused, match="Nobody is left to ask"):
        launch(session, campaign_id, today=TODAY, now=NOW, by=None)


def test_whose_electricity_is_on_it_is_not_judged_by_their_gas(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 12)
    both = supplier.moves_in(tariff=supplier.day_night, since=date(2025, 1, 1))
    gas = supplier.add(ServicePoint(code="GAS1", fuel="gas", premise_id=premise_of(session, both)))
    supplier.agrees(both.account, gas, supplier.steady, date(2024, 1, 1))
    assert reasons(session, drafted(session, supplier, offer="green", audience=EVERY_HOME))[
        both.customer
    ] == ("on_it")


def premise_of(session: Session, person: Person) -> int | None:
    return session.get_one(ServicePoint, person.point).premise_id


def test_who_is_left_alone_is_not_offered_the_same_tariff_elsewhere(
    session: Session, supplier: Supplier
) -> None:
    populate(session, supplier, 30)
    launched(session, supplier)
    row = session.get_one(Campaign, drafted(session, supplier, offer="two_rate"))
    assert dict(preview(session, row, today=TODAY, now=NOW).left_out) == {"another_offer": 30}
    row = session.get_one(Campaign, drafted(session, supplier, **POINTS))  # another kind, and no tariff
    assert preview(session, row, today=TODAY, now=NOW).drawn == 30


@pytest.mark.parametrize(("told", "spent"), [(0, 1500), (1800, 1800)])
def test_a_credit_costs_at_least_itself(session: Session, supplier: Supplier, told: int, spent: int) -> None:
    populate(session, supplier, 40)
    credit = POINTS | {"offer": "discount", "amount": 1500, "costs": {"email": 4, "accepted": told}}
    campaign_id = launched(session, supplier, **credit)
    one = session.scalars(select(CampaignMember).where(CampaignMember.arm == "A")).first()
    assert one is not None
    answer(session, one.id, "accepted", via="link", today=TODAY, now=NOW)
    assert results(session, campaign_id, TODAY).spent_minor == spent


def test_points_cost_what_they_are_worth(
    session: Session, supplier: Supplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier, **POINTS, costs={"email": 4})
    one = session.scalars(select(CampaignMember).where(CampaignMember.arm == "A")).first()
    assert one is not None
    answer(session, one.id, "accepted", via="link", today=TODAY, now=NOW)
    assert results(session, campaign_id, TODAY).spent_minor == 0  # nobody set what a point is worth
    monkeypatch.setenv("UTILITY_CRM_POINT_WORTH_MICRO", "12500")
    settings.cache_clear()
    assert results(session, campaign_id, TODAY).spent_minor == 625
    settings.cache_clear()


def test_sums_name_one_reason_for_care(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 24)
    supplier.says(people[0], TODAY - timedelta(days=3), complaint=True)
    session.add(
        CustomerFlag(
            customer_id=people[2].customer, kind="medical", consented_at=NOW, review_on=date(2027, 1, 1)
        )
    )
    session.flush()
    row = session.get_one(Campaign, drafted(session, supplier))
    assert preview(session, row, today=TODAY, now=NOW).left_out == (("care", 2),)


def test_how_many_would_leave_is_told_before_and_kept_when_it_begins(
    session: Session, supplier: Supplier
) -> None:
    people = populate(session, supplier, 200)
    row = session.get_one(Campaign, drafted(session, supplier))
    assert preview(session, row, today=TODAY, now=NOW).leaving is None  # nobody's chance is known
    model = ChurnModel(as_of=TODAY, parameters={}, figures={})
    session.add(model)
    session.flush()
    session.add_all(
        ChurnScore(customer_id=one.customer, model_id=model.id, as_of=TODAY, score=chance, reasons=[])
        for one, chance in zip(people, [0.9, 0.7] * 100, strict=True)
    )
    session.flush()
    told = preview(session, row, today=TODAY, now=NOW)
    assert told.leaving is not None and told.leaving.share == pytest.approx(0.8, abs=0.02)
    assert told.leaving.fall == detectable_fall(told.leaving.share, told.drawn - told.alone, told.alone)
    assert told.leaving.fall is not None and 0.1 < told.leaving.fall < 0.4
    launch(session, row.id, today=TODAY, now=NOW, by=None)
    session.execute(text("update churn_scores set score = 0.001"))
    session.expire_all()
    assert as_planned(session.get_one(Campaign, row.id).planned) == told.leaving


@pytest.mark.parametrize(("many", "chances"), [(14, [0.2]), (40, [0.9] + 39 * [0.01])])
def test_how_many_would_leave_tells_of_nobody(
    session: Session, supplier: Supplier, many: int, chances: list[float]
) -> None:
    """Agents read it, who may not see one customer's chance: neither that of a handful, nor of one who makes
    up most of it."""
    people = populate(session, supplier, many)
    model = ChurnModel(as_of=TODAY, parameters={}, figures={})
    session.add(model)
    session.flush()
    session.add_all(
        ChurnScore(customer_id=one.customer, model_id=model.id, as_of=TODAY, score=chance, reasons=[])
        for one, chance in zip(people, many * chances, strict=False)
    )
    row = session.get_one(Campaign, drafted(session, supplier, control_percent=50))
    told = preview(session, row, today=TODAY, now=NOW)
    assert told.drawn == many and told.alone and told.leaving is None


def test_what_was_learned_by_hand_too_early_is_learned_again_on_the_day(
    session: Session, supplier: Supplier
) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier, **POINTS)
    decides = TODAY + timedelta(days=60)
    learn_uplift(session, campaign_id, now=NOW, today=TODAY + timedelta(days=10))
    assert learn_due(session, NOW, TODAY + timedelta(days=59)) == 0
    assert learn_due(session, NOW, decides) == 1 and learn_due(session, NOW, decides) == 0
    assert {one.day for one in kept(session, campaign_id)} == {decides}


def test_a_margin_that_is_told_twice_is_refused(session: Session, supplier: Supplier, tmp_path: Path) -> None:
    populate(session, supplier, 24)
    campaign_id = launched(session, supplier)
    file = tmp_path / "margins.csv"
    file.write_text("customer_number,margin\nC00001,1\nC00002,1\nC00001,2")
    with pytest.raises(Invalid, match="line 2") as wrong:
        take_margins(session, campaign_id, file)
    assert wrong.value.where == "line 4"


@pytest.fixture
def fresh(fresh_database_url: str) -> Iterator[Engine]:
    load_tables()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()


def test_two_that_begin_together_do_not_ask_the_same(fresh: Engine) -> None:
    with unit_of_work(fresh) as session:
        supplier = supplied_by(session)
        populate(session, supplier, 30)
        first, second = drafted(session, supplier), drafted(session, supplier)

    def begin() -> object:
        try:
            with unit_of_work(fresh) as session:
                return launch(session, second, today=TODAY, now=datetime.now(UTC), by=None)
        except Refused as told:
            return told.code

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(fresh) as session:
            launch(session, first, today=TODAY, now=NOW, by=None)
            waiting = pool.submit(begin)
            assert until_all_wait(fresh, waiting)
        assert waiting.result(timeout=30) == "nobody"
