"""Links and anchors of all documents lead somewhere, and the pages below docs/ make a book."""

import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.parse

import pytest
from conftest import ROOT
from documents import Document, all_documents

DOCS = ROOT / "docs"
OUTSIDE = re.compile(r"[a-z]+:")


def test_links_lead_somewhere():
    documents = {document.path: document for document in all_documents()}
    broken = [
        f"{document.path.relative_to(ROOT)}: {link}"
        for document in documents.values()
        for link in document.links()
        if not OUTSIDE.match(link) and not resolves(document.path, link, documents)
    ]
    assert not broken, broken


def resolves(path, link, documents):
    name, _, anchor = link.partition("#")
    target = (path.parent / urllib.parse.unquote(name)).resolve() if name else path
    if not target.exists():
        return False
    return not anchor or (target in documents and anchor in documents[target].anchors())


def test_links_of_pages_stay_in_the_book():
    """Only what lies below docs/ is there when the pages are read as a site."""
    leaving = [
        f"{document.path.relative_to(ROOT)}: {link}"
        for document in all_documents()
        if document.path.is_relative_to(DOCS)
        for link in document.links()
        if not OUTSIDE.match(link) and not (document.path.parent / link).resolve().is_relative_to(DOCS)
    ]
    assert not leaving, f"name the file as code instead: {leaving}"


def test_every_page_has_its_place_in_the_summary():
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"SUMMARY.md"}
    missing = pages - set(Document(DOCS / "SUMMARY.md").links())
    assert not missing, f"add to docs/SUMMARY.md: {sorted(missing)}"


DEVIATIONS = """# Intended differences

Where outpour does on purpose not what nginx-push-stream-module 0.6.0 does. Each is shown by a test, or says why not.
`outpour check` names those that concern a directive ([check.md](check.md)).

This page is generated from `conformance/deviations.toml`.
"""


def test_deviations_are_a_page():
    path = DOCS / "deviations.md"
    entries = tomllib.loads((ROOT / "conformance/deviations.toml").read_text())["deviation"]
    page = DEVIATIONS + "".join(map(deviation, entries))
    if os.environ.get("UPDATE"):
        path.write_text(page)
    assert path.read_text() == page, "docs/deviations.md is out of date: run with UPDATE=1"


def deviation(entry):
    untested = f"- No test shows it: {entry['untested']}\n" if "untested" in entry else ""
    return (
        f"\n## {entry['id']}\n\n- The module: {entry['module']}\n- outpour: {entry['outpour']}\n"
        f"- Why: {entry['why']}\n{untested}"
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The site, as mdBook builds it."""
    beside = pathlib.Path(sys.executable).parent / "mdbook"
    program = str(beside) if beside.is_file() else shutil.which("mdbook")
    assert program, "mdbook is not installed: it is in conformance/seeds/requirements.txt"
    folder = tmp_path_factory.mktemp("book")
    built = subprocess.run([program, "build", "-d", folder, DOCS], capture_output=True, text=True)
    said = built.stdout + built.stderr
    assert built.returncode == 0 and "WARN" not in said and "ERROR" not in said, said
    return folder


def test_the_book_has_every_anchor(book):
    pages = {path: Page(path) for path in book.rglob("*.html")}
    broken = [
        f"{page.path.relative_to(book)}: {link}"
        for page in pages.values()
        if page.path.name not in ("404.html", "print.html", "toc.html")
        for link in page.links
        if not OUTSIDE.match(link) and not page.leads(link, pages)
    ]
    assert not broken, broken


class Page(html.parser.HTMLParser):
    """Links and anchors of a page of the site."""

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.ids = path, [], {""}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id", ""))
        link = attributes.get({"a": "href", "img": "src"}.get(tag))
        if link:
            self.links.append(link)

    def leads(self, link, pages):
        name, _, anchor = link.partition("#")
        target = (self.path.parent / urllib.parse.unquote(name)).resolve() if name else self.path
        return target.exists() and (not anchor or anchor in pages[target].ids)
