"""Starts servers and clients for the seed scenarios. Each server has a folder and ports of its own."""

import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = pathlib.Path(__file__).resolve().parent


def binary():
    named = os.environ.get("OUTPOUR_BIN")
    candidates = [named] if named else [ROOT / "target/release/outpour", ROOT / "target/debug/outpour"]
    for candidate in candidates:
        if pathlib.Path(candidate).is_file():
            return str(candidate)
    raise RuntimeError(f"no server binary at {candidates}")


PORTS = itertools.count(10000 + os.getpid() % 1900)


def free_port():
    """A port that is free on every address, because the configurations say `listen PORT`; below the range from which
    clients get theirs."""
    for port in PORTS:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if listener.connect_ex(("127.0.0.1", port)) == 0:
                continue
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("", port))
            except OSError:
                continue
            return port


def wait_for(condition, what, within=10.0):
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.05)


def accepts(port):
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


class Folder:
    """A prefix as nginx knows it, with conf/nginx.conf and logs."""

    def __init__(self, configuration, port=None):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="outpour-seed-"))
        self.port = port or free_port()
        (self.path / "conf").mkdir()
        (self.path / "logs").mkdir()
        self.file = self.path / "conf" / "nginx.conf"
        self.write(configuration)

    def write(self, configuration):
        self.file.write_text(configuration.replace("{{port}}", str(self.port)).replace("{{dir}}", str(self.path)))

    def command(self, *arguments, timeout=20):
        """Runs the server binary to its end."""
        return subprocess.run(
            [binary(), "-p", str(self.path), *arguments], cwd=self.path, capture_output=True, text=True, timeout=timeout
        )

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Server(Folder):
    """A running server in the foreground."""

    def __init__(self, configuration):
        super().__init__(configuration)
        self.process = None
        self.errors = self.path / "stderr"
        try:
            self.start()
        except BaseException:
            self.stop()
            self.remove()
            raise

    def start(self):
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [binary(), "-p", str(self.path), "-c", str(self.file)], cwd=self.path, stdout=errors, stderr=errors
            )
        wait_for(self.is_ready, "the server accepts", within=20)

    def is_ready(self):
        assert self.process.poll() is None, f"the server ended:\n{self.said()}"
        return accepts(self.port)

    def said(self):
        logs = [path.read_text(errors="replace") for path in (self.path / "logs").glob("*.log")]
        return self.errors.read_text(errors="replace") + "".join(logs)

    def signal(self, name):
        self.process.send_signal(getattr(signal, f"SIG{name}"))

    def wait(self, within=15):
        return self.process.wait(timeout=within)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def curl(self, path, *arguments, timeout=15):
        """What `curl -s` prints."""
        command = ["curl", "-s", "--max-time", str(timeout), *arguments, self.url(path)]
        # Not as text: that would turn CR LF into LF.
        return subprocess.run(command, capture_output=True, check=True).stdout.decode()

    def curl_status(self, path, *arguments):
        return int(self.curl(path, "-o", "/dev/null", "-w", "%{http_code}", *arguments))


class Background:
    """A client process whose output is read while it runs."""

    def __init__(self, command, env=None, folder=None):
        self.file = tempfile.NamedTemporaryFile(prefix="outpour-client-", delete=False)
        environment = {**os.environ, **(env or {})}
        self.process = subprocess.Popen(command, stdout=self.file, stderr=subprocess.STDOUT, env=environment, cwd=folder)

    def output(self):
        return pathlib.Path(self.file.name).read_text(errors="replace")

    def wait_for(self, part, within=10):
        if hasattr(part, "search"):
            return wait_for(lambda: part.search(self.output()), f"{part} in {self.output()!r}", within)
        wait_for(lambda: part in self.output(), part, within)
        return self.output()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=10)
        self.file.close()
        os.unlink(self.file.name)


@pytest.fixture
def server():
    """Starts servers that end with the test."""
    started = []

    def start(configuration):
        started.append(Server(configuration))
        return started[-1]

    yield start
    for one in started:
        one.stop()
        said = one.said()
        one.remove()
        assert "panicked at" not in said, said


@pytest.fixture
def folder():
    """Makes prefixes that are removed with the test."""
    made = []

    def make(configuration):
        made.append(Folder(configuration))
        return made[-1]

    yield make
    for one in made:
        pid = one.path / "logs" / "nginx.pid"
        if pid.is_file() and pid.read_text().strip().isdigit():
            end(int(pid.read_text()))
        one.remove()


def end(pid):
    """Ends a server that went to the background, if it is still there."""
    try:
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), "the end", within=10)
    except (ProcessLookupError, AssertionError):
        pass


@pytest.fixture
def background():
    """Starts clients that end with the test."""
    started = []

    def start(*command, **options):
        started.append(Background([str(word) for word in command], **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def node(background):
    """Starts a script of this folder with the npm packages of target/npm."""

    def start(script, *arguments):
        modules = os.environ.get("SEED_NODE_MODULES", str(ROOT / "target/npm/node_modules"))
        return background("node", SEEDS / "clients" / script, *arguments, env={"NODE_PATH": modules})

    return start


def ruby(script, *arguments, **environment):
    """Runs a script of this folder."""
    command = ["ruby", str(SEEDS / "clients" / script), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=30, env={**os.environ, **environment}
    ).stdout


DATE = r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"


def pattern(text):
    """`text` as an expression in which TIME, TAG and NUMBER stand for what varies."""
    escaped = re.escape(text)
    return re.compile(escaped.replace("TIME", DATE).replace("TAG", r"\d+").replace("NUMBER", r"\d+"))
