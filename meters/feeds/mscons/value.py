"""One value of a MSCONS position: its QTY, and what the segments after it say of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from meters.domain.accumulated import ReadKind
from meters.domain.blocks import Remark
from meters.domain.quality import Quality
from meters.feeds.mscons import codes
from meters.feeds.mscons.edifact import Segment
from meters.feeds.mscons.place import BEGINS, ENDS, READ_AT, VALID_AT
from meters.feeds.mscons.rows import wrong_mark
from meters.feeds.mscons.times import ADVICE, Time, read_time

_KINDS: dict[Quality, ReadKind] = {
    Quality.ACTUAL: "actual",
    Quality.SUBSTITUTED: "substituted",
    Quality.ESTIMATED: "estimated",
    Quality.FORWARD: "estimated",
    Quality.MISSING: "estimated",
}
_KNOWN_TIMES = (BEGINS, ENDS, VALID_AT, READ_AT)


@dataclass(slots=True)
class Value:
    """`times` are by DTM 2005, `statuses` the codes (9013) of STS by their kind (9015). `fault` is the first
    thing found wrong: a code and a sentence."""

    segment: Segment
    times: dict[str, Time] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    fault: tuple[str, str] | None = None

    @property
    def shown(self) -> str:
        return f"{self.segment.number} ({self.segment.shown})"

    @property
    def status(self) -> str:
        return self.segment.text(1)

    def faulty(self, code: str, message: str) -> None:
        """Note what is wrong, unless something was before."""
        if self.fault is None:
            self.fault = (code, message)

    def hear(self, segment: Segment) -> None:
        """Take a DTM or STS below the value."""
        if segment.tag == "STS":
            self.statuses.setdefault(segment.text(1), segment.text(3))
        elif segment.tag == "DTM":
            self._hear_time(segment)

    def text(self, decimal_mark: str) -> str:
        """The quantity as it stands in the file."""
        text = self.segment.text(1, 1)
        message = wrong_mark(text, decimal_mark)
        if message is not None:
            self.faulty("wrong_decimal_mark", message)
        return text

    def quality(self) -> Quality:
        """The grade of the value's status."""
        quality = codes.STATUS.get(self.status)
        if quality is None:
            known = ", ".join(codes.STATUS)
            self.faulty("unknown_status", f"The status {self.status[:20]!r} is not one of {known}.")
            return Quality.ACTUAL
        return quality

    def kind(self, quality: Quality, hints: set[str]) -> ReadKind:
        """Who says a register's figure so."""
        if codes.FIRST_READ in hints:
            return "first"
        if codes.FINAL_READ in hints:
            return "final"
        if self.statuses.get(codes.NOTE) == codes.READ_BY_CUSTOMER:
            return "customer"
        return _KINDS[quality]

    @property
    def method(self) -> str | None:
        """The code of how a substitute was made."""
        return self.statuses.get(codes.METHOD)

    @property
    def reason(self) -> tuple[str, str] | None:
        """Why a substitute was made or a value corrected: its code and words."""
        code = next((self.statuses[kind] for kind in codes.REASONS if kind in self.statuses), None)
        return None if code is None else (code, codes.REASON_WORDS.get(code, ""))

    def remark(self, quality: Quality) -> Remark | None:
        """How and why, beside an interval."""
        method, reason = self.method, self.reason
        if quality == Quality.MISSING and reason is None:
            return Remark(0, 0, method, self.status, "marked as missing or not usable")
        if method is None and reason is None:
            return None
        code, words = reason or (None, None)
        return Remark(0, 0, method, code, words or None)

    def _hear_time(self, segment: Segment) -> None:
        kind = segment.text(1)
        if kind in codes.OTHER_TIMES:
            return
        if kind not in _KNOWN_TIMES:
            self.faulty(
                "bad_time", f"The value has a time of a kind ({kind[:20]!r}) that says nothing of it."
            )
            return
        time = read_time(segment.text(1, 1), segment.text(1, 2))
        if time is None:
            self.faulty("bad_time", f"{segment.shown!r} says no time; it would be {ADVICE}.")
        elif self.times.setdefault(kind, time) != time:
            self.faulty("bad_time", f"{segment.shown!r} contradicts the time said before.")
