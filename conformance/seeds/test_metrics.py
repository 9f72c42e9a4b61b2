"""Metrics as a Prometheus reads them, stub_status and health, with the parsers of prometheus_client."""

import re
import socket

import pytest
from conftest import accepts, wait_for
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain
from websockets.sync.client import connect

CONFIGURATION = """
worker_processes 2;
pid logs/nginx.pid;
error_log logs/error.log info;
http {
    push_stream_shared_memory_size 32M;
    push_stream_max_messages_stored_per_channel 2;
    access_log off;
    server {
        listen {{port}};
        location = /metrics { push_stream_metrics; }
        location = /status { stub_status; }
        location = /live { push_stream_health live; }
        location = /ready { push_stream_health ready; }
        location = /pixel { empty_gif; }
        location /pub { push_stream_publisher admin; push_stream_channels_path $arg_id; push_stream_store_messages on; }
        location ~ /sub/(.*) { push_stream_subscriber; push_stream_channels_path $1; }
        location ~ /ev/(.*) { push_stream_subscriber eventsource; push_stream_channels_path $1; }
        location ~ /lp/(.*) { push_stream_subscriber long-polling; push_stream_channels_path $1; }
        location ~ /poll/(.*) { push_stream_subscriber polling; push_stream_channels_path $1; }
        location ~ /ws/(.*) { push_stream_subscriber websocket; push_stream_channels_path $1; }
    }
}
"""

OPEN = "application/openmetrics-text; version=1.0.0"


class Metrics:
    """What a scrape says, summed over the workers."""

    def __init__(self, running):
        self.families = {f.name: f for f in parse_openmetrics(running.curl("/metrics", "-H", f"Accept: {OPEN}"))}

    def __call__(self, name, **labels):
        family = name.removesuffix("_total").removesuffix("_count").removesuffix("_sum")
        samples = [s for s in self.families[family].samples if s.name == name and labels.items() <= s.labels.items()]
        assert samples, f"{name} {labels}"
        return sum(sample.value for sample in samples)


def test_both_formats_are_what_their_parsers_want(server):
    running = server(CONFIGURATION)
    head = running.curl("/metrics", "-o", "/dev/null", "-D", "-")
    assert "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n" in head
    plain = {family.name for family in parse_plain(running.curl("/metrics"))}
    head = running.curl("/metrics", "-o", "/dev/null", "-D", "-", "-H", f"Accept: {OPEN}")
    assert "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n" in head
    metrics = Metrics(running)
    # The plain parser names an info by its sample.
    assert plain - set(metrics.families) == {"outpour_build_info"}
    for name, family in metrics.families.items():
        assert family.documentation and name.endswith(family.unit)
        seen = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
        assert len(seen) == len(set(seen)), name
        assert all("channel" not in sample.labels for sample in family.samples)
    assert metrics("process_resident_memory_bytes") > 1 << 20
    assert 4 < metrics("process_open_fds") < metrics("process_max_fds")
    assert metrics("outpour_store_memory_limit_bytes") == 32 << 20


def test_subscribers_and_messages_are_counted(server, background):
    running = server(CONFIGURATION)
    for path in ("/sub/a", "/ev/a", "/lp/a"):
        background("curl", "-sN", running.url(path))
    with connect(running.url("/ws/a").replace("http", "ws")):
        wait_for(lambda: Metrics(running)("outpour_connections", state="subscribed") == 4, "all are subscribed")
        metrics = Metrics(running)
        for transport in ("streaming", "eventsource", "long_polling", "websocket"):
            assert metrics("outpour_subscribers", transport=transport) == 1
        for text in ("one", "two", "three"):
            running.curl("/pub?id=a", "-d", text)
        assert "two" in running.curl("/poll/a.b2")
        wait_for(lambda: Metrics(running)("outpour_messages_delivered_total") == 10, "three times three, and once")
        metrics = Metrics(running)
        assert metrics("outpour_subscribers", transport="long_polling") == 0
        assert metrics("outpour_messages_published_total") == metrics("outpour_messages_stored_total") == 3
        assert metrics("outpour_messages_removed_total", reason="displaced") == 1
        assert metrics("outpour_history_messages") == 2
        assert metrics("outpour_channels", kind="normal") == 1
        assert metrics("outpour_subscriptions_total", transport="polling") == 1
        assert metrics("outpour_requests_total", role="publisher", status="2xx") == 3
        assert metrics("outpour_requests_total", role="subscriber", status="2xx") == 4
        assert metrics("outpour_requests_total", role="subscriber", status="1xx") == 1
        writes = metrics("outpour_delivery_writes_total")
        assert metrics("outpour_delivery_latency_seconds_count") == writes >= 4
        assert 0 < metrics("outpour_delivery_latency_seconds_sum") < writes * 5
        assert metrics("outpour_sent_bytes_total") > 0 < metrics("outpour_received_bytes_total")
        running.curl("/pub?id=a", "-X", "DELETE")
    wait_for(lambda: Metrics(running)("outpour_connections", state="subscribed") == 0, "all are gone")
    metrics = Metrics(running)
    assert metrics("outpour_output_queue_bytes") == 0
    assert metrics("outpour_channels_removed_total", reason="deleted") == 1
    assert metrics("outpour_subscribers") == 0


def test_reloads_are_told(server):
    running = server(CONFIGURATION)
    running.write(CONFIGURATION + "nonsense;")
    running.signal("HUP")
    wait_for(lambda: Metrics(running)("outpour_config_reloads_total", result="failure") == 1, "the failure")
    assert Metrics(running)("outpour_config_last_reload_successful") == 0
    running.write(CONFIGURATION)
    running.signal("HUP")
    wait_for(lambda: Metrics(running)("outpour_config_reloads_total", result="success") == 1, "the reload")
    metrics = Metrics(running)
    assert metrics("outpour_config_last_reload_successful") == 1
    assert metrics("outpour_config_load_timestamp_seconds") > metrics("process_start_time_seconds")


def test_stub_status_is_that_of_nginx(server):
    running = server(CONFIGURATION)
    running.curl("/live")
    with socket.create_connection(("127.0.0.1", running.port)) as half:
        half.sendall(b"GET / HTTP/1.1\r\n")
        form = r"Active connections: 2 \nserver accepts handled requests\n (\d+) \1 (\d+) \nReading: 1 Writing: 1 Waiting: 0 \n"
        wait_for(lambda: re.fullmatch(form, running.curl("/status")), "the page")
    assert running.curl_status("/status", "-d", "x") == 405


def test_the_pixel_is_a_picture(server):
    running = server(CONFIGURATION)
    head = running.curl("/pixel", "-D", "-", "-o", str(running.path / "pixel.gif"))
    picture = (running.path / "pixel.gif").read_bytes()
    assert "Content-Type: image/gif" in head and "Content-Length: 43" in head
    assert picture[:6] == b"GIF89a" and picture[6:10] == b"\1\0\1\0" and len(picture) == 43


@pytest.mark.parametrize("path", ["/live", "/ready"])
def test_health_while_the_server_ends(server, path):
    running = server(CONFIGURATION)
    assert running.curl_status(path) == 200
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\n".encode())
        wait_for(lambda: "Reading: 1" in running.curl("/status"), "the half request has arrived")
        running.signal("QUIT")
        wait_for(lambda: not accepts(running.port), "nothing is accepted")
        client.sendall(b"Host: x\r\n\r\n")
        answer = b""
        while piece := client.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200" if path == "/live" else b"HTTP/1.1 503"), answer
    assert running.wait() == 0
