"""Libraries that are written for Pushpin, with outpour in its place: django-grip, django-eventstream, gripcontrol, @fanoutio/grip."""

import contextlib
import json
import os
import socket
import sys
import threading
import time

import httpx
import pytest
import requests
import websockets
from conftest import ROOT, SEEDS, Background, Server, accepts, free_port, wait_for
from gripcontrol import GripPubControl, HttpStreamFormat, WebSocketMessageFormat
from httpx_sse import connect_sse
from pubcontrol import Item
from websockets.sync.client import connect

KEY = "a key that the two share, of more than thirty-two bytes"

CONFIGURATION = """
worker_processes 2;
error_log {{dir}}/logs/error.log info;
events { }
http {
    push_stream_shared_memory_size 16m;
    server {
        listen {{port}};
        location = /pub { push_stream_publisher admin; push_stream_channels_path $arg_id; }
        location = /stats { push_stream_channels_statistics; push_stream_channels_path $arg_id; }
        location ~ ^/sub/(.*)$ { push_stream_subscriber; push_stream_channels_path $1; }
        location /publish { push_stream_grip_publisher; allow 127.0.0.1; deny all; }
        location / {
            proxy_pass http://127.0.0.1:%(application)s;
            proxy_set_header Host $http_host;
            push_stream_grip on;
            %(key)s
        }
    }
}
"""


def subscribers(server, channel):
    answer = requests.get(server.url(f"/stats?id={channel}"), timeout=5)
    return answer.json()["subscribers"] if answer.status_code == 200 else 0


def wait_for_subscribers(server, channel, count=1):
    wait_for(lambda: int(subscribers(server, channel)) == count, f"{count} subscribers of {channel}", within=20)


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """Starts a server and an application behind it, which knows where to publish; equal ones are shared."""
    known_pairs, started = {}, []

    def start(kind, stored=False, key=KEY, known=KEY, fresh=False):
        wanted = (kind, stored, key, known)
        if fresh or wanted not in known_pairs:
            known_pairs[wanted] = pair(*wanted)
        return known_pairs[wanted]

    def pair(kind, stored, key, known):
        port = free_port()
        signed = f"push_stream_grip_key '{key}';" if key else ""
        held = Server(CONFIGURATION % {"application": port, "key": signed})
        started.append(held)
        uri = held.url("/") + (f"?iss=test&key={known}".replace(" ", "%20") if known else "")
        store = tmp_path_factory.mktemp("store") / "events.sqlite"
        environment = {"GRIP_URL": uri, **({"STORE": str(store)} if stored else {})}
        if kind == "django":
            serve = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--chdir", SEEDS / "grip"]
            command = [sys.executable, *serve, "application:application"]
        else:
            environment["NODE_PATH"] = os.environ.get("SEED_NODE_MODULES", str(ROOT / "target/npm/node_modules"))
            command = ["node", SEEDS / "grip" / "application.js", port]
        held.behind = Background([str(word) for word in command], env=environment)
        started.append(held.behind)
        wait_for(lambda: accepts(port), f"{command} accepts", within=30)
        return held

    yield start
    for one in reversed(started):
        one.stop()
    for one in started:
        if isinstance(one, Server):
            said = one.said()
            one.remove()
            assert "panicked at" not in said, said


class Streamed:
    """A GET whose answer is read as it comes."""

    def __init__(self, url):
        self.text, self.ended = "", False
        self.answer = requests.get(url, stream=True, timeout=20)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for piece in self.answer.iter_content(None):
            self.text += piece.decode(errors="replace")
        self.ended = True

    def wait_for(self, part):
        wait_for(lambda: part in self.text, f"{part!r} in {self.text!r}")


def later(action):
    """What `action` returns, in a thread of its own."""
    found = []
    thread = threading.Thread(target=lambda: found.append(action()), daemon=True)
    thread.start()

    def result():
        thread.join(timeout=20)
        assert found, "there is no answer"
        return found[0]

    return result


def test_requests_are_signed(behind):
    held = behind("django")
    forged = {"Grip-Sig": "forged", "Grip-Feature": "forged"}
    assert requests.get(held.url("/facts"), headers=forged, timeout=5).text == "proxied True signed True\n"
    assert "Grip-Hold" not in requests.get(held.url("/facts"), timeout=5).headers


def test_another_key_is_no_proxy(behind):
    held = behind("django", key="another")
    assert requests.get(held.url("/facts"), timeout=5).text == "proxied False signed False\n"


def test_without_a_key_requests_are_proxied(behind):
    held = behind("django", key=None, known=None)
    assert requests.get(held.url("/facts"), timeout=5).text == "proxied True signed False\n"


