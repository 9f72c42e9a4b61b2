"""Plays the sessions of a page as a reader would: its commands against the server binary, its scripts in a browser.

A block ```console is a terminal: what stands behind `$ ` is run, what follows must come out. `...` stands for any lines,
or for the rest of a line. Dates, tags, process ids and their like may be others than those shown; where a later command
uses one that was shown, it gets what came in its place. A comment in the line before a block says more:

    <!-- stays -->        the last command goes on; its output is compared at the end of the page
    <!-- file NAME -->    the block becomes a file in the folder of the page
    <!-- file NAME, browser ADDRESS -->  and Chromium shows the address, where a server has that file
    <!-- browser -->      the block is a page in Chromium
    <!-- prints -->       what that page has written to the console since
    <!-- not run: ... --> nothing is run, for this reason

The server of the built-in configuration runs for pages that speak to port 9080 without saying who listens there.
Ports are others than those shown, so that pages can be played side by side.
"""

import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import termios
import threading
import urllib.request

from conftest import accepts, binary, free_port, wait_for
from documents import Document
from expected import Values, matches

PORT = re.compile(r"(?<=127\.0\.0\.1:)\d{4,5}|(?<=\"127\.0\.0\.1\", )\d{4,5}")
LISTENS = re.compile(r"listen 127\.0\.0\.1:(\d+)|\(\"127\.0\.0\.1\", (\d+)\)")
STYLE = re.compile(r"\x1b\[[0-9;]*m")
BUILT_IN = "9080"
SPY = "location / { push_stream_channels_statistics; push_stream_channels_path $arg_id; }"


class Session:
    def __init__(self, path, folder):
        self.document, self.folder = Document(path), folder
        self.ports, self.values, self.staying, self.found = {}, Values(), [], []
        self.statistics = []
        programs = folder / ".bin"
        programs.mkdir()
        (programs / "outpour").symlink_to(pathlib.Path(binary()).resolve())
        self.environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}:/usr/sbin", "HOME": str(folder)}
        self.shell = Terminal(["bash", "--norc"], self)

    def play(self):
        """Runs all blocks; returns what was shown differently, and what came instead, for each of them."""
        blocks = self.document.blocks
        files = [block for block in blocks if block.mark.startswith("file ")]
        if BUILT_IN in PORT.findall("\n".join(self.document.lines)) and not any(BUILT_IN in file.text for file in files):
            self.start_built_in()
        for block in blocks:
            self.play_block(block)
        for terminal, block, shown in self.staying:
            if shown is not None:
                self.compare(block, shown, terminal)
        return self.found

    def play_block(self, block):
        if block.mark.startswith("file "):
            name, _, address = block.mark.removeprefix("file ").partition(", browser ")
            self.write(name, block.text)
            if address:
                self.browse(block, self.real(address))
        elif block.mark == "browser":
            page = self.folder / "page.html"
            page.write_text(self.real(block.text))
            self.browse(block, page.as_uri())
        elif block.mark == "prints":
            browser = next(one for one, _, _ in reversed(self.staying) if isinstance(one, Browser))
            self.compare(block, (0, block.lines), browser)
            browser.compared += len(block.lines)
        elif block.language == "console" and not block.mark.startswith("not run: "):
            self.run_all(block)

    def run_all(self, block):
        commands = list(steps(block.lines))
        for index, (command, at, shown) in enumerate(commands):
            self.learn()
            if block.mark == "stays" and index == len(commands) - 1:
                self.stay(command, block, (at, shown))
            else:
                self.shell.run(self.real(command))
                self.compare(block, (at, shown), self.shell)

    def stay(self, command, block, shown):
        before = self.subscribers()
        served = [word for word in command.split() if (self.folder / word).is_file()]
        if command.startswith("outpour -c "):
            command = f"outpour -c {self.spied(served[0])}"
        terminal = Terminal(["bash", "--norc", "-c", self.real(command)], self)
        self.staying.append((terminal, block, shown))
        if served:
            self.wait_for_ports(served[0], terminal)
        else:
            wait_for(lambda: self.subscribers() > before, f"subscribes: {command}")

    def spied(self, name):
        """A copy of a configuration with a location that tells the player who has subscribed."""
        self.statistics.append(free_port())
        spy = f"http {{ server {{ listen 127.0.0.1:{self.statistics[-1]}; {SPY} }}"
        text = (self.folder / name).read_text()
        (self.folder / f"spied-{name}").write_text(re.sub(r"(?m)^http \{", lambda _: spy, text))
        return f"spied-{name}"

    def learn(self):
        """Takes values from what has come so far of outputs that go on."""
        for terminal, _, shown in self.staying:
            lines = shown[1] if shown else []
            any(matches(lines[:count], terminal.lines(), self.values) for count in range(len(lines), 0, -1))

    def start_built_in(self):
        text = subprocess.run([binary(), "--print-config"], capture_output=True, text=True, check=True).stdout
        self.write("built-in.conf", text)
        self.stay("outpour -c built-in.conf", None, None)

    def wait_for_ports(self, name, terminal):
        """Until somebody accepts where the file, a configuration or a program, says."""

        def accepted(port):
            assert terminal.process.poll() is None, f"{name} is not served: {terminal.text()}"
            return accepts(int(port[port.lastindex]))

        for port in LISTENS.finditer((self.folder / name).read_text()):
            wait_for(lambda: accepted(port), f"{name} is served", within=20)

    def browse(self, block, address):
        before = self.subscribers()
        self.staying.append((Browser(address, self), block, None))
        wait_for(lambda: self.subscribers() > before, "the page subscribes", within=20)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.real(text))

    def subscribers(self):
        """Of all servers of the page."""
        return sum(subscribers(port) for port in self.statistics if accepts(port))

    def real(self, text):
        """`text` with the ports and values of this run."""
        text = PORT.sub(lambda port: str(self.ports.setdefault(port[0], free_port())), self.values.real(text))
        # These two know the port of the built-in configuration by themselves.
        where = f"http://127.0.0.1:{self.ports.get(BUILT_IN)}"
        text = re.sub(r"\boutpour pub (?!--url)", f"outpour pub --url '{where}/pub?id=' ", text)
        return re.sub(r"\boutpour sub (?!--url)", f"outpour sub --url {where}/sub/ ", text)

    def shown(self, text):
        """`text` with the ports that the page shows."""
        for shown, port in self.ports.items():
            text = re.sub(rf"\b{port}\b", shown, text)
        return text.replace(str(self.folder), "/srv/push").replace("spied-", "")

    def compare(self, block, shown, terminal):
        at, lines = shown
        try:
            wait_for(lambda: matches(lines, terminal.lines(), self.values), "the output", terminal.patience)
        except AssertionError:
            self.found.append((block.first + at, lines, terminal.lines()))

    def end(self):
        for terminal in {self.shell, *(one for one, _, _ in self.staying)}:
            terminal.end()


