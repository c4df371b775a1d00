"""Mail that comes back: delivery reports (RFC 3464), complaints (RFC 5965), automatic answers (RFC 3834)."""

from __future__ import annotations

LETTER = "<0a1b2c@utility.example>"


def delivery_report(
    action: str,
    status: str,
    *,
    letter: str = LETTER,
    named: str = "<report-1@mx.example>",
    headers_only: bool = True,
) -> bytes:
    """A report on one recipient; `letter` is the Message-ID of what it is about, none when empty."""
    returned = f"From: care@utility.example\nSubject: Your bill\nMessage-ID: {letter}\n"
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    return _report(
        named,
        "delivery-status",
        f"""Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; person1@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user
""",
        f"Content-Type: {kind}\n\n{returned if letter else 'Subject: Your bill'}\n",
    )


def complaint(letter: str = LETTER) -> bytes:
    """Somebody pressed the button of unwanted mail."""
    return _report(
        "<complaint-1@mx.example>",
        "feedback-report",
        "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Post/1\nVersion: 1\n",
        f"Content-Type: message/rfc822\n\nSubject: Your bill\nMessage-ID: {letter}\n\nDear you\n",
    )


def answer(automatic: str | None) -> bytes:
    """A reply to a letter; `automatic` is what its Auto-Submitted says, if it has one."""
    marked = f"Auto-Submitted: {automatic}\n" if automatic else ""
    head = f"From: person1@example.org\nIn-Reply-To: {LETTER}\n{marked}Subject: Away\n"
    return f"{head}\nI am away.\n".encode()


def _report(named: str, kind: str, said: str, returned: str) -> bytes:
    parts = ["Content-Type: text/plain\n\nIt did not arrive.\n", said, returned]
    body = "".join(f"--edge\n{part}\n" for part in parts) + "--edge--\n"
    return (
        (
            f"From: MAILER-DAEMON@mx.example\nTo: care@utility.example\nMessage-ID: {named}\n"
            f"Date: Fri, 20 Nov 2026 14:42:00 +0000\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
            f'Content-Type: multipart/report; report-type={kind}; boundary="edge"\n\n{body}'
        )
        .replace("\n", "\r\n")
        .encode()
    )
