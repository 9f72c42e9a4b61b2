"""Seed 004: comet with the first fork of the HTTP push module (scenarios E1-E3), with its literal configuration."""

import http.client
import json
import subprocess
import threading
import urllib.request

import pytest
from conftest import SEEDS, free_port, wait_for

CONFIGURATION = (SEEDS / "configurations/seed_004.conf").read_text()


class Relay:
    """The sender's and the listeners' servers."""

    def __init__(self, server):
        self.listeners, self.whole = free_port(), free_port()
        text = CONFIGURATION.replace("{{listener}}", str(self.listeners)).replace("{{whole}}", str(self.whole))
        self.running = server(text)
        self.sender = self.running.port

    def send(self, channel, data, *arguments):
        """The status that curl is answered with."""
        url = f"localhost:{self.sender}/?channel={channel}"
        command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *arguments, "-d", data, url]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout

    def information(self, channel):
        return subprocess.run(
            ["curl", "-s", f"localhost:{self.sender}/?channel={channel}"], capture_output=True, text=True, timeout=10, check=True
        ).stdout

    def listen(self, channel, path=None):
        port = self.whole if path is None else self.listeners
        url = f"localhost:{port}{path or '/'}?channel={channel}"
        return subprocess.Popen(["curl", "-s", "-m", "20", url], stdout=subprocess.PIPE, text=True)

    def waiting(self):
        """How many listeners wait."""
        url = f"http://127.0.0.1:{self.listeners}/statistics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.loads(answer.read())["subscribers"]


@pytest.fixture
def relay(server):
    return Relay(server)


def test_e1_broadcast(relay):
    listeners = [relay.listen("a") for _ in range(3)]
    other = relay.listen("b")
    try:
        wait_for(lambda: relay.waiting() == 4, "four listeners")
        assert relay.send("a", "hello") == "201"
        assert [listener.communicate(timeout=10)[0] for listener in listeners] == ["hello"] * 3
        assert other.poll() is None
    finally:
        other.terminate()
        other.wait()


def test_e2_camera(relay):
    page = relay.running.path / "html"
    page.mkdir()
    (page / "index.html").write_text("<img id=picture>")
    seen = []

    def watch():
        """The script of the page: it asks, shows, and asks again."""
        connection = http.client.HTTPConnection("127.0.0.1", relay.listeners, timeout=20)
        connection.request("GET", "/index.html")
        assert connection.getresponse().read() == b"<img id=picture>"
        while len(seen) < 50:
            connection.request("GET", "/listen?channel=camera")
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
            seen.append(json.loads(answer.read())["picture"])

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    sender = http.client.HTTPConnection("localhost", relay.sender, timeout=20)
    for number in range(50):
        text = json.dumps({"picture": f"/{number}.jpg"})
        sender.request("POST", "/?channel=camera", text, {"Content-Type": "application/json"})
        answer = sender.getresponse()
        answer.read()
        assert answer.status in (201, 202)
    watcher.join(timeout=20)
    assert seen == [f"/{number}.jpg" for number in range(50)]


def test_e3_queue(relay):
    assert [relay.send("q", "one"), relay.send("q", "two")] == ["202", "202"]
    assert relay.information("q").split("\n") == ["queued: 2", "requested: never", ""]
    assert relay.listen("q").communicate(timeout=10)[0] == "one"
    assert relay.listen("q").communicate(timeout=10)[0] == "two"
    third = relay.listen("q", "/listen")
    wait_for(lambda: relay.waiting() == 1, "the third listener")
    assert third.poll() is None
    assert relay.send("q", "three") == "201"
    assert third.communicate(timeout=10)[0] == "three"
