"""Markdown files of the repository, as far as tests look into them: fenced blocks, headings and links."""

import dataclasses
import pathlib
import re
import subprocess

from conftest import ROOT

FENCE = re.compile(r"^(```+|~~~+)\s*(\S*)\s*$")
MARK = re.compile(r"^<!-- (.*?) -->$")
HEADING = re.compile(r"^#{1,6} +(.*?) *#*$")
LINK = re.compile(r"\[(?:[^][]|\[[^][]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")


@dataclasses.dataclass
class Block:
    """A fenced block. `mark` is the comment in the line before it, `first` the index of its first line."""

    language: str
    mark: str
    first: int
    lines: list[str]

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)


class Document:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.lines = self.path.read_text().splitlines()
        self.blocks = []
        self.prose = self._read()

    def _read(self):
        """The lines outside of blocks; collects the blocks on the way."""
        prose, fence, block = [], None, None
        for index, line in enumerate(self.lines):
            found = FENCE.match(line)
            if block is None and found:
                mark = MARK.match(self.lines[index - 1]) if index else None
                fence, block = found[1], Block(found[2], mark[1] if mark else "", index + 1, [])
            elif block is None:
                prose.append(line)
            elif found and found[1] == fence and not found[2]:
                self.blocks.append(block)
                block = None
            else:
                block.lines.append(line)
        assert block is None, f"{self.path}: a block is not closed"
        return prose

    def links(self):
        text = re.sub(r"`[^`]*`", "", "\n".join(self.prose))
        return LINK.findall(text)

    def anchors(self):
        """What `#...` may name: GitHub's and mdBook's rule, which agree for our headings."""
        seen, anchors = {}, set()
        for line in self.prose:
            heading = HEADING.match(line)
            if not heading:
                continue
            title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "")
            slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            count = seen[slug] = seen.get(slug, -1) + 1
            anchors.add(f"{slug}-{count}" if count else slug)
        return anchors


def all_documents():
    """Every Markdown file that belongs to the repository, new ones too."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [Document(ROOT / name) for name in names if name and (ROOT / name).is_file()]
