"""What the pages of docs/ and the README show happens: see sessions.py."""

import concurrent.futures
import os

import pytest
from conftest import ROOT
from documents import Document
from expected import without_end
from sessions import Session

PAGES = [
    path
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if any(block.language == "console" for block in Document(path).blocks)
]


@pytest.fixture(scope="module")
def played(request, tmp_path_factory):
    """For each page what it shows differently. Pages wait more than they work: several are played at a time."""
    wanted = {item.callspec.params["page"] for item in request.session.items if item.path == request.path}
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        running = {page: pool.submit(play, page, tmp_path_factory.mktemp(page.stem)) for page in sorted(wanted)}
        yield running


def play(page, folder):
    session = Session(page, folder)
    try:
        different = session.play()
    finally:
        session.end()
    if os.environ.get("UPDATE"):
        update(session.document, different)
    return different


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_page(page, played):
    told = [
        "\n".join([f"{page.name}:{at + 1}: the page shows", *shown, "but there came", *came])
        for at, shown, came in played[page].result()
    ]
    assert not told, "\n\n".join(told)


def update(document, different):
    """Puts what came into the page."""
    lines = document.lines
    for at, shown, came in sorted(different, reverse=True):
        lines[at : at + len(shown)] = without_end(came)
    document.path.write_text("\n".join(lines) + "\n")
