"""What is wrong with a feed, as a value: where it stands, a stable code, and a sentence for a person."""

from __future__ import annotations

from dataclasses import dataclass

from meters.domain.blocks import BlockKey


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` counts from 1 in the member; `member` names the file inside a zip.

    `refuses` a file when its structure, framing or encoding cannot be trusted; else `dropped` names the day
    that is left out because of it, if a day can be told.
    """

    code: str
    message: str
    line: int | None = None
    member: str | None = None
    refuses: bool = False
    dropped: BlockKey | None = None

    def document(self) -> dict[str, str | int | None]:
        """The promised shape."""
        return {"member": self.member, "line": self.line, "code": self.code, "message": self.message}


def refusal(code: str, message: str, line: int | None = None) -> Problem:
    """A problem that refuses the whole file."""
    return Problem(code, message, line, refuses=True)
