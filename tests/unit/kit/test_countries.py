"""The country of the settings is one of the standard's codes; a near one is named."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from utility_crm.kit.countries import countries, nearest_country
from utility_crm.kit.settings import Settings


@pytest.mark.parametrize(("written", "meant"), [("UK", "GB"), ("GBR", "GB"), ("gb", "GB"), ("USA", "US")])
def test_another_code_of_a_country_is_refused_and_the_right_one_named(
    written: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nearest_country(written) == meant
    monkeypatch.setenv("UTILITY_CRM_COUNTRY", written)
    with pytest.raises(ValidationError, match=f"did you mean {meant}"):
        Settings()


def test_countries_are_those_of_today() -> None:
    assert {"GB", "RU", "DE", "US", "AU", "IN", "NZ", "AQ"} <= countries()
    assert not {"UK", "EU", "SU", "ZZ", "YU"} & countries() and 245 <= len(countries()) <= 252


def test_a_country_of_the_standard_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_COUNTRY", "DE")
    assert Settings().country == "DE"