def test_django_holds_answers(behind):
    held = behind("django")
    with requests.Session() as client:
        answer = later(lambda: client.get(held.url("/wait"), timeout=15))
        wait_for_subscribers(held, "news")
        assert requests.post(held.url("/tell"), data="one", timeout=5).text == "told\n"
        told = answer()
        assert (told.status_code, told.text, told.headers["X-Told"]) == (201, "response one\n", "yes")
        begun = time.monotonic()
        assert client.get(held.url("/wait"), timeout=15).text == "nothing\n"
        assert 4.5 < time.monotonic() - begun < 8
        # A publisher of the other kind answers, too.
        answer = later(lambda: client.get(held.url("/wait"), timeout=15))
        wait_for_subscribers(held, "news")
        requests.post(held.url("/pub?id=news"), data="plain", timeout=5)
        assert answer().text == "plain"


def test_django_streams(behind):
    held = behind("django")
    stream = Streamed(held.url("/stream"))
    stream.wait_for("begin\n")
    wait_for_subscribers(held, "news")
    other = Streamed(held.url("/sub/news"))
    wait_for_subscribers(held, "news", 2)
    assert not [name for name in stream.answer.headers if name.lower().startswith("grip-")]
    requests.post(held.url("/tell"), data="one", timeout=5)
    stream.wait_for("stream one\n")
    other.wait_for("stream one\n")
    requests.post(held.url("/pub?id=news"), data="plain\n", timeout=5)
    stream.wait_for("plain\n")
    stream.wait_for("beat\n")
    requests.post(held.url("/end"), timeout=5)
    wait_for(lambda: stream.ended, "the end of the stream")
    assert not other.ended and "response" not in stream.text + other.text
    requests.delete(held.url("/pub?id=news"), timeout=5)
    wait_for(lambda: other.ended, "the end of the other stream")


def test_a_chat_over_http(behind):
    held = behind("django")
    url = held.url("/chat?user=").replace("http", "ws")
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        connect(url + "nobody")
    assert refused.value.response.status_code == 403 and refused.value.response.body == b"who are you?\n"
    with connect(url + "ann") as ann, connect(url + "bob") as bob:
        assert (ann.recv(timeout=5), bob.recv(timeout=5)) == ("welcome ann", "welcome bob")
        for number in range(20):
            ann.send(f"line {number}")
        for client in (ann, bob):
            assert [client.recv(timeout=10) for _ in range(20)] == [f"ann: line {number}" for number in range(20)]
        assert ann.ping(b"alive").wait(timeout=5)
        bob.send("leave")
        assert bob.recv(timeout=5) == "left"
        ann.send("alone")
        assert ann.recv(timeout=5) == "ann: alone"
        requests.post(held.url("/pub?id=room"), data="from the other side", timeout=5)
        assert ann.recv(timeout=5) == "from the other side"
        bob.send("quit")
        with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
            bob.recv(timeout=5)
        assert closed.value.rcvd.code == 4000
        with connect(url + "eve") as eve:
            assert eve.recv(timeout=5) == "welcome eve"
            eve.close(1000)
        assert ann.recv(timeout=5) == "eve leaves"
        with connect(url + "dan") as dan:
            assert dan.recv(timeout=5) == "welcome dan"
            # Gone without a word.
            dan.socket.shutdown(socket.SHUT_RDWR)
        assert ann.recv(timeout=5) == "dan is gone"
        ann.send("detach")
        assert ann.recv(timeout=5) == "detached"
        ann.send("nobody hears this")
        requests.post(held.url("/pub?id=room"), data="last", timeout=5)
        assert ann.recv(timeout=5) == "last"


def test_an_application_that_is_down(behind):
    held = behind("django", known="lost", fresh=True)
    url = held.url("/chat?user=").replace("http", "ws")
    with connect(url + "ann") as ann:
        assert ann.recv(timeout=5) == "welcome ann"
        held.behind.process.terminate()
        held.behind.process.wait(timeout=10)
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            connect(url + "bob")
        assert refused.value.response.status_code == 502
        ann.send("into the void")
        # Who is connected stays, and hears what others publish.
        requests.post(held.url("/pub?id=room"), data="still here", timeout=5)
        assert ann.recv(timeout=5) == "still here"


def events_of(url, count, **options):
    """The first `count` events of an EventSource that are no keep-alive."""
    found = []
    with httpx.Client(timeout=20) as client, connect_sse(client, "GET", url, **options) as source:
        for event in source.iter_sse():
            if event.event != "keep-alive":
                found.append(event)
            if len(found) == count:
                return found
    return found


