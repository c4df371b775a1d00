"""What somebody wrote apart from what they quote: nothing lost, nothing said folded away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.mail.domain.folding import fold

QUOTES = [
    "On Fri, 20 Nov 2026 at 10:00, Northmoor <care@utility.example>\nwrote:\n> Dear Ann\n> it was cold",
    "20.11.2026 10:00, Northmoor Energy пишет:\n> Уважаемая Анна",
    "пт, 20 нояб. 2026 г. в 10:00, <care@utility.example> написал(а):\n\n> Уважаемая Анна",
    "-----Original Message-----\nFrom: Northmoor\nSent: Friday\n\nDear Ann",
    "-------- Пересылаемое сообщение --------\n20.11.2026, Northmoor\n\nУважаемая Анна",
    "________________________________\nFrom: Northmoor\nSent: Friday\nTo: Ann\n\nDear Ann",
    "От: Northmoor\nОтправлено: 20 ноября\nКому: Анна\nТема: Счёт\n\nУважаемая Анна",
    "> Dear Ann\n> it was cold",
]


@pytest.mark.parametrize("quoted", QUOTES)
@pytest.mark.parametrize(
    "signature", ["", "-- \nAnn Hill\n+44 7700 900123", "--\nАнна", "Sent from my phone"]
)
def test_what_is_quoted_and_the_signature_are_told_apart(quoted: str, signature: str) -> None:
    folded = fold("\n\n".join(part for part in ("Thank you, that helps.", signature, quoted) if part))
    assert (folded.said, folded.signature, folded.quoted) == ("Thank you, that helps.", signature, quoted)


@pytest.mark.parametrize(
    "text",
    [
        "> How are you?\nWell.\n> And the bill?\nToo high.",
        "On Friday, Northmoor wrote:\n> How are you?\nWell.\n> And the bill?\nToo high.",
        "On Monday I wrote:\nyou did not answer.\nThat is bad.\n> indeed",
        "From: here on it is your turn.\nI wait.",
        "It costs\n- 5 a month\n- 7 a year",
        "> only a quotation",
    ],
)
def test_what_is_answered_line_by_line_stays_whole(text: str) -> None:
    assert fold(text).said == text


@given(
    st.lists(
        st.sampled_from(["> q", "On Friday Ann wrote:", "-- ", "hello", "", "From: x", "Sent: y", "___"])
        | st.text()
    )
)
def test_no_line_is_lost(lines: list[str]) -> None:
    text = "\n".join(line.replace("\n", " ").replace("\r", " ") for line in lines)
    folded = fold(text)
    kept = [
        line.strip() for part in (folded.said, folded.signature, folded.quoted) for line in part.split("\n")
    ]
    assert [line for line in kept if line] == [line.strip() for line in text.split("\n") if line.strip()]
    assert bool(folded.said.strip()) == bool(text.strip())


def test_a_long_text_is_folded_in_a_moment() -> None:
    assert fold("On " + "x " * 300_000).quoted == ""
    assert fold("\n".join(["On a b c d"] * 30_000)).quoted == ""
    assert fold("> x\n" * 30_000 + "no").said.endswith("no")
