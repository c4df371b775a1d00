"""One MSCONS position (LIN) while it is read: a value is opened by QTY and closed by the next one."""

from __future__ import annotations

from collections.abc import Iterator

from meters.domain.accumulated import RegisterRead
from meters.domain.decimals import MISSING, micro_of
from meters.domain.local_clock import DAY
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.feeds.format import Item
from meters.feeds.mscons import codes
from meters.feeds.mscons.edifact import Refused, Segment
from meters.feeds.mscons.obis import GAS, Obis, parse_obis
from meters.feeds.mscons.place import BEGINS, ENDS, READ_AT, VALID_AT, Place, unit_of
from meters.feeds.mscons.rows import Rows, plain_number
from meters.feeds.mscons.series import Position, finish
from meters.feeds.mscons.times import Time, instant_of, moment, read_time
from meters.feeds.mscons.value import Value

_UNKNOWN = Obis("other", None, "import", 0, False)


class Open:
    """The position that is being read."""

    def __init__(self, place: Place, segment: Segment) -> None:
        self._place = place
        self._number = segment.number
        self._channel = segment.text(3)
        self._unit: str | None = place.unit
        self._times: dict[str, Time | None] = {}
        self._value: Value | None = None
        self._rows: Rows | None = None
        self._found: list[Item] = []
        self._left_out: dict[str, int] = {}
        self._untimed: list[Value] = []
        self._count = 0

    def begin_value(self, segment: Segment) -> None:
        self._end_value()
        self._count += 1
        self._value = Value(segment)

    def take(self, segment: Segment) -> None:
        """Hear a segment below LIN: of the value that is open, else of the whole position."""
        tag = segment.tag
        if tag == "PIA" and segment.text(1) == "5":
            self._hear_channel(segment)
        elif tag == "MEA":
            self._unit = unit_of(segment.text(3)) or self._unit
        elif tag in ("CCI", "CAV"):
            self._place.take(segment)
        elif self._value is not None:
            self._value.hear(segment)
        elif tag == "DTM":
            self._times[segment.text(1)] = read_time(segment.text(1, 1), segment.text(1, 2))

    def _hear_channel(self, segment: Segment) -> None:
        code = segment.text(2)
        if self._count or self._channel not in ("", code):
            words = f"Segment {segment.number} ({segment.shown}) names a second channel under one LIN."
            raise Refused("second_channel", words, segment.number)
        self._channel = code

    def items(self) -> Iterator[Item]:
        """All that the position holds, once its last segment is read."""
        self._end_value()
        if self._untimed:
            self._end_untimed()
        if self._place.point == "":
            yield self._without_point()
            return
        for status, count in self._left_out.items():
            words = f"{count} values of channel {self._channel} are {status}; they are left out."
            yield Problem("not_a_reading", words, self._number)
        if not self._count:
            words = f"Channel {self._channel!r} of {self._place.point} comes without a value."
            yield Problem("no_readings", words, self._number)
        yield from self._found
        if self._rows is not None:
            columns = self._rows.columns(self._place.zone)
            yield from finish(self._position(), columns, self._whole(), self._number)

    def _without_point(self) -> Problem:
        at = f" (it is of {self._place.other})" if self._place.other else ""
        of = f"{self._count} values of channel {self._channel!r}"
        words = f"{of} have no metering point{at}; they are left out."
        return Problem("no_service_point", words, self._number)

    def _end_value(self) -> None:
        value, self._value = self._value, None
        if value is None:
            return
        if not self._channel:
            words = f"Segment {value.shown} stands before any PIA names its channel."
            raise Refused("no_channel", words, value.segment.number)
        self._sort(value)

    def _sort(self, value: Value) -> None:
        """To the rows of periods, to the reads of registers, or to what has no time of its own."""
        if value.status in codes.NOT_READINGS:
            self._leave_out(codes.NOT_READINGS[value.status])
        elif self._obis.kind == "other" and self._obis.medium:
            self._leave_out("no usage by their OBIS code")
        elif BEGINS in value.times or ENDS in value.times:
            self._add_period(value, value.times.get(BEGINS), value.times.get(ENDS))
        elif value.fault is not None:
            self._drop(value, *value.fault)
        elif VALID_AT in value.times or READ_AT in value.times:
            self._add_read(value, value.times.get(VALID_AT) or value.times[READ_AT])
        elif len(self._untimed) < 2:
            self._untimed.append(value)
        else:
            self._no_time(value)

    def _end_untimed(self) -> None:
        """A value without times has those of its position or place: any number of reads, but one period."""
        times = self._place.times | self._times
        read_at = times.get(VALID_AT) or times.get(READ_AT)
        begins, ends = times.get(BEGINS), times.get(ENDS)
        for value in self._untimed:
            if read_at is not None and not (begins or ends):
                self._add_read(value, read_at)
            elif begins is not None and ends is not None and self._count == 1:
                self._add_period(value, begins, ends)
            else:
                self._no_time(value)

    def _no_time(self, value: Value) -> None:
        self._drop(value, "no_time", f"Segment {value.shown} has no time.")

    def _add_period(self, value: Value, start: Time | None, end: Time | None) -> None:
        said = start or end
        assert said is not None, "a period has an end"
        if self._obis.cumulative:
            words = f"Channel {self._channel} is a register's by its OBIS code, and the value has a period."
            value.faulty("register_with_period", words)
        if start is not None and end is not None and (start.kind == "instant") != (end.kind == "instant"):
            value.faulty("bad_time", "One end of its period has an offset, the other none.")
        if said.kind != "instant":
            self._need_zone(value)
            end = _end_of_day(end)
        quality, text = value.quality(), value.text(self._place.decimal_mark)
        unit = self._unit_of(value)
        if self._rows is None:
            self._rows = Rows(parse_unit(unit))
        elif unit != self._rows.unit.declared:
            words = f"The value is in {unit}, and the values before it in {self._rows.unit.declared}."
            value.faulty("unit_changed", words)
        number = value.segment.number
        self._rows.add(start, end, text, quality, number, value.remark(quality), value.fault)

    def _add_read(self, value: Value, time: Time) -> None:
        quality, text = value.quality(), value.text(self._place.decimal_mark)
        if not self._obis.cumulative and self._obis.medium:
            words = f"Channel {self._channel} is no register by its OBIS code, and the value has no period."
            value.faulty("no_period", words)
        if quality == Quality.MISSING:
            value.faulty("no_value", "The figure is marked as missing or not usable.")
        figure = micro_of(plain_number(text.removeprefix("-")))
        if figure == MISSING:
            value.faulty("no_value", "The figure is empty.")
        elif isinstance(figure, str):
            value.faulty(figure, f"The figure {text!r} cannot be read.")
        if value.fault is not None or isinstance(figure, str):
            self._drop(value, *(value.fault or ("", "")))
            return
        offset = self._place.offset_minutes()
        self._found.append(
            RegisterRead(
                service_point=self._place.point,
                meter=self._place.meter,
                register=self._channel,
                unit=parse_unit(self._unit_of(value)),
                direction=self._obis.direction,
                read_at=moment(self._instant(value, time), offset),
                figure=-figure if text.startswith("-") else figure,
                kind=value.kind(quality, self._place.hints),
                line=value.segment.number,
                method=value.method,
                reason=" ".join(value.reason).strip() if value.reason else None,
            )
        )

    def _instant(self, value: Value, time: Time) -> int:
        """When a figure holds. A date alone is the end of that day, or its start where the reading's hint
        says so; a day of gas runs from six to six."""
        if time.kind == "instant":
            return time.seconds
        self._need_zone(value)
        assert self._place.zone is not None, "a zone was needed and is there"
        if time.kind == "date" and codes.START_OF_DAY not in self._place.hints:
            time = Time(time.seconds + DAY, "date")
        return instant_of(time, self._place.zone, hour=6 if self._obis.medium == GAS else 0)

    def _need_zone(self, value: Value) -> None:
        if self._place.zone is None:
            of = f"The times of segment {value.shown}"
            words = f"{of} have no offset; say whose clock it is with --timezone Area/City."
            raise Refused("timezone_needed", words, value.segment.number)

    def _unit_of(self, value: Value) -> str | None:
        return unit_of(value.segment.text(1, 2)) or self._unit or self._obis.unit

    @property
    def _obis(self) -> Obis:
        return parse_obis(self._channel) or _UNKNOWN

    def _position(self) -> Position:
        assert self._rows is not None, "there are rows"
        offset = self._place.offset_minutes()
        return Position(self._place.point, self._channel, self._rows.unit, self._obis.direction, offset)

    def _whole(self) -> tuple[int, int] | None:
        """The period of the whole series, where position or place say one by instants. One without length
        says nothing; SDAT writes it so."""
        times = self._place.times | self._times
        begins, ends = times.get(BEGINS), times.get(ENDS)
        if begins is None or ends is None or {begins.kind, ends.kind} != {"instant"}:
            return None
        return (begins.seconds, ends.seconds) if begins.seconds < ends.seconds else None

    def _leave_out(self, words: str) -> None:
        self._left_out[words] = self._left_out.get(words, 0) + 1

    def _drop(self, value: Value, code: str, message: str) -> None:
        self._found.append(Problem(code, f"{message} The value is left out.", value.segment.number))


def _end_of_day(end: Time | None) -> Time | None:
    """A period that ends with a date alone ends with that day."""
    return Time(end.seconds + DAY, "date") if end is not None and end.kind == "date" else end
