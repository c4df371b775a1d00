"""Which days a billing cycle covers. A cycle of day d runs from the d-th of a month to before the next d-th;
it belongs to the month that holds its last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from utility_crm.kit.errors import Invalid


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar, written YYYY-MM."""

    year: int
    month: int

    @classmethod
    def read(cls, text: str) -> Month:
        """Raises Invalid for anything but YYYY-MM."""
        try:
            if len(text) != 7:
                raise ValueError
            first = date.fromisoformat(f"{text}-01")
        except ValueError:
            raise Invalid("period", f"'{text}' is not a month written YYYY-MM", "period") from None
        return cls(first.year, first.month)

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    @property
    def starts_on(self) -> date:
        return date(self.year, self.month, 1)

    def plus(self, months: int) -> Month:
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, month + 1)

    def cycle(self, cycle_day: int) -> tuple[date, date]:
        """The cycle of `cycle_day` (1 to 28) whose last day lies in this month: [first day, day after the
        last)."""
        last = self.plus(1) if cycle_day == 1 else self
        first = last.plus(-1)
        return date(first.year, first.month, cycle_day), date(last.year, last.month, cycle_day)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def month_of_cycle(day: date, cycle_day: int) -> Month:
    """The month to which the cycle that holds `day` belongs."""
    here = Month.of(day)
    return here if cycle_day == 1 or day.day < cycle_day else here.plus(1)
