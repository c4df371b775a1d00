"""XML as a stream: what is of interest comes out, what could do harm is refused with its line."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.domain.problems import Problem
from meters.feeds.xml_stream import elements, line_of, local_name


class Dripping(io.BytesIO):
    """A stream that gives a few bytes at a time, as a socket or an archive may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(7)


def seen(xml: bytes, *names: str) -> list[tuple[str, int, str] | Problem]:
    return [
        item if isinstance(item, Problem) else (local_name(item), line_of(item), "".join(item.itertext()))
        for item in elements(io.BytesIO(xml), names)
    ]


def refused(xml: bytes) -> tuple[str, int | None]:
    *_, last = seen(xml, "b")
    assert isinstance(last, Problem) and last.refuses and len(last.message.split()) > 4
    return last.code, last.line


def test_elements_of_any_namespace_with_their_lines_inner_first() -> None:
    xml = b'<a xmlns:p="u:p">\n<b>1</b>\n<p:b>2<c>3</c></p:b><d><b>4</b>\n<b><b>5</b></b></d></a>'
    assert seen(xml, "b") == [("b", 2, "1"), ("b", 3, "23"), ("b", 3, "4"), ("b", 4, "5"), ("b", 4, "")]
    assert seen(xml, "c", "a") == [("c", 3, "3"), ("a", 1, "\n1\n24\n5")]


def test_ancestors_keep_their_attributes() -> None:
    xml = b'<m><area n="7"><inn>5</inn><b/><b/></area><area n="8"><b/></area></m>'
    found = [item.getparent().get("n") for item in elements(io.BytesIO(xml), ["b"])]  # type: ignore[union-attr]
    assert found == ["7", "7", "8"]


def test_a_declared_encoding_of_one_byte_a_letter_is_read() -> None:
    xml = '<?xml version="1.0" encoding="windows-1251"?>\n<a><b>Энергия</b></a>'.encode("cp1251")
    assert seen(xml, "b") == [("b", 2, "Энергия")]


@pytest.mark.parametrize(
    ("xml", "code", "line"),
    [
        (b"", "not_xml", 1),
        (b"\n\nNo XML at all", "not_xml", 3),
        (b"<?xml version='1.0'?>\n<!-- open", "not_xml", 2),
        ('<?xml version="1.0"?><a/>'.encode("utf-16"), "utf16", 1),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', "encoding", 1),
        (b'<?xml version="1.0" encoding="ebcdic-9"?><a/>', "encoding", 1),
        (b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "doctype", 2),
        (b'<!--\n-->\n<!doctype a SYSTEM "file:///etc/passwd"><a/>', "doctype", 3),
        (b"<a>\n<b/>\n<b>&nothing;</b></a>", "bad_xml", 3),
        (b"<a>\n<b>\n</a>", "bad_xml", 3),
        (b"<a>\n<b/>", "bad_xml", 2),
        (b"<a>\n<b>\0</b></a>", "bad_xml", 2),
        (b"<a>\n<b>\xff\xfe</b></a>", "bad_xml", 2),
        (b"<a/>\n<a/>", "bad_xml", 2),
        (b"<a/>\n<!DOCTYPE a>", "bad_xml", 2),
        (b"<a>" * 10_000, "bad_xml", 1),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_its_line(xml: bytes, code: str, line: int) -> None:
    assert refused(xml) == (code, line)


@pytest.mark.parametrize(
    "xml",
    [
        b"<a b='" + b"x" * 20_000_000,
        b"<a " + b"x='1'\n" * 2_000_000,
        b"<a>" + b"x" * 20_000_000,
        b"<a><!-- " + b"< " * 10_000_000,
        b"<a><b/>" + b"<c/>" * 3_000_000,
        b"<a><b/>" + b"<c d='eeeeeeeeeeeeeeeeeeeeeee'/>" * 600_000,
        b"<a>" + b"<c><c><b/>" * 100,
    ],
    ids=["attribute", "attributes", "text", "comment", "elements", "fat elements", "depth"],
)
def test_what_grows_without_end_is_refused_early(xml: bytes) -> None:
    stream = io.BytesIO(xml)
    tracemalloc.start()
    *_, last = elements(stream, ["b"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(last, Problem) and last.refuses
    assert stream.tell() <= 12_000_000 and peak < 30_000_000


def test_a_head_that_comes_in_drips_is_waited_for() -> None:
    xml = b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a comment -->\n<a>\n  <b>1</b>\n</a>"
    found = [line_of(item) for item in elements(Dripping(xml), ["b"]) if not isinstance(item, Problem)]
    assert found == [4]


_PARTS = (
    b"<a> </a> <b> </b> <!-- --> &lt; &#0; \0 <![CDATA[ ]]> \xff <?x ?> <!DOCTYPE <p:b xmlns:p='u:p'>".split()
)


@given(st.lists(st.sampled_from(_PARTS)), st.binary())
def test_any_bytes_end_in_elements_or_one_refusal(parts: list[bytes], tail: bytes) -> None:
    found = seen(b"".join(parts) + tail, "b")
    assert all(not isinstance(item, Problem) for item in found[:-1])