def subscribers(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        return json.load(answer)["subscribers"]


def steps(lines):
    """Each command with the index of what is shown of its output, and that."""
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    assert starts and starts[0] == 0, f"a session begins with a command: {lines[:1]}"
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        first = start + 1
        while lines[first - 1].endswith("\\"):
            first += 1
        yield "\n".join(lines[start:first]).removeprefix("$ "), first, lines[first:end]


class Terminal:
    """A process with a terminal of its own, as programs write otherwise into pipes than for people."""

    DONE = re.compile(r"--- done \d+\n")

    def __init__(self, command, session):
        self.session, self.patience, self.output, self.begun = session, 5, b"", 0
        self.master, slave = pty.openpty()
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        self.process = subprocess.Popen(
            command,
            cwd=session.folder,
            env=session.environment,
            stdin=subprocess.PIPE,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        try:
            while piece := os.read(self.master, 65536):
                self.output += piece
        except OSError:
            pass  # Linux says so when the last writer is gone.

    def run(self, command):
        """Runs a command in the shell, to its end."""
        self.begun, self.patience = len(self.text()), 0
        self.process.stdin.write(f"{command}\nprintf -- '--- done %d\\n' $?\n".encode())
        self.process.stdin.flush()
        wait_for(lambda: self.DONE.search(self.text()[self.begun :]), f"ends: {command}", within=30)

    def text(self):
        return self.output.decode(errors="replace")

    def lines(self):
        text = STYLE.sub("", self.DONE.sub("", self.text()[self.begun :]))
        return [line.rstrip("\r") for line in self.session.shown(text).split("\n")]

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=10)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdin.close()
        self.reader.join(timeout=5)
        os.close(self.master)


class Browser(Terminal):
    """Chromium on a page; its lines are what the page writes to the console."""

    LINE = re.compile(r'CONSOLE[:(]\d+\)?\] "(.*)", source: ')

    def __init__(self, address, session):
        program = os.environ.get("CHROMIUM") or shutil.which("chromium")
        assert program, "chromium is not installed"
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        options += ["--disable-sync", "--no-first-run", "--enable-logging=stderr", "--remote-debugging-port=0"]
        self.compared = 0
        super().__init__([program, *options, f"--user-data-dir={session.folder / '.chromium'}", address], session)

    def lines(self):
        return self.LINE.findall(self.session.shown(self.text()))[self.compared :]
