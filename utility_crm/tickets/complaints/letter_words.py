"""What stands in a letter about a complaint, in the customer's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from utility_crm.tickets.domain.procedures import Body
from utility_crm.web.formats import day_year
from utility_crm.web.words import mark, translator


@dataclass(frozen=True, slots=True)
class About:
    """What a letter is about: the ticket's number, whom it goes to, when the complaint came in, the sum they
    are offered in words ("" for none), and who decides in the end (None: the law names nobody)."""

    number: str
    name: str
    received_on: date
    redress: str
    body: Body | None
    utility: str


SUBJECTS = {
    "acknowledgement": mark("Your complaint %(number)s has arrived"),
    "final": mark("Our answer to your complaint %(number)s"),
    "deadlock": mark("Your complaint %(number)s: our final position (deadlock letter)"),
    "signpost": mark("Your complaint %(number)s: where you may turn to now"),
}

OPENINGS = {
    "acknowledgement": mark("we have your complaint of %(day)s, and look into it. Its number is %(number)s."),
    "final": mark("you complained to us on %(day)s. This is what we found, and what we do about it."),
    "deadlock": mark(
        "you complained to us on %(day)s. We could not agree, and this letter is our final position."
    ),
    "signpost": mark(
        "you complained to us on %(day)s, and we have not settled it with you yet. "
        "We go on working on it; but you need not wait for us any longer."
    ),
}


def letter_words(kind: str, language: str, about: About, body: str) -> tuple[str, tuple[str, ...]]:
    """Its subject, and its paragraphs. body: what the person who writes it says, in paragraphs."""
    _ = translator(language, "utility_crm.tickets")
    day = day_year(about.received_on, language)
    said = tuple(part.strip() for part in body.replace("\r\n", "\n").split("\n\n") if part.strip())
    opening = _(OPENINGS[kind], day=day, number=about.number)
    parts = [_("Dear %(name)s,", name=about.name), opening, *said]
    if about.redress and kind in ("final", "deadlock"):
        parts.append(_("We credit you with %(amount)s.", amount=about.redress))
    if kind == "deadlock" and about.redress:
        parts.append(_("The offer stands, whether or not you take your complaint further."))
    if kind != "acknowledgement":
        parts += _turn_to(kind, language, about)
    parts.append(_("Yours sincerely\n%(utility)s", utility=about.utility))
    return _(SUBJECTS[kind], number=about.number), tuple(parts)


def _turn_to(kind: str, language: str, about: About) -> list[str]:
    """Who decides, how to reach them, that it costs nothing, and by when."""
    _ = translator(language, "utility_crm.tickets")
    body = about.body
    if body is None:
        if kind == "final":
            return []
        return [_("You may take your complaint to the body for disputes about energy of your country.")]
    if kind == "final":
        lead = _("If our answer does not settle it for you, you may turn to:")
    else:
        lead = _("You may now take your complaint to:")
    lines = [body.name, body.address, body.phone, body.website]
    told = [lead, "\n".join(line for line in lines if line)]
    if body.free:
        told.append(_("It is independent of us, and costs you nothing."))
    if body.months is not None:
        told.append(
            _("Please do so within %(months)s months of the date of this letter.", months=body.months)
        )
    return told
