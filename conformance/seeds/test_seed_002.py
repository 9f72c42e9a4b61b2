"""Seed 002: the lazy guide to websockets, in the syntax of 0.3.x (scenarios C1-C8)."""

import json
import re
import threading

import httpx
import requests
import sseclient
from conftest import SEEDS, pattern, wait_for
from httpx_sse import connect_sse
from websockets.sync.client import connect

CONFIGURATION = (SEEDS / "configurations/seed_002.conf").read_text()

FILLED = '{\n\t   "id":%s,\n\t   "channel":"channel",\n\t   "text":%s,\n\t   "tag":TAG,\n\t   "time":"TIME"}'


def publish(running, text, channel="channel"):
    return running.curl(f"/events/pub/{channel}", "-X", "POST", "-d", text)


def subscribers(running):
    return json.loads(running.curl("/events/stats/"))["subscribers"]


def test_c1_c2_configuration_of_0_3(folder, server):
    prefix = folder(CONFIGURATION)
    result = prefix.command("-c", str(prefix.file), "-t")
    assert result.returncode == 0, result.stderr
    assert f"nginx: configuration file {prefix.file} test is successful" in result.stderr
    for old in ("push_stream_websocket", "push_stream_eventsource_support", "push_stream_content_type", "push_stream_channel_id"):
        assert old in result.stderr, "each old name is told"
    server(CONFIGURATION)


def test_c3_websocket(server):
    running = server(CONFIGURATION)
    with connect(f"ws://127.0.0.1:{running.port}/events/ws/channel", compression=None) as socket:
        publish(running, '{"a":1}')
        assert pattern(FILLED % (1, '{"a":1}')).fullmatch(socket.recv(timeout=5))
        socket.send("not published")
        publish(running, "2")
        assert json.loads(socket.recv(timeout=5))["id"] == 2


def test_c3_ping(server, node):
    running = server(CONFIGURATION)
    node("websocket.js", f"ws://127.0.0.1:{running.port}/events/ws/channel").wait_for("open\nping\n", within=12)


def test_c4_event_source_with_curl(server, background):
    running = server(CONFIGURATION)
    stream = background("curl", "-s", "-N", "-D", "-", running.url("/events/ev/channel"))
    stream.wait_for("text/event-stream")
    wait_for(lambda: subscribers(running) == 1, "the subscription")
    publish(running, "1\n2")
    # The template's own line breaks are not cut: only those of the text are.
    one, two = (("data: " + FILLED % (1, text)) for text in (1, 2))
    stream.wait_for(pattern(f"{one}\n{two}\n\n"))
    stream.wait_for(": -1\n", within=12)


def test_c4_event_source_libraries_stay_connected(server, node):
    running = server(CONFIGURATION)
    page = node("event_source.js", running.url("/events/ev/channel"))
    page.wait_for("open")
    with httpx.Client(timeout=10) as client, connect_sse(client, "GET", running.url("/events/ev/channel")) as source:
        wait_for(lambda: subscribers(running) == 2, "both subscriptions")
        publish(running, '{"a":1}')
        event = next(source.iter_sse())
        assert event.data == "{"
    page.wait_for(r'event message  "{"')


def test_c5_long_polling(server):
    running = server(CONFIGURATION)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(requests.get(running.url("/events/lp/channel"), timeout=10)))
    asking.start()
    wait_for(lambda: subscribers(running) == 1, "the waiting request")
    publish(running, '"one"')
    asking.join()
    answer = answers[0]
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert re.fullmatch(r"W/\d+", answer.headers["Etag"])
    assert answer.headers["Last-Modified"]
    assert pattern(FILLED % (1, '"one"')).fullmatch(answer.text)


def test_c6_stream(server, background):
    running = server(CONFIGURATION)
    stream = background("curl", "-v", "-N", running.url("/events/sub/channel"))
    stream.wait_for("Content-Type: application/json; charset=utf-8", within=2)
    wait_for(lambda: subscribers(running) == 1, "the subscription")
    publish(running, "Hello!")
    stream.wait_for(pattern(FILLED % (1, "Hello!")))
    stream.wait_for(re.compile(r'"id":-1,\s+"channel":"",\s+"text":"",'), within=12)


def test_c7_statistics(server):
    running = server(CONFIGURATION)
    publish(running, "1", "a")
    publish(running, "2", "b")
    assert '"channels": 2' in running.curl("/events/stats/")
    everything = running.curl("/events/stats/ALL")
    assert '{"channel": "a", ' in everything and '{"channel": "b", ' in everything
    assert running.curl("/events/stats/b").startswith('{"channel": "b", "published_messages": 1')
    assert running.curl_status("/events/stats/none") == 404


def test_c7_an_old_publisher_id_is_taken_as_one(server):
    running = server(CONFIGURATION)
    assert publish(running, "x", "a/b.b3").startswith('{"channel": "a/b.b3", ')


def test_c8_protection(server):
    from_outside = CONFIGURATION.replace("allow 127.0.0.1;", "allow 192.0.2.1;")
    running = server(CONFIGURATION)
    assert running.curl_status("/events/pub/channel", "-d", "x") == 200
    other = server(from_outside)
    assert other.curl_status("/events/pub/channel", "-d", "x") == 403
    assert "403 Forbidden" in other.curl("/events/pub/channel", "-d", "x")


def test_streams_in_ruby(server, background):
    running = server(CONFIGURATION)
    stream = background("ruby", SEEDS / "clients/net_http_stream.rb", running.url("/events/sub/channel"))
    stream.wait_for("status 200")
    wait_for(lambda: subscribers(running) == 1, "the subscription")
    publish(running, "7")
    stream.wait_for(r'\"text\":7')


def test_sseclient(server):
    running = server(CONFIGURATION)
    answer = requests.get(running.url("/events/ev/channel"), stream=True, timeout=10)
    events = sseclient.SSEClient(answer).events()
    wait_for(lambda: subscribers(running) == 1, "the subscription")
    publish(running, "1")
    assert next(events).data.startswith("{")
    answer.close()
