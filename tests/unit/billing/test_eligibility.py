"""Whom a tariff is for, as its file says; a bad file gets the path of the field and the reason."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.errors import TariffRefused
from billing.domain.tariffs.eligibility import FUELS, SEGMENTS, Eligibility, Place
from billing.domain.tariffs.file import tariff_of

ON = date(2026, 12, 1)
HOME = Place("household", "electricity", "NORTH", 8_000_000)
GAS = {"commodity": "gas", "calorific_values": [{"from": "2024-01-01", "value": "39.4"}]}


def document(**more: Any) -> dict[str, Any]:
    charges = [{"kind": "energy", "code": "energy", "periods": [{"label": "Energy", "price": "0.2"}]}]
    versions = [{"starts_on": "2024-01-01", "charges": charges}]
    return {"format": "tariff/1", "code": "t", "name": "T", "currency": "GBP", "versions": versions, **more}


def unfit(place: Place = HOME, on: date = ON, **eligibility: Any) -> list[tuple[str, dict[str, str]]]:
    found = tariff_of(document(eligibility=eligibility)).eligibility.unfit(place, on)
    return [(one.code, one.named) for one in found]


def test_what_is_left_out_limits_nothing() -> None:
    assert tariff_of(document()).eligibility == Eligibility()
    assert Eligibility().unfit(Place("industry", "electricity"), ON) == ()


def test_every_reason_is_named() -> None:
    assert unfit(segments=["household"], areas=["NORTH"], connection_kw={"least": "8", "most": "8"}) == []
    assert unfit(
        segments=["industry", "small_business"],
        areas=["SOUTH", "EAST"],
        connection_kw={"least": "15"},
        closed_from="2026-12-01",
    ) == [
        ("segment", {"segments": "industry small_business", "here": "household"}),
        ("area", {"areas": "SOUTH, EAST", "here": "NORTH"}),
        ("connection_below", {"least": "15", "here": "8"}),
        ("closed", {"day": "2026-12-01"}),
    ]
    assert unfit(connection_kw={"most": "7.5"}) == [("connection_above", {"most": "7.5", "here": "8"})]
    unknown = Place("household", "electricity")
    assert [code for code, _ in unfit(unknown, connection_kw={"most": "7.5"}, areas=["NORTH"])] == [
        "area", "connection_unknown",
    ]  # fmt: skip
    assert unfit(on=ON - timedelta(days=1), closed_from="2026-12-01") == []


def test_the_fuel_is_the_volumes_or_the_one_named() -> None:
    assert tariff_of(document(volume=GAS)).fuel == "gas"
    assert tariff_of(document(fuel="gas")).fuel == "gas"  # metered in kWh
    assert [one.code for one in tariff_of(document(volume=GAS)).eligibility.unfit(HOME, ON)] == ["fuel"]


@pytest.mark.parametrize(
    ("more", "place", "reason"),
    [
        ({"fuel": "steam"}, "fuel", "'steam' is not one of electricity, gas, water"),
        ({"fuel": "electricity", "volume": GAS}, "fuel", "its volume is of gas"),
        ({"fuel": "water"}, "fuel", "water is metered in m3: say so by a 'volume'"),
        ({"eligibility": {}}, "eligibility", "it limits nothing; leave it out"),
        ({"eligibility": {"segment": ["household"]}}, "eligibility", "unknown key 'segment'"),
        (
            {"eligibility": {"segments": ["household", "hotel"]}},
            "eligibility.segments[1]",
            "'hotel' is not one of household, small_business, industry",
        ),
        ({"eligibility": {"areas": ["NORTH", "NORTH"]}}, "eligibility.areas", "names something twice"),
        ({"eligibility": {"connection_kw": {}}}, "eligibility.connection_kw", "give 'least', 'most' or both"),
        (
            {"eligibility": {"connection_kw": {"least": "15", "most": "7"}}},
            "eligibility.connection_kw.most",
            "it is below 'least', 15",
        ),
        (
            {"eligibility": {"connection_kw": {"least": 15}}},
            "eligibility.connection_kw.least",
            'write the number as a text, "15", so that it stays exact',
        ),
        (
            {"eligibility": {"closed_from": "soon"}},
            "eligibility.closed_from",
            "'soon' is not a date written YYYY-MM-DD",
        ),
    ],
)
def test_a_bad_file_gets_the_place_and_the_reason(more: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(TariffRefused) as refused:
        tariff_of(document(**more))
    assert refused.value.place == place
    assert reason in refused.value.reason or reason in str(refused.value)


@given(
    segment=st.sampled_from(SEGMENTS),
    fuel=st.sampled_from(FUELS),
    area=st.sampled_from(["", "NORTH", "SOUTH"]),
    power=st.none() | st.integers(1, 10**9),
    limits=st.builds(
        Eligibility,
        st.sets(st.sampled_from(SEGMENTS)).map(tuple),
        st.sets(st.sampled_from(["NORTH", "SOUTH"])).map(tuple),
        st.none() | st.integers(1, 10**9),
        st.none() | st.integers(1, 10**9),
        st.none() | st.dates(),
        fuel=st.sampled_from(FUELS),
    ),
    on=st.dates(),
)
def test_it_fits_where_every_limit_is_kept(
    segment: str, fuel: str, area: str, power: int | None, limits: Eligibility, on: date
) -> None:
    least, most = limits.least_micro_kw, limits.most_micro_kw
    kept = (
        fuel == limits.fuel
        and (not limits.segments or segment in limits.segments)
        and (not limits.areas or area in limits.areas)
        and (least is None or (power is not None and power >= least))
        and (most is None or (power is not None and power <= most))
        and (limits.closed_from is None or on < limits.closed_from)
    )
    assert (limits.unfit(Place(segment, fuel, area, power), on) == ()) is kept