@pytest.mark.parametrize("stored", [False, True])
def test_django_eventstream(behind, stored):
    held = behind("django", stored=stored)
    events = later(lambda: events_of(held.url("/events/"), 3))
    wait_for_subscribers(held, "events-test")
    for text in ("one", "two"):
        assert requests.post(held.url("/event"), data=text, timeout=5).text == "sent\n"
    opened, one, two = events()
    assert opened.event == "stream-open"
    assert [json.loads(event.data) for event in (one, two)] == [{"text": "one"}, {"text": "two"}]
    if not stored:
        return
    assert [event.id for event in (one, two)] == ["test:1", "test:2"]
    # Whoever comes back gets what it has missed, and then what follows.
    missed = later(lambda: events_of(held.url("/events/"), 3, headers={"Last-Event-ID": "test:1"}))
    wait_for_subscribers(held, "events-test")
    requests.post(held.url("/event"), data="three", timeout=5)
    found = [(event.event, event.id) for event in missed()]
    assert found[0][0] == "stream-open" and found[-1] == ("message", "test:3")
    assert [id for kind, id in found if kind == "message"] == ["test:2", "test:3"], found


def test_gripcontrol_publishes_with_a_token(server):
    """The publisher may ask for the token that the library sends."""
    secret = "a key that the two share, of more than thirty-two bytes"
    held = server(
        """
        error_log {{dir}}/logs/error.log info;
        http {
            push_stream_shared_memory_size 16m;
            server {
                listen {{port}};
                location /publish { auth_jwt grip; auth_jwt_key_file {{dir}}/secret; push_stream_grip_publisher; }
                location = /stats { push_stream_channels_statistics; push_stream_channels_path $arg_id; }
                location ~ ^/sub/(.*)$ { push_stream_subscriber; push_stream_channels_path $1; }
                location ~ ^/ws/(.*)$ { push_stream_subscriber websocket; push_stream_channels_path $1; }
            }
        }
        """
    )
    (held.path / "secret").write_text(secret)
    stream = Streamed(held.url("/sub/news"))
    wait_for_subscribers(held, "news")
    with connect(held.url("/ws/news").replace("http", "ws")) as client:
        wait_for_subscribers(held, "news", 2)
        control = GripPubControl({"control_uri": held.url(""), "control_iss": "app", "key": secret})
        formats = [HttpStreamFormat("stream"), WebSocketMessageFormat(b"\x00\xff", binary=True)]
        control.publish("news", Item(formats), blocking=True)
        control.publish("news", Item(WebSocketMessageFormat(b"\x00\xff", binary=True), id="1"), blocking=True)
        control.publish("news", Item(WebSocketMessageFormat(b"again"), id="1"), blocking=True)
        control.publish("news", Item(HttpStreamFormat(close=True)), blocking=True)
        control.publish("news", Item(HttpStreamFormat("last")), blocking=True)
        assert [client.recv(timeout=5) for _ in range(3)] == ["stream", b"\x00\xff", "last"]
    stream.wait_for("last")
    wrong = requests.post(held.url("/publish/"), json={"items": []}, timeout=5)
    assert wrong.status_code == 401


def test_items_that_are_none(behind):
    held = behind("django")
    bad = requests.post(held.url("/publish"), data="{", timeout=5)
    assert (bad.status_code, bad.text) == (400, "Body is not valid JSON.\n")
    bad = requests.post(held.url("/publish/"), json={"items": [{"channel": "a"}]}, timeout=5)
    assert bad.status_code == 400 and "Item 0" in bad.text
    assert requests.get(held.url("/publish/"), timeout=5).status_code == 405
    accept = {"Accept": "application/json"}
    assert requests.post(held.url("/publish/"), json={"items": []}, headers=accept, timeout=5).json() == {"message": "Published"}


def test_fanoutio_grip(behind):
    held = behind("node")
    assert requests.get(held.url("/facts"), timeout=5).text == "proxied true signed true\n"
    answer = later(lambda: requests.get(held.url("/wait"), timeout=15))
    wait_for_subscribers(held, "news")
    stream = Streamed(held.url("/stream"))
    stream.wait_for("begin\n")
    wait_for_subscribers(held, "news", 2)
    assert requests.get(held.url("/tell"), timeout=5).text == "told\n"
    assert answer().text == "response told\n"
    stream.wait_for("stream told\n")
    stream.wait_for("beat\n")
    with connect(held.url("/socket").replace("http", "ws")) as client:
        client.send("hello")
        assert client.recv(timeout=5) == "node: hello"
        client.send("again")
        assert client.recv(timeout=5) == "node: again"
    timed_out = requests.get(held.url("/wait"), timeout=15)
    assert (timed_out.status_code, timed_out.text) == (203, "begin\n")


def test_many_sockets_keep_their_order(behind):
    """Each connection has one request under way, whatever the others do."""
    held = behind("node")
    url = held.url("/socket").replace("http", "ws")
    with contextlib.ExitStack() as open_ones:
        clients = [open_ones.enter_context(connect(url)) for _ in range(30)]
        wait_for_subscribers(held, "room", 30)
        for number in range(5):
            for at, client in enumerate(clients):
                client.send(f"{at}:{number}")
        for client in clients:
            heard = [client.recv(timeout=20).removeprefix("node: ").split(":") for _ in range(150)]
            for at in range(30):
                assert [number for who, number in heard if who == str(at)] == ["0", "1", "2", "3", "4"]
