"""What is wrong with a register's reads, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from meters.domain.accumulated import RegisterRead
from meters.domain.decimals import decimal_text


@dataclass(frozen=True, slots=True)
class ReadFault:
    """`code` is one of: went_backwards, read_contradicted, multiplier_changed, no_final_read, meters_overlap.

    `earlier` and `later` are the two reads that do not go together; `dropped` is the one of them that is
    left out for it, None where both stand and the consumption between them is unknown.
    """

    code: str
    earlier: RegisterRead
    later: RegisterRead
    dropped: RegisterRead | None = None

    @property
    def message(self) -> str:
        """A sentence for a person."""
        earlier, later = spoken(self.earlier), spoken(self.later)
        match self.code:
            case "went_backwards":
                return f"The register went backwards: {earlier}, then {later}."
            case "read_contradicted":
                return (
                    f"One of these cannot be: {earlier}, then {later}; the {self._dropped} one is left out."
                )
            case "multiplier_changed":
                return f"The multiplier changed without an exchange between {earlier} and {later}."
            case "no_final_read":
                return f"Meter {_serial(self.earlier)} has no final read: {earlier}, then {later}."
            case _:
                return f"Two meters stood there at once: {earlier}, and {later}."

    @property
    def _dropped(self) -> str:
        return self.dropped.kind if self.dropped is not None else ""


def spoken(read: RegisterRead) -> str:
    """A read in words: figure, unit, kind, time, and the meter where it is known."""
    meter = f" on meter {read.meter}" if read.meter else ""
    figure = decimal_text(read.figure, 6)
    return f"{figure} {read.unit.declared} ({read.kind}, {read.read_at:%Y-%m-%d %H:%M}{meter})"


def _serial(read: RegisterRead) -> str:
    return read.meter or "(no number)"
