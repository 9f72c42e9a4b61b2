"""Every configuration that a document shows is one that outpour takes over, whole or as a part of one."""

import subprocess

import pytest
from conftest import ROOT, binary
from documents import all_documents

# What a part may have to stand in.
WRAPPERS = [
    "{}",
    "http {{\n{}}}\n",
    "http {{ upstream app {{ server 127.0.0.1:3000; }}\n{}}}\n",
    "http {{ server {{\n{}}} }}\n",
    "http {{ server {{ location / {{\n{}}} }} }}\n",
]

SHOWN = [
    (f"{document.path.relative_to(ROOT)}:{block.first}", block.text)
    for document in all_documents()
    for block in document.blocks
    if block.language == "nginx"
]


@pytest.mark.parametrize("text", [text for _, text in SHOWN], ids=[place for place, _ in SHOWN])
def test_configuration(text, tmp_path):
    reports = []
    for wrapper in WRAPPERS:
        refused = check(wrapper.format(text), tmp_path)
        if not refused:
            return
        reports.append(refused)
    raise AssertionError("\n".join(reports))


def check(text, folder):
    """What is refused, if anything is."""
    (folder / "push.conf").write_text(text)
    command = [binary(), "check", "--brief", "push.conf"]
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20)
    return None if checked.returncode < 2 else checked.stdout + checked.stderr
