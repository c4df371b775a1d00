"""Codes of MSCONS messages: what a value is worth, where it comes from, its unit.

Sources: UN/EDIFACT D.04B code lists 6063, 9015, 9013; EDI@Energy MSCONS Nachrichtenbeschreibung 2.4c with its
Anwendungshandbuch; UNECE Recommendation 20 for units.
"""

from __future__ import annotations

from meters.domain.quality import Quality

STATUS: dict[str, Quality] = {
    "220": Quality.ACTUAL,  # wahrer Wert: measured
    "67": Quality.SUBSTITUTED,  # Ersatzwert
    "201": Quality.ESTIMATED,  # Vorschlagswert: proposed, bills may not rest on it
    "187": Quality.FORWARD,  # Prognosewert
    "Z18": Quality.ESTIMATED,  # vorlaeufiger Wert: may still change
    "79": Quality.ESTIMATED,  # Energiemenge summiert: a sum, not a meter's value
    "20": Quality.MISSING,  # nicht verwendbarer Wert
    "Z30": Quality.MISSING,  # fehlender Wert
}
"""QTY 6063 of a reading."""

NOT_READINGS = {"Z31": "a figure for a delivery note", "Z47": "a figure for a price, not for usage"}
"""QTY 6063 of values that stand beside readings and would be counted twice."""

METHOD, NOTE = "Z32", "Z33"
REASONS = ("Z40", "Z34")
"""STS 9015: how a substitute was made, a remark on plausibility, why it was made or a value corrected. Z40
tells more of a substitute than Z34."""

READ_BY_CUSTOMER = "Z83"

METHODS = {
    "Z88": "control meter, calibrated",
    "Z89": "control meter, not calibrated",
    "Z90": "rebuilt from calibrated values",
    "Z91": "rebuilt from values not calibrated",
    "Z92": "interpolation",
    "Z93": "value held",
    "Z94": "balance of the network section",
    "Z95": "historic values",
    "ZJ2": "statistical method",
    "ZQ8": "split",
    "ZQ9": "register of disturbed volume",
    "ZR0": "bypass and correction volumes",
    "ZS0": "as told for the metering location",
}
"""STS+Z32, code list 9013."""

REASON_WORDS = {
    "Z74": "no access",
    "Z75": "communication fault",
    "Z76": "network outage",
    "Z77": "voltage outage",
    "Z78": "meter exchange",
    "Z79": "calibration",
    "Z80": "device outside of its operating conditions",
    "Z81": "metering device disturbed or defective",
    "Z82": "measurement uncertain",
    "ZA0": "clock set",
    "ZA1": "value not plausible",
    "ZA3": "wrong transformer ratio",
    "ZA4": "faulty reading",
    "ZA5": "calculation changed",
    "ZA6": "metering location rebuilt",
    "ZA7": "data processing error",
    "ZB0": "metering device disturbed or defective",
    "ZB9": "tariff switching times changed",
    "ZC2": "tariff switch defective",
    "ZC4": "pulse weight too coarse",
    "ZS9": "as told for the metering location",
    "ZT8": "no value at the time asked for",
}
"""STS+Z40 and STS+Z34, code list 9013."""

UNITS = {
    "WHR": "Wh",
    "KWH": "kWh",
    "MWH": "MWh",
    "K3": "kVArh",
    "MTQ": "m3",
    "LTR": "l",
    "WTT": "W",
    "KWT": "kW",
    "MAW": "MW",
    "KVR": "kVAr",
}
"""Unit codes of Recommendation 20 (QTY and MEA 6411); others are kept as they are spelt. K3 is energy, KVR is
power."""

_HEAD = {"UNH", "BGM", "DTM", "CUX", "AUT", "RFF", "NAD", "CTA", "COM", "FTX", "UNS"}
_DETAIL = {"LOC", "CCI", "CAV", "MEA", "LIN", "PIA", "IMD", "PRI", "MOA", "QTY", "STS", "CNT", "UNT"}
SEGMENTS = frozenset(_HEAD | _DETAIL)
"""Every segment a MSCONS message may have (D.96A to D.04B); any other tag is damage."""

OTHER_TIMES = frozenset({"60", "137", "293", "306", "492"})
"""DTM 2005 that say nothing of when a value was: change of a device, the message's, a version's, the month of
a peak, a balancing month."""

FIRST_READ, FINAL_READ = "IOM", "ROM"
START_OF_DAY = "SMV"
"""Codes of CCI or CAV: read when a meter was put up or taken down; a date without an hour is its day's start.
Any other date is its day's end (BDEW forum on data formats, ticket 2021-00964)."""
