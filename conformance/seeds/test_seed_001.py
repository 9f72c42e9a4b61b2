"""Seed 001: how to use nginx-push-stream-module (scenarios B1-B5)."""

import re

from conftest import SEEDS, accepts, ruby, wait_for
from websockets.sync.client import connect

CONFIGURATION = (SEEDS / "configurations/seed_001.conf").read_text()

EMPTY = re.compile(
    r'\{"hostname": "[^"]+", "time": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "channels": 0, "wildcard_channels": 0, '
    r'"published_messages": 0, "stored_messages": 0, "messages_in_trash": 0, "channels_in_delete": 0, '
    r'"channels_in_trash": 0, "subscribers": 0, "uptime": \d+, "by_worker": \[\r\n'
    r'(\{"pid": "\d+", "subscribers": 0, "uptime": \d+\},?\r\n)+\]\}\r\n'
)


def test_b1_quit_and_start_again(server):
    running = server(CONFIGURATION)
    result = running.command("-c", str(running.file), "-s", "quit")
    assert result.returncode == 0, result.stderr
    assert running.wait() == 0
    assert not accepts(running.port)
    running.start()
    assert EMPTY.fullmatch(running.curl("/channels-stats"))


def test_b2_empty_statistics(server):
    assert EMPTY.fullmatch(server(CONFIGURATION).curl("/channels-stats", "-v"))


def test_b3_b4_websocket_and_statistics(server):
    running = server(CONFIGURATION)
    with connect(f"ws://127.0.0.1:{running.port}/ws/ch1", compression=None) as socket:
        answer = running.curl("/pub?id=ch1", "-d", "Some Text")
        assert answer == '{"channel": "ch1", "published_messages": 1, "stored_messages": 0, "subscribers": 1}\r\n'
        assert socket.recv(timeout=5) == '{"id":1,"channel":"ch1","text":"Some Text"}'
        socket.send("x")
        assert socket.recv(timeout=5) == '{"id":2,"channel":"ch1","text":"x"}'
        statistics = running.curl("/channels-stats")
        for part in ('"channels": 1, "wildcard_channels": 0, "published_messages": 2, "stored_messages": 0', '"subscribers": 1'):
            assert part in statistics
        with connect(f"ws://127.0.0.1:{running.port}/ws/ch1", compression=None):
            wait_for(lambda: '"channels_in_trash": 0, "subscribers": 2,' in running.curl("/channels-stats"), "two subscribers")
        socket.ping("payload").wait(timeout=5)
    wait_for(lambda: '"channels_in_trash": 0, "subscribers": 0,' in running.curl("/channels-stats"), "no subscribers")


def test_b3_ping_frames_keep_the_connection(server, node):
    running = server(CONFIGURATION)
    page = node("websocket.js", f"ws://127.0.0.1:{running.port}/ws/ch1")
    page.wait_for("open\nping\n", within=12)


def test_b4_unstored_messages_leave_the_trash(server):
    running = server(CONFIGURATION)
    running.curl("/pub?id=ch1", "-d", "Some Text")
    wait_for(lambda: '"messages_in_trash": 1' in running.curl("/channels-stats"), "one in the trash", within=2)
    wait_for(lambda: '"messages_in_trash": 0' in running.curl("/channels-stats"), "none in the trash", within=20)


def test_b5_ruby(server):
    running = server(CONFIGURATION)
    with connect(f"ws://127.0.0.1:{running.port}/ws/ch1", compression=None) as socket:
        answer = ruby("net_http.rb", running.port)
        assert answer.startswith("200\n") and '"published_messages": 1' in answer
        assert socket.recv(timeout=5) == '{"id":1,"channel":"ch1","text":"Some Text"}'
