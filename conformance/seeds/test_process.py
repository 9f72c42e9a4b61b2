"""Life of the process: signals, -s, daemon, pid file, reload and log files."""

import pathlib
import re

from conftest import accepts, wait_for
from websockets.sync.client import connect

CONFIGURATION = """
pid logs/nginx.pid;
error_log logs/error.log info;
events { worker_connections 1024; }
http {
    push_stream_shared_memory_size 32M;
    push_stream_store_messages on;
    access_log logs/access.log;
    server {
        listen {{port}};
        location /stats { push_stream_channels_statistics; push_stream_channels_path $arg_id; }
        location /pub { push_stream_publisher admin; push_stream_channels_path $arg_id; }
        location ~ /sub/(.*) {
            push_stream_subscriber;
            push_stream_channels_path $1;
            push_stream_footer_template "BYE";
        }
        location ~ /ws/(.*) { push_stream_subscriber websocket; push_stream_channels_path $1; }
    }
}
"""


def test_stop_and_quit_end_subscribers_properly(server, background):
    for order in ("stop", "quit"):
        running = server(CONFIGURATION)
        stream = background("curl", "-s", "-N", "-v", running.url("/sub/a"))
        stream.wait_for("200 OK")
        result = running.command("-c", str(running.file), "-s", order)
        assert result.returncode == 0, result.stderr
        assert running.wait() == 0
        assert stream.process.wait(timeout=5) == 0, stream.output()
        assert "BYE" in stream.output()
        assert not accepts(running.port)
        assert not (running.path / "logs/nginx.pid").exists()


def test_the_pid_file_names_the_process(server):
    running = server(CONFIGURATION)
    assert int((running.path / "logs/nginx.pid").read_text()) == running.process.pid
    assert f'"pid": "{running.process.pid}"' in running.curl("/stats")


def test_signals_to_nobody(folder):
    prefix = folder(CONFIGURATION)
    result = prefix.command("-c", str(prefix.file), "-s", "reload")
    assert result.returncode == 1
    assert "nginx: [error] " in result.stderr


def test_reload_keeps_every_subscriber(server, background):
    running = server(CONFIGURATION)
    running.curl("/pub?id=a", "-d", "one")
    stream = background("curl", "-s", "-N", "-v", running.url("/sub/a"))
    stream.wait_for("200 OK")
    with connect(f"ws://127.0.0.1:{running.port}/ws/a", compression=None) as socket:
        changed = CONFIGURATION.replace("location /pub {", "location /publish {")
        running.write(changed)
        result = running.command("-c", str(running.file), "-s", "reload")
        assert result.returncode == 0, result.stderr
        wait_for(lambda: running.curl_status("/publish?id=a") == 200, "the new location", within=5)
        assert running.curl_status("/pub?id=a") == 404
        answer = running.curl("/publish?id=a", "-d", "two")
        assert answer == '{"channel": "a", "published_messages": 2, "stored_messages": 2, "subscribers": 2}\r\n'
        stream.wait_for("two")
        assert socket.recv(timeout=5) == "two"


def test_a_bad_file_changes_nothing(server):
    running = server(CONFIGURATION)
    running.write("nonsense;\n")
    running.signal("HUP")
    wait_for(lambda: 'unknown directive "nonsense"' in running.said(), "the error in the log")
    assert running.curl_status("/stats") == 200


def test_usr1_opens_the_logs_anew(server):
    running = server(CONFIGURATION)
    log = running.path / "logs/access.log"
    running.curl("/stats")
    wait_for(lambda: log.exists() and "GET /stats" in log.read_text(), "the log line")
    log.rename(running.path / "logs/access.log.1")
    running.signal("USR1")
    wait_for(log.exists, "the new file")
    running.curl("/stats?id=again")
    wait_for(lambda: "GET /stats?id=again" in log.read_text(), "the line in the new file")
    other = running.command("-c", str(running.file), "-s", "reopen")
    assert other.returncode == 0


def test_daemon(folder):
    prefix = folder("daemon on;\n" + CONFIGURATION)
    result = prefix.command("-c", str(prefix.file))
    assert result.returncode == 0, result.stderr
    wait_for(lambda: accepts(prefix.port), "the server in the background")
    pid = int((prefix.path / "logs/nginx.pid").read_text())
    assert pathlib.Path(f"/proc/{pid}").exists()
    assert prefix.command("-c", str(prefix.file), "-s", "stop").returncode == 0
    wait_for(lambda: not accepts(prefix.port), "the end")


def test_a_port_in_use_is_one_clear_sentence(server):
    running = server(CONFIGURATION)
    result = running.command("-c", str(running.file), "-p", str(running.path))
    assert result.returncode == 1
    assert re.search(rf"{running.port}.*in use|in use.*{running.port}", result.stderr, re.I), result.stderr


def test_no_configuration_at_all(folder):
    prefix = folder("")
    printed = prefix.command("--print-config")
    assert printed.returncode == 0
    assert "push_stream_publisher" in printed.stdout and "9080" in printed.stdout
    prefix.write(printed.stdout)
    assert prefix.command("-t", "-c", str(prefix.file)).returncode == 0
