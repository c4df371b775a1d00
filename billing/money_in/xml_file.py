"""An ISO 20022 message, read safely: no document type, no entities, no network."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from utility_crm.kit.errors import Invalid

Element = etree._Element
"""The only name lxml has for it."""


def read_xml(content: bytes) -> Element:
    """The root of a message. Raises Invalid, with the line, for what is no whole XML document."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise Invalid(
            "bad_xml", f"The file is no whole XML document: {error.msg}.", f"line {line}"
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Invalid("doctype", "The file declares a document type; no message of a bank does.", "line 1")
    return root


def message_of(root: Element) -> str:
    """The message's name and version by its namespace: camt.053.001.08; empty for none."""
    return etree.QName(root).namespace.rpartition(":")[2] if etree.QName(root).namespace else ""


def children(element: Element, path: str) -> Iterator[Element]:
    """Elements below, by local names: Refs/EndToEndId; the namespace is the root's."""
    namespace = etree.QName(element).namespace
    steps = "/".join(f"{{{namespace}}}{name}" for name in path.split("/"))
    return iter(element.findall(steps))


def text_of(element: Element, *paths: str) -> str:
    """The first text at one of these paths; empty for none."""
    for path in paths:
        for found in children(element, path):
            if found.text and found.text.strip():
                return found.text.strip()
    return ""


def line_of(element: Element) -> str:
    """Where it stands."""
    return f"line {element.sourceline}"
