"""Seed 000: Rails and pushstream (scenarios A1-A4, A7, A8; the pages of A5 and A6 as WebSocket and EventSource clients)."""

import re

import pytest
from conftest import SEEDS, pattern, ruby, wait_for

CONFIGURATION = (SEEDS / "configurations/seed_000.conf").read_text()

INFORMATION = '{"channel": "%s", "published_messages": %d, "stored_messages": %d, "subscribers": %d}\r\n'


def test_a1_version(folder):
    result = folder(CONFIGURATION).command("-v")
    assert result.returncode == 0
    assert re.fullmatch(r"nginx version: nginx/\S+.*\n", result.stderr + result.stdout)


def test_a2_configuration_test(folder):
    prefix = folder(CONFIGURATION)
    result = prefix.command("-c", str(prefix.file), "-t")
    assert result.returncode == 0, result.stderr
    assert result.stderr.endswith(
        f"nginx: the configuration file {prefix.file} syntax is ok\n"
        f"nginx: configuration file {prefix.file} test is successful\n"
    )


def test_a3_service(folder, server):
    prefix = folder(CONFIGURATION)
    assert prefix.command("-t").returncode == 0, "-t tests the default file of the prefix"
    prefix.write("nonsense;\n")
    assert prefix.command("-t").returncode == 1
    running = server(CONFIGURATION)
    assert running.process.poll() is None, "stays in the foreground"
    running.signal("TERM")
    assert running.wait() == 0


def test_a4_stream_with_curl(server, background):
    running = server(CONFIGURATION)
    # As at a terminal: into a file curl alone would write only when its buffer is full.
    stream = background("stdbuf", "-o0", "curl", "-s", "-v", running.url("/sub/test_channel_1"))
    stream.wait_for("Content-Type: text/html; charset=utf-8", within=2)
    stream.wait_for("parent.PushStream.register(this);", within=2)
    answer = running.curl("/pub?id=test_channel_1", "-v", "-X", "POST", "-d", "Hello World!")
    assert answer == INFORMATION % ("test_channel_1", 1, 1, 1)
    stream.wait_for(pattern("<body><script>p(1,'test_channel_1','Hello World!','', 'TIME', 'TAG');</script>"))
    assert r"match(/^(\d{1,3}\.){3}\d{1,3}$/)" in stream.output()


def test_a4_control_values_from_arguments(server, background):
    running = server(CONFIGURATION)
    for number in (1, 2):
        running.curl("/pub?id=room", "-H", f"Event-Id: e{number}", "-d", f"text {number}")
    stream = background("curl", "-s", "-N", running.url("/sub/room?qs=on&eventid=e1"))
    stream.wait_for(pattern("<body><script>p(2,'room','text 2','e2', 'TIME', 'TAG');</script>"))
    other = background("curl", "-s", "-N", running.url("/sub/room?tests=on"))
    other.wait_for("<body>")
    running.curl("/pub?id=test_room", "-d", "under test")
    other.wait_for("'test_room','under test'")


def test_a5_chat_over_websocket(server, node):
    running = server(CONFIGURATION)
    url = f"ws://127.0.0.1:{running.port}/ws/my-channel"
    first = node("websocket.js", url)
    first.wait_for("open")
    second = node("websocket.js", url, "Hello%20%C3%A4%20%22you%22")
    for page in (first, second):
        page.wait_for(pattern(
            'message text {"id":1,"channel":"my-channel","text":"Hello%20%C3%A4%20%22you%22", "tag":"TAG", "time":"TIME", "eventid":""}'
        ))


def test_a6_event_source_as_second_choice(server, node):
    running = server(CONFIGURATION)
    page = node("event_source.js", running.url("/ev/my-channel"))
    page.wait_for("open")
    running.curl("/pub?id=/my-channel", "-d", "posted")
    page.wait_for(pattern(r'\"channel\":\"my-channel\",\"text\":\"posted\"'))


@pytest.mark.parametrize(
    "kind, texts", [("text", ["Hello World!"]), ("data", ["text=hello+world%21&username=rando", "username=rando&text=hello+world%21"])]
)
def test_a7_a8_ruby_publisher(server, node, kind, texts):
    running = server(CONFIGURATION)
    page = node("websocket.js", f"ws://127.0.0.1:{running.port}/ws/my-channel")
    page.wait_for("open")
    answer = ruby("publisher.rb", kind, NGINX_IP="127.0.0.1", NGINX_PORT=str(running.port))
    assert answer.startswith("200\n") and (INFORMATION % ("my-channel", 1, 1, 1)).strip() in answer
    wait_for(lambda: any(f'"text":"{text}"' in page.output() for text in texts), "the message on the page")
