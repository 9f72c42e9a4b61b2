"""HTTP/2 with real clients: curl and nghttp over plain connections and over TLS."""

import json
import subprocess

import pytest
from conftest import Background, free_port

CONFIGURATION = """
worker_processes 2;
pid logs/nginx.pid;
error_log logs/error.log info;
http {
    push_stream_shared_memory_size 32M;
    log_format protocol '$request_method $server_protocol $http2 $status';
    access_log logs/access.log protocol;
    http2 on;
    server {
        listen {{port}};
        listen TLS_PORT ssl;
        ssl_certificate {{dir}}/server.pem;
        ssl_certificate_key {{dir}}/server.key;
        root {{dir}}/files;
        location /pub { push_stream_publisher admin; push_stream_channels_path $arg_id; push_stream_store_messages on; }
        location ~ /ev/(.*) { push_stream_subscriber eventsource; push_stream_channels_path $1; }
        location ~ /poll/(.*) { push_stream_subscriber polling; push_stream_channels_path $1; }
    }
}
"""


@pytest.fixture
def http2(server, tmp_path_factory):
    """A server with a certificate, a file and an encrypted port."""
    made = tmp_path_factory.mktemp("http2")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-keyout", str(made / "server.key"), "-out", str(made / "server.pem")],
        check=True,
        capture_output=True,
    )
    (made / "files").mkdir()
    (made / "files" / "large").write_bytes(bytes(range(256)) * 8192)
    tls_port = free_port()
    configuration = CONFIGURATION.replace("TLS_PORT", str(tls_port)).replace("{{dir}}", str(made))
    started = server(configuration)
    started.made, started.tls = made, f"https://localhost:{tls_port}"
    return started


def curl(url, *arguments):
    command = ["curl", "-s", "-k", "-N", "--max-time", "15", *arguments, url]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.parametrize("encrypted", [False, True])
def test_curl(http2, encrypted):
    base, how = (http2.tls, "--http2") if encrypted else (http2.url(""), "--http2-prior-knowledge")
    assert curl(f"{base}/large", how) == (http2.made / "files" / "large").read_bytes()
    published = curl(f"{base}/pub?id=ch", how, "-d", "hello", "-w", " %{http_version}").decode()
    report, version = published.rsplit(" ", 1)
    assert (json.loads(report)["published_messages"], version) == (1, "2")
    assert curl(f"{base}/poll/ch.b1", how) == b"hello"
    listener = Background(["curl", "-s", "-k", "-N", "--max-time", "15", how, f"{base}/ev/ch.b1"])
    listener.wait_for("data: hello")
    curl(f"{base}/pub?id=ch", how, "-d", "again")
    listener.wait_for("data: again")
    listener.stop()
    log = (http2.path / "logs" / "access.log").read_text()
    assert f"POST HTTP/2.0 {'h2' if encrypted else 'h2c'} 200" in log


def test_http1_beside_it(http2):
    assert curl(http2.url("/large"), "--http1.1") == curl(f"{http2.tls}/large", "--http1.1")


def test_nghttp_and_h2load(http2):
    told = subprocess.run(["nghttp", "-nv", http2.url("/large")], capture_output=True, text=True, check=True, timeout=20)
    assert "[SETTINGS_ENABLE_CONNECT_PROTOCOL(0x08):1]" in told.stdout
    load = ["h2load", "-n", "2000", "-c", "4", "-m", "32", http2.url("/poll/none")]
    told = subprocess.run(load, capture_output=True, text=True, check=True, timeout=60)
    assert "2000 done" in told.stdout and "0 failed, 0 errored" in told.stdout, told.stdout
