"""Applications and servers of others behind outpour: puma, Django, nginx, another outpour."""

import os
import subprocess
import sys
import threading

import httpx
import pytest
import requests
from conftest import SEEDS, Folder, accepts, binary, free_port, wait_for
from websockets.sync.client import connect

PUSH = """
    location = /pub { push_stream_publisher admin; push_stream_channels_path $arg_id; push_stream_store_messages on; }
    location = /stats { push_stream_channels_statistics; push_stream_channels_path $arg_id; }
    location ~ ^/ev/(.*)$ { push_stream_subscriber eventsource; push_stream_channels_path $1; }
    location ~ ^/ws/(.*)$ { push_stream_subscriber websocket; push_stream_channels_path $1; push_stream_websocket_allow_publish on; }
    location ~ ^/st/(.*)$ { push_stream_subscriber; push_stream_channels_path $1; }
    location ~ ^/push/sub/(.*)$ { internal; push_stream_subscriber eventsource; push_stream_channels_path $1; }
"""

APPLICATION = """
worker_processes 2;
error_log {{dir}}/logs/error.log info;
events { }
http {
    push_stream_shared_memory_size 16m;
    push_stream_message_template "~text~";
    push_stream_ping_message_interval 5s;
    upstream app { server %s; }
    server {
        listen {{port}};
        client_max_body_size 32m;
        %s
        location / {
            proxy_pass http://app;
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
}
"""

SERVER = """
worker_processes 2;
events { }
http {
    push_stream_shared_memory_size 16m;
    push_stream_message_template "~text~";
    push_stream_ping_message_interval 5s;
    server { listen {{port}}; %s }
}
"""

WEB_SOCKET = """
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header Host $host;
    proxy_read_timeout 1h;
"""

RELAY = """
worker_processes %(workers)s; %(main)s
error_log {{dir}}/logs/error.log info;
events { }
http {
    %(paths)s
    access_log off;
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    server {
        listen {{port}};
        location / { proxy_pass http://127.0.0.1:%(port)s; proxy_buffering off; %(headers)s }
    }
}
"""

PATHS = " ".join(f"{name}_temp_path {{{{dir}}}}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def relay(port, **more):
    values = {"workers": 2, "main": "", "paths": "", "port": port, "headers": WEB_SOCKET, **more}
    return RELAY % values


@pytest.fixture
def process(tmp_path):
    """Starts other servers, which end with the test."""
    started = []

    def start(command, port=None, **environment):
        log = (tmp_path / f"log{len(started)}").open("ab")
        child = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment}, cwd=tmp_path)
        started.append(child)
        if port:
            wait_for(lambda: child.poll() is None and accepts(port), f"{command[0]} accepts", within=30)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.terminate()
            child.wait(timeout=15)


@pytest.fixture
def nginx(process):
    """Debian's nginx in the foreground."""
    folders = []

    def start(configuration):
        folders.append(Folder(configuration))
        path = folders[-1].path
        log = str(path / "logs/error.log")
        process(["nginx", "-p", str(path), "-c", str(folders[-1].file), "-e", log], folders[-1].port)
        return folders[-1]

    yield start
    for folder in folders:
        folder.remove()


def subscribers(port, channel):
    answer = requests.get(f"http://127.0.0.1:{port}/stats?id={channel}", timeout=5)
    return int(answer.json()["subscribers"]) if answer.status_code == 200 else 0


def publish(port, channel, text):
    assert requests.post(f"http://127.0.0.1:{port}/pub?id={channel}", data=text, timeout=5).status_code == 200


class Stream:
    """A stream, read by a thread."""

    def __init__(self, url, **options):
        self.text, self.response = "", requests.get(url, stream=True, timeout=15, **options)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for piece in self.response.iter_content(chunk_size=1):
                self.text += piece.decode()
        except (requests.RequestException, AttributeError):
            pass

    def wait_for(self, part):
        wait_for(lambda: part in self.text, f"{part} in {self.text}")


def listens(port, path, channel, entry_port, **options):
    """Subscribes through `port`; what is published on the server at `entry_port` has to come."""
    stream = Stream(f"http://127.0.0.1:{port}{path}", **options)
    assert stream.response.status_code == 200, stream.response.text
    wait_for(lambda: subscribers(entry_port, channel) >= 1, "the subscription")
    return stream


