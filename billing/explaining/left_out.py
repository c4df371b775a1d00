"""Why the weather is not told apart, in words; the codes are the domain's."""

from __future__ import annotations

from collections.abc import Mapping

from billing.domain.explanation.weather.parting import Reason
from utility_crm.web.words import mark

REASONS: Mapping[Reason, str] = {
    "no_temperatures": mark("not all temperatures of the two bills are known"),
    "too_short": mark("it takes 180 days to tell the weather from other reasons"),
    "no_weather": mark("the use here does not follow the temperature"),
    "no_gain": mark("knowing the temperature does not help to foretell the use here"),
    "unsure": mark("how much a degree adds is too uncertain"),
    "outside_range": mark("it was colder or warmer than on all days before"),
    "no_use": mark("nothing was used in one of the bills"),
}
