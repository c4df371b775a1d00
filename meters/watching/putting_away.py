"""Files moved into a folder beside them, under a name that nothing has there, with a report."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

REPORTS = (".report.json", ".report.txt")

_WITHOUT_LINKS = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


def put_away(path: Path, folder: Path) -> Path:
    """Move a file into the folder, made if need be; where its name is taken it gets a number. Nothing is
    overwritten, and a move that was cut short is finished by the next.

    Raises OSError; FileNotFoundError where the file is gone.
    """
    folder.mkdir(exist_ok=True)
    for place in _names(folder / path.name):
        if _same(path, place):  # it was moved, and not yet taken from where it was
            path.unlink()
            return place
        if any(os.path.lexists(_report(place, ending)) for ending in REPORTS):
            continue
        try:
            os.link(path, place, follow_symlinks=False)
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno not in _WITHOUT_LINKS:
                raise
            if _moved_without_links(path, place):
                return place
        else:
            path.unlink()
            return place
    raise AssertionError("numbers do not end")


def report_on(place: Path, document: Mapping[str, Any], words: str) -> None:
    """Put both reports beside a file that was put away."""
    contents = (json.dumps(document, ensure_ascii=False, indent=2) + "\n", words + "\n")
    for ending, content in zip(REPORTS, contents, strict=True):
        report = _report(place, ending)
        draft = report.with_name(f".{report.name}.part")
        draft.write_text(content, encoding="utf-8")
        draft.replace(report)


def without_report(folder: Path) -> Iterator[Path]:
    """Files put away whose reports were never finished."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        reported = all(_report(path, ending).exists() for ending in REPORTS)
        if not (path.name.startswith(".") or path.name.endswith(REPORTS) or reported) and path.is_file():
            yield path


def _names(place: Path) -> Iterator[Path]:
    """`a.csv`, `a-2.csv`, `a-3.csv` and so on."""
    yield place
    for number in count(2):
        yield place.with_name(f"{place.stem}-{number}{place.suffix}")


def _report(place: Path, ending: str) -> Path:
    return place.with_name(place.name + ending)


def _same(path: Path, place: Path) -> bool:
    try:
        one, other = path.lstat(), place.lstat()
    except FileNotFoundError:
        return False
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _moved_without_links(path: Path, place: Path) -> bool:
    """On a disk without hard links: the name is taken by an empty file first, which the move replaces."""
    try:
        place.touch(exist_ok=False)
    except FileExistsError:
        return False
    try:
        path.replace(place)
    except OSError:
        place.unlink()
        raise
    return True