def test_puma_authorises_and_outpour_streams(server, process):
    port = free_port()
    running = server(APPLICATION % (f"127.0.0.1:{port}", PUSH))
    puma = ["puma", "-b", f"tcp://127.0.0.1:{port}", "-t", "1:4", "-w", "0", str(SEEDS / "proxy/config.ru")]
    process(puma, port, PUSH_URL=running.url(""), RACK_ENV="production")
    seen = requests.get(running.url("/who?a=b"), headers={"X-Forwarded-For": "192.0.2.1"}, timeout=5).json()
    assert seen == {
        "HTTP_HOST": f"127.0.0.1:{running.port}",
        "HTTP_X_FORWARDED_FOR": "192.0.2.1, 127.0.0.1",
        "HTTP_X_FORWARDED_PROTO": "http",
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": "a=b",
    }
    assert requests.get(running.url("/stream?room=1"), timeout=5).status_code == 401
    assert requests.get(running.url("/push/sub/room-1"), timeout=5).status_code == 404
    with requests.Session() as session:
        assert session.get(running.url("/move"), timeout=5).text == "welcome"
        stream = listens(running.port, "/stream?room=1", "room-1", running.port, cookies=session.cookies)
        assert stream.response.headers["Content-Type"].startswith("text/event-stream")
        assert session.post(running.url("/say?room=1"), data="hello", timeout=5).text == "said"
        stream.wait_for("data: hello")
    # The application has long forgotten the stream.
    publish(running.port, "room-1", "again")
    stream.wait_for("data: again")


def test_django_behind_outpour(server, process):
    port = free_port()
    running = server(APPLICATION % (f"127.0.0.1:{port}", PUSH))
    gunicorn = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "--threads", "4", "--pythonpath", str(SEEDS / "proxy")]
    process([*gunicorn, "application"], port, PUSH_URL=running.url(""))
    seen = requests.get(running.url("/who?a=%20b"), timeout=5).json()
    assert seen == {"uri": running.url("/who?a=%20b"), "peer": "127.0.0.1"}
    size = 20 * 1024 * 1024
    assert requests.post(running.url("/upload"), data=b"x" * size, timeout=30).text == str(size)
    pieces = (b"y" * 1000 for _ in range(40))
    assert requests.post(running.url("/upload"), data=pieces, timeout=30).text == "40000"
    assert len(requests.get(running.url("/slowly"), timeout=10).text.splitlines()) == 2000
    stream = listens(running.port, "/events", "news", running.port)
    assert requests.post(running.url("/publish"), data="from Django", timeout=5).status_code == 200
    stream.wait_for("data: from Django")


def check_transports(port, origin):
    """EventSource, streaming and WebSocket through `port` reach the server at `origin`."""
    events = listens(port, "/ev/a", "a", origin)
    lines = listens(port, "/st/b", "b", origin)
    with connect(f"ws://127.0.0.1:{port}/ws/c", compression=None) as web_socket:
        wait_for(lambda: subscribers(origin, "c") == 1, "the subscription")
        for number in range(3):
            for channel in "abc":
                publish(origin, channel, f"{channel}{number}")
            assert web_socket.recv(timeout=5) == f"c{number}"
        events.wait_for("data: a2")
        lines.wait_for("b2")
        web_socket.send("from the browser")
        assert web_socket.recv(timeout=5) == "from the browser"
    wait_for(lambda: subscribers(origin, "c") == 0, "the end of the subscription")
    events.response.close()
    # What was published long ago comes from the history.
    with requests.get(f"http://127.0.0.1:{port}/st/b.b3", stream=True, timeout=5) as late:
        assert b"b0" in next(late.iter_content(64))


def test_outpour_in_front_of_outpour(server):
    origin = server(SERVER % PUSH)
    check_transports(server(relay(origin.port)).port, origin.port)


def test_nginx_in_front_of_outpour(server, nginx):
    origin = server(SERVER % PUSH)
    main = "daemon off; pid {{dir}}/pid;"
    check_transports(nginx(relay(origin.port, main=main, paths=PATHS, workers=1)).port, origin.port)


