"""A browser has ten EventSources on one HTTP/2 connection; with HTTP/1.1 the seventh would wait for another one."""

import contextlib
import os
import re
import shutil
import subprocess

import pytest
from conftest import free_port, wait_for

COUNT = 10

PAGE = """<!doctype html><title>page</title><script>
const sources = [];
const tell = (text) => fetch('/pub?id=report', { method: 'POST', body: text });
let open = 0;
for (let index = 0; index < COUNT; index++) {
  const source = new EventSource(`/ev/ch${index}`);
  sources.push(source);
  source.onopen = () => { if (++open === COUNT) tell('open'); };
  source.onerror = () => tell(`error ${index}`);
  source.onmessage = ({ data }) => tell(`${index} got ${data}`);
}
</script>""".replace("COUNT", str(COUNT))

CONFIGURATION = """
worker_processes 1;
pid logs/nginx.pid;
error_log logs/error.log info;
http {
    push_stream_shared_memory_size 32M;
    log_format connections '$request $http2 $connection.';
    access_log logs/access.log connections;
    http2 on;
    server {
        listen {{port}};
        listen TLS_PORT ssl;
        ssl_certificate {{dir}}/server.pem;
        ssl_certificate_key {{dir}}/server.key;
        root {{dir}}/files;
        location /pub { push_stream_publisher; push_stream_channels_path $arg_id; push_stream_store_messages on; }
        location ~ /ev/(.*) { push_stream_subscriber eventsource; push_stream_channels_path $1; }
        location ~ /poll/(.*) { push_stream_subscriber polling; push_stream_channels_path $1;
                                push_stream_message_template "~text~;"; }
    }
}
"""


@pytest.fixture
def site(server, tmp_path):
    """A server with the page on an encrypted port."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-keyout", str(tmp_path / "server.key"), "-out", str(tmp_path / "server.pem")],
        check=True,
        capture_output=True,
    )
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "page.html").write_text(PAGE)
    tls_port = free_port()
    started = server(CONFIGURATION.replace("TLS_PORT", str(tls_port)).replace("{{dir}}", str(tmp_path)))
    started.page = f"https://localhost:{tls_port}/page.html"
    return started


@contextlib.contextmanager
def browser(url, profile):
    """Chromium without a window, on the page."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "chromium is not installed"
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    options += ["--disable-sync", "--no-first-run", "--ignore-certificate-errors", "--remote-debugging-port=0"]
    process = subprocess.Popen(
        [program, *options, f"--user-data-dir={profile}", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_ten_event_sources_on_one_connection(site, tmp_path):
    def reports():
        return site.curl("/poll/report.b100").split(";")[:-1]

    with browser(site.page, tmp_path / "profile"):
        wait_for(lambda: "open" in reports(), "all EventSources are open", within=30)
        for index in range(COUNT):
            site.curl(f"/pub?id=ch{index}", "-d", f"message {index}")
        expected = {f"{index} got message {index}" for index in range(COUNT)} | {"open"}
        wait_for(lambda: len(reports()) >= len(expected), "every EventSource got its message")
        told = reports()
        assert (set(told), len(told)) == (expected, len(expected))

    def connections():
        log = (site.path / "logs" / "access.log").read_text()
        return re.findall(r"GET /ev/ch\d+ HTTP/2\.0 h2 (\d+)\.", log)

    wait_for(lambda: len(connections()) == COUNT, "the server has seen the end of every EventSource")
    assert len(set(connections())) == 1
