"""Small meter files, made with few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

JUNE = date(2024, 6, 1)


def csv_file(
    folder: Path,
    name: str,
    *days: tuple[str, date, Sequence[object]],
    title: str = "kwh",
    quality: str | None = None,
) -> Path:
    """Days of (service point, day, values from midnight UTC); a None is a row that is not there."""
    head = f"service_point,starts_at,{title}" + (",quality" if quality else "")
    lines = [head]
    for point, day, values in days:
        start, step = datetime(day.year, day.month, day.day, tzinfo=UTC), timedelta(days=1) / len(values)
        for place, value in enumerate(values):
            if value is not None:
                row = f"{point},{(start + place * step).isoformat()},{value}"
                lines.append(row + (f",{quality}" if quality else ""))
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def nem12_file(
    folder: Path, name: str, *days: tuple[str, date, Sequence[object]], suffix: str = "E1"
) -> Path:
    """Days of (NMI, day, values from midnight UTC+10), of actual readings in kWh."""
    lines, before = ["100,NEM12,202406020000,MDP,RETAILER"], None
    for nmi, day, values in days:
        interval = 1440 // len(values)
        if before != (nmi, interval):
            lines.append(f"200,{nmi},{suffix},{suffix},{suffix},N1,METER1,kWh,{interval},20300101")
            before = (nmi, interval)
        cells = ",".join(map(str, values))
        lines.append(f"300,{day:%Y%m%d},{cells},A,,,20240602000000,")
    path = folder / name
    path.write_text("\n".join([*lines, "900"]) + "\n")
    return path