def test_outpour_in_front_of_nginx(server, nginx):
    main = "daemon off; pid {{dir}}/pid;"
    behind = nginx(
        f"user root; worker_processes 1; {main} events {{ }} http {{ {PATHS} access_log off; sendfile on;"
        " server { listen {{port}}; root {{dir}}; location /echo { return 200 $request_uri; } } }"
    )
    content = os.urandom(3 * 1024 * 1024)
    (behind.path / "file.bin").write_bytes(content)
    running = server(relay(behind.port, headers="proxy_http_version 1.1; proxy_set_header Connection '';"))
    assert requests.get(running.url("/echo?x=%20"), timeout=5).text == "/echo?x=%20"
    whole = requests.get(running.url("/file.bin"), timeout=10)
    assert whole.content == content
    part = requests.get(running.url("/file.bin"), headers={"Range": "bytes=5-99"}, timeout=5)
    assert (part.status_code, part.content) == (206, content[5:100])
    tagged = requests.get(running.url("/file.bin"), headers={"If-None-Match": whole.headers["ETag"]}, timeout=5)
    assert (tagged.status_code, tagged.content) == (304, b"")
    head = requests.head(running.url("/file.bin"), timeout=5)
    assert (head.headers["Content-Length"], head.content) == (str(len(content)), b"")
    assert running.curl_status("/nothing") == 404


THREE = """
worker_processes 1;
error_log {{dir}}/logs/error.log info;
events { }
http {
    upstream three {
        %s
        keepalive 8;
    }
    log_format peers "$upstream_addr|$upstream_status|$status";
    access_log {{dir}}/logs/peers.log peers;
    server {
        listen {{port}};
        location / {
            proxy_pass http://three; proxy_http_version 1.1; proxy_set_header Connection '';
            proxy_next_upstream error timeout http_502;
        }
    }
}
"""


def test_three_upstreams_of_which_one_dies(server, process):
    ports = [free_port() for _ in range(3)]

    def start(index):
        folder = Folder(
            f"worker_processes 1; events {{ }} http {{ server {{ listen {{{{port}}}}; location / {{ return 200 {index}; }} }} }}",
            ports[index],
        )
        folders.append(folder)
        return process([binary(), "-p", str(folder.path), "-c", str(folder.file)], ports[index])

    folders = []
    children = [start(index) for index in range(3)]
    peers = "".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;\n" for port in ports)
    running = server(THREE % peers)
    with httpx.Client() as client:

        def ask():
            return client.get(running.url("/"), timeout=5).text

        assert "".join(ask() for _ in range(9)) == "012012012"
        children[1].kill()
        children[1].wait()
        answers = [ask() for _ in range(12)]
        assert set(answers) == {"0", "2"}, answers
        children[1] = start(1)
        wait_for(lambda: ask() == "1", "the third one comes back")
        assert sorted(ask() for _ in range(9)) == list("000111222")
    log = (running.path / "logs/peers.log").read_text().splitlines()
    assert any(line.startswith(f"127.0.0.1:{ports[1]}, 127.0.0.1:") and line.endswith("|200") for line in log), log
    for folder in folders:
        folder.remove()


def test_a_reload_under_load_drops_nothing(server, process):
    port = free_port()
    behind = Folder("events { } http { server { listen {{port}}; location / { return 200 behind; } } }", port)
    process([binary(), "-p", str(behind.path), "-c", str(behind.file)], port)
    running = server(APPLICATION % (f"127.0.0.1:{port}", PUSH))
    stream = listens(running.port, "/ev/news", "news", running.port)
    answers, over = [], threading.Event()

    def load():
        with httpx.Client() as client:
            while not over.is_set():
                answers.append(client.get(running.url("/"), timeout=5).text)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        before = len(answers)
        running.signal("HUP")
        wait_for(lambda: len(answers) > before + 50, "requests after the reload")
    over.set()
    for thread in threads:
        thread.join()
    assert set(answers) == {"behind"}
    publish(running.port, "news", "still here")
    stream.wait_for("data: still here")
    behind.remove()
