"""What callers of a house are asked, of everybody in it; and a walk over its pages that finds it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote, unquote

from sqlalchemy import Connection, text
from starlette.testclient import TestClient

OF_A_SHAPE = 2
ELSEWHERE = ("/static", "/sign-", "/api")
_PROOFS = {
    "postcode": """select distinct p.postcode from premises p join occupancies o on o.premise_id = p.id
        where p.postcode <> ''""",
    "address": """select distinct p.address from premises p join occupancies o on o.premise_id = p.id
        where p.address <> ''""",
    "phone": """select value from contact_points cp where kind = 'phone' and not exists (
        select from calls c where c.number = cp.normal)""",
    "email": "select value from contact_points where kind = 'email'",
    "meter": """select distinct m.serial from meters m join service_points s on s.id = m.service_point_id
        join occupancies o on o.premise_id = s.premise_id where m.serial <> ''""",
    "bank": "select iban from mandates",
    "medical": "select detail from customer_flags where detail <> ''",
}
"""What is asked of callers, or says where and how somebody is: SQL of everybody's. A number that rang stands
on the page of whoever takes the call, and is not asked."""
_LINK = re.compile(r'(?:href|hx-get|data-from|data-href)="(/[^"#]*)')
_TAG = re.compile(r"<[^<>]*>")
_FRAGMENT = re.compile(r"/acts/|/timeline|/found|/line$")
Held = tuple[str, str]
"""A kind of proof and the value."""


@dataclass(frozen=True)
class Proofs:
    """Everybody's, by kind."""

    of: dict[str, list[str]]

    @staticmethod
    def in_house(connection: Connection) -> Proofs:
        return Proofs({kind: list(connection.scalars(text(sql))) for kind, sql in _PROOFS.items()})

    def held_by(self, page: str, typed: str = "", but: Iterable[str] = ()) -> list[Held]:
        """Those that stand in a page: in its words, however marked up, or in its markup. typed: what somebody
        typed themselves stands there again; but: kinds that may."""
        source = unescape(page)
        words = " ".join(_TAG.sub(" ", source).split())
        digits = re.sub(r"[\s().\-/]", "", words)
        found = []
        for kind, values in self.of.items():
            for value in values if kind not in but else ():
                bare = "".join(filter(str.isdigit, value))[-9:] if kind == "phone" else ""
                if (value in source or value in words or (bare and bare in digits)) and value not in typed:
                    found.append((kind, value))
        return found

    def searches(self, calls: Iterable[int]) -> list[str]:
        """Somebody types what a caller told them, wherever one can type."""
        told = [quote(value) for values in self.of.values() for value in values[:1]]
        ways = ["/customers/found?q={}", "/customers?q={}", "/tickets?words={}", "/notices?customer={}",
                *(f"/telephone/{call}?q={{}}" for call in calls)]  # fmt: skip
        return [way.format(one) for one in told for way in ways]


def shape_of(address: str) -> str:
    """A question alone is a page of its own; with anything else one stands for all of them."""
    shape = re.sub(r"/[^/?]*\d[^/?]*", "/#", address)
    return shape if re.search(r"[?]ask=[^&]*$", shape) else re.sub(r"=[^&]*", "=", shape)


def leaks(
    client: TestClient, starts: Iterable[str], proofs: Proofs, but: Iterable[str] = ()
) -> dict[str, list[Held]]:
    """Every page that can be reached from some, and the proofs that stand in it; a PDF that is given away
    counts, too: nothing can be covered in it."""
    queue, seen, shapes = list(starts), set[str](), Counter[str]()
    found: dict[str, list[Held]] = {}
    while queue:
        address = queue.pop(0)
        shape = shape_of(address)
        typed = "q=" in address or "words=" in address or "customer=" in address
        enough = shapes[shape] >= (1 if "?" in address else OF_A_SHAPE)
        if address in seen or (enough and not typed) or address.startswith(ELSEWHERE):
            continue
        shapes[shape] += 1
        seen.add(address)
        headers = {"HX-Request": "true"} if _FRAGMENT.search(address) else {}
        answer = client.get(address, headers=headers)
        assert answer.status_code < 500, address
        if answer.headers.get("content-type", "").startswith("application/pdf"):
            found[address] = [("file", address)]
            continue
        if held := proofs.held_by(answer.text, unquote(address), but):
            found[address] = held
        queue += [unescape(link) for link in _LINK.findall(answer.text)]
    assert len(seen) > 100, "it went nowhere"
    return found
