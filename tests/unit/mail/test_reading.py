"""Letters of strangers: whatever comes, reading it neither raises nor takes long; nothing slips through."""

from __future__ import annotations

import base64
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from letters_in import letter

from utility_crm.mail.digests import digest_of
from utility_crm.mail.domain.clean_text import LONGEST_TEXT, clean_text, one_line
from utility_crm.mail.html_text import html_to_text
from utility_crm.mail.reading import MOST_PARTS, Mail, Unreadable, read_mail


def read(raw: bytes) -> Mail:
    found = read_mail(raw)
    assert isinstance(found, Mail)
    return found


HEADS = st.sampled_from(
    ["From", "To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Content-Type",
     "Content-Disposition", "Content-Transfer-Encoding", "Cc", "Sender", "Content-Language", "MIME-Version"]
)  # fmt: skip
PIECES = st.sampled_from(
    [b"multipart/mixed; boundary=b", b"multipart/report", b"message/rfc822", b"text/html; charset=utf-99",
     b"text/plain; charset=\"",
     b"=?utf-8?q?=ff=fe?=", b"=?x?b?!!?=", b"<a@b>", b"\"", b"(", b"<", b"@",
     b",", b";",
     b"\xff\xfe", b"\x00", b"base64", b"quoted-printable", b"uuencode", b"attachment; filename*=utf-8''%ff",
     b"attachment; filename*0*=x",
     b"\r\n ", b"Fri, 99 Foo 20266 99:99:99 +9999", b"\r\n--b\r\n", b"\r\n--b--\r\n"]
)  # fmt: skip
LINES = st.tuples(HEADS, st.lists(PIECES | st.binary(max_size=12), max_size=6)).map(
    lambda one: one[0].encode() + b": " + b"".join(one[1])
)
LETTERS = st.tuples(
    st.lists(LINES, max_size=8), st.lists(PIECES | LINES | st.binary(max_size=40), max_size=12)
).map(lambda one: b"\r\n".join(one[0]) + b"\r\n\r\n" + b"\r\n".join(one[1]))


@given(LETTERS | st.binary(max_size=400))
def test_reading_never_raises_and_what_it_gives_can_be_kept(raw: bytes) -> None:
    found = read_mail(raw)
    assert digest_of(raw) == digest_of(raw)
    if isinstance(found, Unreadable):
        return
    for text in (found.subject, found.sender, found.sender_name, found.text, *found.headers.values()):
        text.encode()  # no half letters
        assert "\0" not in text
    for line in (found.subject, found.sender, found.sender_name, *(one.name for one in found.attached)):
        assert "\n" not in line and "\r" not in line
    assert len(found.text) <= LONGEST_TEXT
    assert all(name.startswith("<") and " " not in name for name in (*found.about, found.message_id) if name)


@given(st.text(max_size=300))
def test_what_was_written_arrives_as_it_was_written(text: str) -> None:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = "ann@home.example"
    mail.set_content(text, charset="utf-8", cte="base64")
    assert read(mail.as_bytes()).text == clean_text(text)


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r", "iso-8859-5", "utf-16"])
def test_cyrillic_is_read_in_the_charset_it_names(charset: str) -> None:
    body = base64.b64encode("Счёт слишком большой".encode(charset))
    heads = b"From: a@b.example\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset="
    assert read(heads + charset.encode() + b"\r\n\r\n" + body).text == "Счёт слишком большой"


@pytest.mark.parametrize("named", ["", "; charset=none-such", "; charset=us-ascii"])
def test_without_a_charset_that_holds_it_is_told_by_its_letters(named: str) -> None:
    heads = f"From: a@b.example\r\nContent-Type: text/plain{named}\r\n\r\n".encode()
    assert read(heads + "Счёт слишком большой".encode("windows-1251")).text == "Счёт слишком большой"
    assert read(heads + "Müller, Zähler".encode("windows-1252")).text == "Müller, Zähler"
    assert read(heads + "Müller, Zähler".encode()).text == "Müller, Zähler"


def test_html_is_text_without_what_runs_hides_or_loads() -> None:
    html = (
        "<html><head><style>p{}</style><title>x</title></head><body><p>My bill is <b>too high</b>.</p>"
        "<script>alert(1)</script><img src='http://spy.example/1.gif'><table><tr><td>a</td><td>b</td></tr></table>"
        "<a href='https://home.example'>home</a></body></html>"
    )
    text = html_to_text(html)
    assert "My bill is too high." in text
    assert "alert" not in text and "spy.example" not in text and "p{}" not in text
    assert "https://home.example" in text


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "hello",
        "<table><tr><td>" * 30_000 + "hello",
        "&" * 100_000 + "hello",
    ],
    ids=["deep", "tables", "amps"],
)
def test_wild_html_is_read_all_the_same(html: str) -> None:
    assert "hello" in html_to_text(html)


