"""The simulated tariffs are files that the reader takes, priced as the plan says."""

from __future__ import annotations

import json
from datetime import date

from billing.demo.tariff_files import tariff_files
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.tax import TaxCharge
from billing.domain.tariffs.file import read_tariff
from utility_crm.demo import prices

CHANGE = date(2026, 10, 1)


def test_three_tariffs_with_one_price_change_each() -> None:
    tariffs = [read_tariff(json.dumps(document)) for document in tariff_files(CHANGE)]
    assert [tariff.code for tariff in tariffs] == ["steady", "day_night", "business"]
    assert all([version.starts_on for version in tariff.versions][1:] == [CHANGE] for tariff in tariffs)


def test_prices_and_taxes_are_the_plans() -> None:
    for document, tax in zip(tariff_files(CHANGE), (50_000, 50_000, 200_000), strict=True):
        tariff = read_tariff(json.dumps(document))
        for version, then in zip(tariff.versions, (prices.BEFORE, prices.AFTER), strict=True):
            (energy,) = [charge for charge in version.charges if isinstance(charge, EnergyCharge)]
            (vat,) = [charge for charge in version.charges if isinstance(charge, TaxCharge)]
            assert vat.rate_ppm == tax
            priced = {period.price_micro for period in energy.periods}
            expected = {
                "steady": {then.steady_kwh},
                "day_night": {then.night_kwh, then.day_kwh},
                "business": {
                    then.business_peak_kwh,
                    then.business_day_kwh,
                    then.business_summer_kwh,
                    then.business_night_kwh,
                },
            }[tariff.code]
            assert priced == expected
