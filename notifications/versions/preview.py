"""How a kind of notice looks: by letter and in a few words, in each language, with real data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from notifications.domain.sms import SmsLength, sms_length
from notifications.sender import this_sender
from notifications.types import NoticeType
from notifications.versions.drafting import SOMEBODY
from notifications.versions.in_force import Texts
from notifications.versions.queries import Case, latest_case
from notifications.writing import SHORT, Sender, Written, for_staff, write
from utility_crm.kit.errors import CareError
from utility_crm.kit.settings import settings


@dataclass(frozen=True, slots=True)
class Look:
    """One way it looks: `written`, or `refused` says what is missing. `length`: of a text message."""

    key: str
    language: str
    channel: str
    version: int
    written: Written | None = None
    refused: CareError | None = None
    length: SmsLength | None = None


@dataclass(frozen=True, slots=True)
class Previewed:
    """Every way, and whose data it shows: the latest `case` of the customer asked for; `example`: the stated
    one is shown instead. `unknown`: there is no such customer."""

    looks: tuple[Look, ...]
    case: Case | None
    example: bool
    unknown: bool


def previewed(
    session: Session, kind: NoticeType, customer: str, found: Mapping[tuple[str, str, str], Texts]
) -> Previewed:
    """The kind as it would be written now, from the latest notice to a customer (by number; empty: none is
    asked for), else from its stated example. `found`: the words in force."""
    case = latest_case(session, kind.name, customer) if customer else None
    sender = this_sender(session)
    looks = [
        _look(kind, case, sender, language, channel, found)
        for channel in ("email", *(["sms"] if SHORT & set(kind.channels) else []))
        for language in kind.languages
    ]
    example = case is None or case.context is None
    return Previewed(tuple(looks), case, example, unknown=bool(customer) and case is None)


def _look(
    kind: NoticeType,
    case: Case | None,
    sender: Sender,
    language: str,
    channel: str,
    found: Mapping[tuple[str, str, str], Texts],
) -> Look:
    words = found.get((kind.name, language, channel), Texts())
    blank = Look(f"{channel}-{language}", language, channel, words.version)
    context = case.context if case is not None and case.context is not None else kind.example
    try:
        written = write(
            kind.name,
            for_staff(context),
            name=case.name if case is not None else SOMEBODY,
            language=language,
            timezone=(case.timezone if case is not None else None) or settings().timezone,
            sender=sender,
            channel=channel,
            texts=words.texts,
        )
    except CareError as error:
        return replace(blank, refused=error)
    length = sms_length(written.text) if channel == "sms" else None
    return replace(blank, written=written, length=length)