def test_parts_within_parts_are_refused_and_so_are_too_many() -> None:
    def nested(levels: int) -> bytes:
        return b"From: a@b.example\r\n" + b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
            for level in range(levels)
        )

    assert isinstance(read_mail(nested(10) + b"\r\nhello"), Mail)
    assert read_mail(nested(50) + b"\r\nhello") == Unreadable("too_deep")
    assert read_mail(nested(5000) + b"\r\nhello") == Unreadable("too_many_parts")
    assert read_mail(nested(150) + b"\r\n" + b"x\r\n" * 200_000) == Unreadable("too_many_parts")
    many = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    assert read_mail(many + b"--b\r\n\r\nx\r\n" * (MOST_PARTS + 1)) == Unreadable("too_many_parts")


@pytest.mark.parametrize(
    "head",
    [b"From: " + b"a@b.c, " * 150_000, b"Subject: " + b"=?utf-8?q?a?= " * 80_000,
     b"References: " + b"<a@b> " * 150_000, b"Content-Type: text/plain; " + b"a*0=b; " * 20_000,
     b"To: " + b"(" * 500_000, b"X: y\r\n" * 400 + b"Subject: x"],
    ids=["addresses", "words", "names", "parameters", "brackets", "many"],
)  # fmt: skip
def test_a_field_of_a_megabyte_is_read_as_far_as_a_person_would_write(head: bytes) -> None:
    found = read(b"From: ann@home.example\r\n" + head + b"\r\n\r\nhello")
    assert found.text == "hello"
    assert len(found.subject) <= 500
    assert len(found.about) <= 100


def test_a_second_line_of_a_head_is_no_second_head() -> None:
    found = read(b"From: ann@home.example\r\nSubject: =?utf-8?q?hi=0D=0ABcc:_eve@far.example?=\r\n\r\nhello")
    assert found.subject == "hi Bcc: eve@far.example"
    assert found.sent_to == ()


def test_marks_that_turn_the_direction_of_writing_are_taken_out_of_names() -> None:
    raw = letter(files=(("bill\u202efdp.exe", "application/pdf", b"%PDF-1.4"),))
    assert read(raw).attached[0].name == "billfdp.exe"
    assert one_line("a\u202eb\u200fc\x1b[31m") == "abc[31m"


def test_a_letter_within_a_letter_is_one_attachment() -> None:
    mail = EmailMessage()
    mail["From"] = "ann@home.example"
    mail.set_content("See below.")
    mail.add_attachment(BytesParser(policy=policy.default).parsebytes(letter("The first one.")))
    found = read(mail.as_bytes())
    assert found.text == "See below."
    assert [(one.name, b"The first one." in one.content) for one in found.attached] == [
        ("attachment-1.eml", True)
    ]


def test_the_digest_is_the_letters_own() -> None:
    raw = letter()
    assert digest_of(b"Received: by relay.example\r\nDKIM-Signature: x\r\n y\r\n" + raw) == digest_of(raw)
    assert digest_of(raw.replace(b"\r\n", b"\n")) == digest_of(
        raw.replace(b"\n", b"\r\n").replace(b"\r\r", b"\r")
    )
    assert digest_of(letter("Another.")) != digest_of(raw)
    assert digest_of(letter(subject="Another")) != digest_of(raw)
    files = (("a.txt", "text/plain", b"one"),)
    assert digest_of(letter(files=files)) != digest_of(raw)
    assert digest_of(letter(files=files)) != digest_of(letter(files=(("a.txt", "text/plain", b"two"),)))
    assert digest_of(letter(name="<2@home.example>")) != digest_of(raw)
    assert digest_of(letter(sender="eve@far.example")) != digest_of(raw)


@pytest.mark.parametrize("charset", ["punycode", "idna", "Puny_Code", "PUNYCODE"])
def test_a_letter_in_the_script_of_domain_names_takes_no_longer_than_another(
    charset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a text is read in a time that grows by the square of its length: hours for one of megabytes."""
    import encodings.idna
    import encodings.punycode

    def never(*_: object) -> str:
        raise AssertionError("it was read so")

    monkeypatch.setattr(encodings.punycode, "punycode_decode", never)
    monkeypatch.setattr(encodings.idna, "ToUnicode", never)
    heads = f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()
    assert read(heads + b"a bill-more").text == "a bill-more"


@pytest.mark.parametrize(
    "table",
    [
        "<tr>" + "<td>a</td>" * 2000 + "</tr>" + "<tr><td>b</td></tr>" * 2000,
        f"<tr><td>{'x' * 20_000}</td><td>{'y<br>' * 3000}</td></tr>",
    ],
    ids=["rows times columns", "a wide column of many lines"],
)
def test_a_table_made_to_fill_the_memory_is_not_laid_out(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr("utility_crm.mail.html_text.Inscriptis", never)
    text = html_to_text(f"<p>My bill</p><table>{table}</table>")
    assert text.startswith("My bill\n") and len(text) < 2 * len(table)
