"""What each field of a rate is to us. A field that is in none of these lists is refused by its name."""

from __future__ import annotations

from billing.domain.tariffs.json_place import described
from billing.domain.urdb.rate import Rate, number

PRICED = (
    "energyratestructure", "energyweekdayschedule", "energyweekendschedule", "fueladjustmentsmonthly",
    "dgrules", "demandratestructure", "demandweekdayschedule", "demandweekendschedule", "demandrateunit",
    "demandunits", "demandwindow", "flatdemandstructure", "flatdemandmonths", "flatdemandunit",
    "lookbackpercent", "lookbackmonths", "lookbackrange", "fixedchargefirstmeter", "fixedchargeunits",
    "mincharge", "minchargeunits", "fixedmonthlycharge", "minmonthlycharge", "annualmincharge",
    "coincidentratestructure", "coincidentrateschedule", "coincidentrateunit", "demandreactivepowercharge",
)  # fmt: skip
"""Read by the translation."""

NAMED = ("label", "name", "utility", "country")
"""Read as well: what the rate is called, and where it holds."""

WITHOUT_PRICE = (
    "_id", "type", "uri", "eiaid", "sector", "servicetype", "description", "source", "sourceparent",
    "basicinformationcomments", "energycomments", "demandcomments", "approved", "is_default", "isdefault",
    "revisions", "supersedes", "supercedes", "latest_update", "voltageminimum", "voltagemaximum",
    "voltagecategory", "phasewiring",
)  # fmt: skip
"""Says nothing of money."""

CONDITIONS = (
    "peakkwcapacitymin",
    "peakkwcapacitymax",
    "peakkwcapacityhistory",
    "peakkwhusagemin",
    "peakkwhusagemax",
    "peakkwhusagehistory",
)
"""Who may have the rate; nobody is kept from it here, and that is said."""

IN_WORDS = ("fixedattrs", "demandattrs", "energyattrs")
"""Further terms, as free text."""

UNKNOWN = "an unknown field; it may mean money, so it is not passed over"
_REFUSED = {
    "demandratchetpercentage": "shares by month, but not of which months' demand; give lookbackpercent and "
    "lookbackrange",
}


def check_fields(rate: Rate) -> None:
    """Refuses what would be dropped, and notes what is left out knowingly. Raises TariffRefused."""
    for name, reason in _REFUSED.items():
        if rate.has(name) and not _is_nothing(rate.values[name]):
            rate.refuse(name, reason)
    for name in CONDITIONS:
        if rate.has(name):
            rate.note(f"{rate.at(name)}: who may have the rate is not checked ({_short(rate.values[name])}).")
    for name in IN_WORDS:
        if rate.has(name):
            rate.note(f"{rate.at(name)}: terms in words are not priced: {_short(rate.values[name])}.")
    for name, words in (("startdate", "from"), ("enddate", "until")):
        if rate.has(name):
            when = f"{rate.at(name)}: in force {words} {_short(rate.values[name])}"
            rate.note(f"{when}; readings of any date are priced.")
    if rate.number("fixedchargeeaaddl"):
        rate.note(f"{rate.at('fixedchargeeaaddl')}: a charge for further meters; a supply here has one.")
    known = {*PRICED, *NAMED, *WITHOUT_PRICE, *CONDITIONS, *IN_WORDS, *_REFUSED}
    known |= {"startdate", "enddate", "fixedchargeeaaddl"}
    for name in rate.values:
        if name.startswith("pdp_"):
            rate.note(f"{rate.at(name)}: terms of critical days, which one may join, are not priced.")
        elif name not in known:
            rate.refuse(name, UNKNOWN)


def _is_nothing(value: object) -> bool:
    """Zeros only, however deep."""
    if isinstance(value, list):
        return all(_is_nothing(item) for item in value)
    if isinstance(value, dict):
        return all(_is_nothing(item) for key, item in value.items() if key in ("rate", "adj", "sell"))
    return isinstance(value, (int, float, str)) and number(value, "") == 0


def _short(value: object) -> str:
    words = str(value) if not isinstance(value, (dict, list)) else described(value)
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        words = "; ".join(f"{name} {said}" for item in value for name, said in item.items())
    return words if len(words) <= 80 else f"{words[:77]}..."
