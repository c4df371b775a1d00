"""Files that a browser sends: refused early where they may not come, and put down under their own names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import File, Form, UploadFile

from meters.asking import Asked, asked
from utility_crm.kit.errors import Invalid
from utility_crm.web.uploading import (
    MOST_MEGABYTES,
    WORDS_FOR_TOO_MUCH,
    GuardedUpload,
    own_name,
    put_down,
)
from utility_crm.web.words import mark

__all__ = [
    "MOST_MEGABYTES",
    "WORDS_FOR_TOO_MUCH",
    "SentForm",
    "UploadRoute",
    "own_name",
    "put_down",
    "sent_form",
]


class UploadRoute(GuardedUpload):
    """Files of meters, and of banks."""

    permission = "feeds.run"
    by_command = "utility-crm meters ingest"


@dataclass(frozen=True, slots=True)
class SentForm:
    """Files, and how a person says that they are to be read: besides what a saved `profile` says, and to be
    saved as another (both empty: none)."""

    files: tuple[UploadFile, ...]
    given: dict[str, str]

    @property
    def profile(self) -> str:
        return self.given["profile"].strip()

    @property
    def save_as(self) -> str:
        return self.given["save_as"].strip()

    def asked(self) -> Asked:
        """Raises Invalid, whose `where` is the field that is wrong."""
        told = asked(*(self.given[name].strip() for name in ("format_name", "columns", "timezone", "sheet")))
        if not self.files:
            raise Invalid("no_file", mark("Choose a file first."), "files")
        return told


async def sent_form(
    files: Annotated[list[UploadFile], File(default_factory=list)],
    format_name: Annotated[str, Form()] = "auto",
    columns: Annotated[str, Form()] = "",
    timezone: Annotated[str, Form()] = "",
    sheet: Annotated[str, Form()] = "",
    profile: Annotated[str, Form()] = "",
    save_as: Annotated[str, Form()] = "",
) -> SentForm:
    """The form of the page; a field for files left empty sends one without a name."""
    given = {"format_name": format_name, "columns": columns, "timezone": timezone, "sheet": sheet}
    given |= {"profile": profile, "save_as": save_as}
    return SentForm(tuple(upload for upload in files if upload.filename), given)
