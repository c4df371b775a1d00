"""What a channel is called in NEM12 (Meter Data File Format Specification NEM12 & NEM13, section 4.3 and
appendix B; National Metering Identifier Procedure): service point, suffix, meter, unit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from meters.domain.units import Unit
from meters.feeds.nem.streams import direction_of
from meters.writing.writer import ChannelToWrite
from utility_crm.kit.errors import Invalid

_NMI = re.compile(r"[0-9A-Za-z]{1,10}", re.ASCII)
_SUFFIX = re.compile(r"[A-Za-z][1-9A-Za-z]", re.ASCII)
_METER = re.compile(r"[^\s,\"][^,\"\r\n]{0,11}")
_REGISTER = re.compile(r"[^\s,\"][^,\"\r\n]{0,9}")
_NUMBERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LETTERS = {
    ("kWh", "import"): "E",
    ("kWh", "export"): "B",
    ("kVArh", "import"): "Q",
    ("kVArh", "export"): "K",
}
_UNITS = {
    unit.lower(): unit
    for kind in ("Wh", "VArh", "VAr", "W", "VAh", "VA")
    for unit in (f"M{kind}", f"k{kind}", kind)
} | {unit.lower(): unit for unit in ("kV", "V", "kA", "A", "pf")}


@dataclass(frozen=True, slots=True)
class Named:
    """The fields of a 200 record that name a channel. `register` is its name here, where that fits."""

    nmi: str
    register: str
    suffix: str
    meter: str
    unit: str


@dataclass(slots=True)
class Names:
    """Gives each channel of a file its suffix: its own where that is one and tells its direction, else the
    first that is free at its service point (E1, E2...: import; B: export; Q, K: reactive)."""

    _taken: dict[str, dict[str, str]] = field(default_factory=dict)

    def named(self, channel: ChannelToWrite) -> Named:
        """Raises Invalid where NEM12 cannot name the channel, saying what of it."""
        point, name = channel.service_point, channel.channel
        if not _NMI.fullmatch(point):
            message = (
                f"NEM12 names a service point by up to 10 letters and digits; {point!r} is not so named."
            )
            raise Invalid("no_nmi", message, point)
        meter = channel.meter or ""
        if meter and not _METER.fullmatch(meter):
            message = f"NEM12 has 12 characters for a meter; {meter!r} of {point} does not fit."
            raise Invalid("no_meter_serial", message, point)
        unit = _unit(channel.unit, point, name)
        suffix = self._suffix(point, name, unit, channel.direction)
        register = name if _REGISTER.fullmatch(name) else suffix
        return Named(point, register, suffix, meter, unit)

    def _suffix(self, point: str, name: str, unit: str, direction: str) -> str:
        taken = self._taken.setdefault(point, {})
        fits = _SUFFIX.fullmatch(name) and direction_of(name) == direction
        if fits and taken.get(name, name) == name:
            taken[name] = name
            return name
        letter = _LETTERS.get((unit, direction), "E" if direction == "import" else "B")
        for number in _NUMBERS:
            if not fits and taken.setdefault(letter + number, name) == name:
                return letter + number
        words = f"Channel {name} of {point} can have no suffix of its own in a NEM12 file."
        raise Invalid("no_suffix", words, point)


def _unit(unit: Unit, point: str, name: str) -> str:
    known = _UNITS.get((unit.base or "").lower())
    if known is None:
        said = unit.base or "no unit"
        message = f"NEM12 has electrical units only; channel {name} of {point} counts in {said}."
        raise Invalid("no_unit_in_nem12", message, point)
    return known
