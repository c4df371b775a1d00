"""The text of an article: harmless as HTML, compared without loss, put into words."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.knowledge.domain.difference import around_changes, difference
from utility_crm.knowledge.domain.markdown import as_html, as_plain, is_allowed, links_of
from utility_crm.knowledge.domain.wording import language_of, meant, words_of

TAGS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "table",
    "thead", "tbody", "tr", "th", "td", "h3", "h4", "h5", "h6",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "rel", "title"}, "ol": {"start"}, "code": {"class"}}
PAYLOADS = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](\tjavascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](//evil.example)",
    "[x](/customers/1)",
    '[x](https://ok.example "title\\" onclick=\\"alert(1)")',
    "<javascript:alert(1)>",
    '<https://ok.example/?a="onmouseover=alert(1)>',
    "[x][1]\n\n[1]: javascript:alert(1)",
    "![x](https://evil.example/p.png)",
    "![x](javascript:alert(1))",
    "| a |\n|:--|\n| <b onmouseover=alert(1)>b</b> |",
    "<iframe src=https://evil.example></iframe>",
    '<a href="javascript:alert(1)">x</a>',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '```html"><script>alert(1)</script>\nx\n```',
    "<style>*{display:none}</style>",
    "<!-- --><base href=//evil.example>",
)


class Strict(HTMLParser):
    """Fails on a tag, an attribute or an address that no article may have."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, ()), (tag, name, value)
            if name == "href":
                assert re.match(r"(https?://|mailto:|tel:|/help/|#)", value or "", re.I), value

    handle_startendtag = handle_starttag


def judged(text: str) -> str:
    html = as_html(text)
    Strict().feed(html)
    return html


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_more_than_text(payload: str) -> None:
    judged(payload)
    judged(f"# A heading\n\n- in a list: {payload}\n\n> {payload}")


@given(
    st.lists(
        st.sampled_from(
            [
                *PAYLOADS,
                "<",
                ">",
                '"',
                "'",
                "&",
                "](",
                "[",
                "`",
                "*",
                "javascript:",
                "\n",
                "\n\n",
                "|",
                "word",
            ]
        ),
        max_size=12,
    )
)
def test_nor_do_any_together(parts: list[str]) -> None:
    judged("".join(parts))


@given(st.text(max_size=200))
def test_any_text_is_rendered(text: str) -> None:
    judged(text)
    as_plain(text)
    links_of(text)


def test_what_articles_are_made_of() -> None:
    html = judged(
        "# Why\n\nIt is *cold*: see [the tariffs](/help/tariffs) and [more](https://example.org/a?b=c).\n\n"
        "1. one\n2. two\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n"
    )
    assert "<h3>Why</h3>" in html and "<em>cold</em>" in html and "<td>2</td>" in html
    assert '<a href="/help/tariffs">the tariffs</a>' in html
    assert 'href="https://example.org/a?b=c" rel="noopener noreferrer nofollow"' in html


def test_links_and_words() -> None:
    text = "See [a](/help/a), [b](javascript:x) and <https://c.example>.\n\n- **bold** `code`\n"
    assert links_of(text) == ["/help/a", "javascript:x", "https://c.example"]
    assert [is_allowed(one) for one in links_of(text)] == [True, False, True]
    assert as_plain("# Why\n\nIt *is*\ncold.\n\n- **one** `two`") == "Why\nIt is cold.\none two"


LINES = st.lists(st.sampled_from(["", "a", "a b", "a b c", "x y z", "one, two"]), max_size=8).map("\n".join)


@given(LINES | st.text(max_size=80), LINES | st.text(max_size=80))
def test_a_difference_gives_back_both_texts(older: str, newer: str) -> None:
    lines = difference(older, newer)

    def without(kind: str) -> list[str]:
        other = {"gone": "new", "new": "gone"}[kind]
        return [
            "".join(part.text for part in line if part.kind != kind)
            for line in lines
            if any(part.kind in ("same", other) for part in line)
        ]

    assert "\n".join(without("new")) == older
    assert "\n".join(without("gone")) == newer
    if older == newer:
        assert all(part.kind == "same" for line in lines for part in line)
        assert all(line is None for line in around_changes(lines))


def test_changed_words_are_marked_and_the_rest_left_out() -> None:
    older = "\n".join(["first", *(f"line {number}" for number in range(9)), "the bill is late"])
    newer = older.replace("is late", "was late")
    shown = around_changes(difference(older, newer), context=1)
    assert shown[0] is None and len(shown) == 3
    last = shown[-1]
    assert last is not None
    assert [(part.kind, part.text) for part in last] == [
        ("same", "the bill "), ("gone", "is"), ("new", "was"), ("same", " late"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "known", "found"),
    [
        ("metre", ["meter", "metal", "month"], "meter"),
        ("tarif", ["tariff", "tarmac"], "tariff"),
        ("estimatde", ["estimated"], "estimated"),
        ("счетчк", ["счетчик", "счет"], "счетчик"),
        ("outgae", ["outage"], "outage"),
        ("xyzzy", ["meter"], None),
        ("ab", ["abc"], None),
        ("2026", ["2025"], None),
        ("meter", [], None),
    ],
)
def test_what_was_meant(typed: str, known: list[str], found: str | None) -> None:
    assert meant(typed, known) == found


@given(st.text(max_size=300))
def test_words_are_few_short_and_compared_alike(text: str) -> None:
    words = words_of(text)
    assert len(words) <= 12 and len(set(words)) == len(words)
    assert all(0 < len(word) <= 80 and "_" not in word and "ё" not in word for word in words)
    assert words_of(" ".join(words)) == words


def test_the_language_is_told_by_the_letters() -> None:
    assert language_of("счёт", "en") == "ru" and language_of("bill", "ru") == "en"
    assert language_of("42", "ru") == "ru"
    assert words_of("Счёт за свет_2") == ["счет", "за", "свет", "2"]
