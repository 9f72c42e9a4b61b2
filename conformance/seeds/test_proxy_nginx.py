"""The same requests through Debian's nginx and through outpour, with the same configuration: what the upstream gets and what
the client gets has to be the same."""

import re
import socket
import subprocess
import threading

import pytest
from conftest import Folder, Server, accepts, free_port, wait_for

CONFIGURATION = """
%(main)s
events { }
http {
    %(paths)s
    access_log off;
    default_type text/plain;
    upstream app { server 127.0.0.1:%(upstream)s; }
    upstream kept { server 127.0.0.1:%(upstream)s; keepalive 4; }
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    server {
        listen 127.0.0.1:{{port}};
        server_name proxy.test;
        absolute_redirect on;

        location /kept/ { proxy_pass http://app; }
        location /literal/ { proxy_pass http://127.0.0.1:%(upstream)s; }
        location /cut/ { proxy_pass http://app/new/; }
        location /cutoff { proxy_pass http://app/new; }
        location /root/ { proxy_pass http://app/; }
        location = /exact { proxy_pass http://app/elsewhere; }
        location ~ ^/re/(.*)$ { proxy_pass http://app/x/$1$is_args$args; }
        location ~ ^/plainre/ { proxy_pass http://app; }
        location /var/ { set $back app; proxy_pass http://$back; }
        location /varuri/ { set $back app; proxy_pass http://$back/fixed; }
        location /broken/ { rewrite ^/broken/(.*)$ /other/$1 break; proxy_pass http://app; }
        location /brokenuri/ { rewrite ^/brokenuri/(.*)$ /other/$1 break; proxy_pass http://app/ignored/; }
        location /brokenargs/ { rewrite ^/brokenargs/(.*)$ /other?was=$1 break; proxy_pass http://app; }
        location /tried/ { try_files /nothing @app; }
        location @app { proxy_pass http://app; }
        location /lasting/ { rewrite ^/lasting/(.*)$ /cut/$1 last; }

        location /headers/ {
            proxy_pass http://app;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Empty "";
            proxy_set_header Accept-Encoding "";
            proxy_set_header X-Proxy-Host $proxy_host;
            proxy_set_header X-Proxy-Port $proxy_port;
        }
        location /http11/ { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }
        location /keepalive/ { proxy_pass http://kept; proxy_http_version 1.1; proxy_set_header Connection ""; }
        location /upgrade/ {
            proxy_pass http://app; proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
        }
        location /noheaders/ { proxy_pass http://app; proxy_pass_request_headers off; }
        location /nobody/ { proxy_pass http://app; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
        location /setbody/ { proxy_pass http://app; proxy_set_body "given $arg_a"; }
        location /method/ { proxy_pass http://app; proxy_method PUT; }
        location /streamed/ { proxy_pass http://app; proxy_http_version 1.1; proxy_request_buffering off; }

        location /location/ { proxy_pass http://app/base/; }
        location /nolocation/ { proxy_pass http://app/base/; proxy_redirect off; }
        location /ownlocation/ {
            proxy_pass http://app/base/;
            proxy_redirect http://app/base/ /changed/;
            proxy_redirect ~^https://([^/]+)/(.*)$ http://$1:8080/$2;
            proxy_redirect default;
        }
        location /cookies/ {
            proxy_pass http://app;
            proxy_cookie_domain app.internal example.com;
            proxy_cookie_domain ~\\.([a-z]+)\\.internal$ $1.example.com;
            proxy_cookie_path /app/ /;
            proxy_cookie_flags one secure httponly samesite=strict;
            proxy_cookie_flags ~^two nosecure nohttponly nosamesite;
        }
        location /hidden/ {
            proxy_pass http://app;
            proxy_hide_header X-Secret;
            proxy_pass_header X-Accel-Charset;
            add_header X-Upstream "$upstream_status $upstream_http_x_secret $upstream_cookie_one" always;
        }
        location /server/ { proxy_pass http://app; proxy_pass_header Server; proxy_pass_header Date; }
        location /intercept/ { proxy_pass http://app; proxy_intercept_errors on; error_page 404 503 /page; error_page 500 =200 /page; }
        location /nointercept/ { proxy_pass http://app; error_page 404 /page; }
        location = /page { internal; return 200 "own page"; }
        location /accel/ { proxy_pass http://app; }
        location /noaccel/ { proxy_pass http://app; proxy_ignore_headers X-Accel-Redirect; }
        location /internal/ { internal; return 200 "inside $uri $args"; }
        location /dir/ { proxy_pass http://app; }
        location /expires/ { proxy_pass http://app; expires 1h; add_header X-Added yes; }
        location /gzip/ { proxy_pass http://app; gzip on; gzip_types text/plain; gzip_min_length 1; gzip_proxied any; }
        location /unbuffered/ { proxy_pass http://app; proxy_buffering off; }
        location /dead/ { proxy_pass http://127.0.0.1:%(dead)s; error_page 502 /page; }
        location /deadplain/ { proxy_pass http://127.0.0.1:%(dead)s; }
        location /deadvar/ { proxy_pass http://nobody.invalid.$arg_x./; }
    }
}
"""

PATHS = " ".join(f"{name}_temp_path {{{{dir}}}}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


class Nginx(Folder):
    """Debian's nginx in the foreground."""

    def __init__(self, configuration):
        super().__init__(configuration)
        self.process = subprocess.Popen(
            ["nginx", "-p", str(self.path), "-c", str(self.file), "-e", str(self.path / "logs/error.log")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: accepts(self.port), "nginx accepts")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.remove()


class Application:
    """Takes one request per connection, keeps it, and sends what the test says."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.reply = b""
        self.requests = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=[client], daemon=True).start()

    def answer(self, client):
        with client:
            client.settimeout(10)
            reader = client.makefile("rb")
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = reader.readline()
                if not line:
                    return
                head += line
            body = b""
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            if length:
                body = reader.read(int(length[1]))
            elif re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
                while True:
                    size = int(reader.readline(), 16)
                    body += reader.read(size)
                    reader.readline()
                    if size == 0:
                        break
            self.requests.append((head, body))
            client.sendall(self.reply)

    def close(self):
        self.listener.close()


@pytest.fixture(scope="module")
def pair():
    """nginx and outpour in front of one application."""
    application, dead = Application(), free_port()
    values = {"upstream": application.port, "dead": dead}
    common = f"worker_processes 1; error_log {{{{dir}}}}/logs/error.log info;"
    nginx = Nginx(CONFIGURATION % {**values, "main": f"daemon off; pid {{{{dir}}}}/pid; {common}", "paths": PATHS})
    outpour = Server(CONFIGURATION % {**values, "main": common, "paths": ""})
    yield application, nginx, outpour
    nginx.stop()
    outpour.stop()
    said = outpour.said()
    outpour.remove()
    application.close()
    assert "panicked at" not in said, said


def ask(port, request):
    """Sends raw bytes, reads to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(request)
        answer = b""
        while True:
            piece = client.recv(65536)
            if not piece:
                return answer
            answer += piece


def dechunk(body):
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        size = int(size, 16)
        if size == 0:
            break
        whole, body = whole + body[:size], body[size + 2 :]
    return whole


def seen(answer, port, head_only=False):
    """Status, headers and body, without what differs by nature: time, product, the port, the server's own pages."""
    while answer.startswith(b"HTTP/1.1 100 "):
        answer = answer.partition(b"\r\n\r\n")[2]
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(": ")
        if name.lower() == "server" and value.startswith(("nginx", "outpour")):
            value = "the server's"
        if name.lower() == "date" and value != "Sun, 06 Nov 1994 08:49:37 GMT":
            value = "now"
        if name.lower() in ("expires", "last-modified") and not value.startswith("Sun, 06 Nov 1994"):
            value = "a time"
        if name.lower() == "location":
            # A path that proxy_redirect has made gets a host from nginx; clients complete it themselves.
            value = value.removeprefix(f"http://proxy.test:{port}")
        headers.append((name.lower(), value.replace(f":{port}/", ":PORT/")))
    if ("transfer-encoding", "chunked") in headers:
        body = dechunk(body)
    # A small body that is here as a whole gets a length from outpour, where nginx sends it in chunks.
    headers = [(name, value) for name, value in headers if name not in ("transfer-encoding", "content-length") or head_only]
    if b"<center>nginx" in body or b"<center>outpour" in body:
        body = b"a page of the server's own"
    if ("content-encoding", "gzip") in headers:
        import gzip

        body = b"compressed " + gzip.decompress(body)
    # Reason phrases are outpour's own.
    return status.split(" ")[1], sorted(headers), body


def sent(application):
    """The requests that the application got since the last look."""
    requests, application.requests = application.requests, []
    return [(sorted(head.decode("latin-1").split("\r\n")[1:]), head.split(b"\r\n")[0], body) for head, body in requests]


def get(path, *headers, method="GET", body=b"", version="1.1"):
    lines = [f"{method} {path} HTTP/{version}", "Host: proxy.test", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def reply(status="200 OK", *headers, body=b"hello"):
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


OK = reply("200 OK", "Content-Type: text/plain")

# Requests whose answer is of no interest: which address, headers and body the application gets.
REQUESTS = {
    "kept": get("/kept/a"),
    "kept args": get("/kept/a?b=c&d"),
    "kept as it came": get("/kept/%41/../b//c/%2e%2e/d%2Fe?x=%20&y=a+b"),
    "kept with fragment of a path": get("/kept/a;b=c,d"),
    "literal": get("/literal/a"),
    "cut": get("/cut/a?b"),
    "cut to nothing": get("/cut/"),
    "cut escaped": get("/cut/a%20b/%41%C3%A4%2Fc%3Fd%25"),
    "cut with dots": get("/cut/../cut/./a//b"),
    "cut without slash": get("/cutoff/a"),
    "cut without slash or path": get("/cutoff"),
    "cut within a word": get("/cutoffs"),
    "root": get("/root/a/b?c"),
    "exact": get("/exact?a"),
    "expression": get("/re/a/b?c=d"),
    "expression without arguments": get("/re/"),
    "expression, plain": get("/plainre/a%20b?c"),
    "variable": get("/var/a%20b?c"),
    "variable with path": get("/varuri/a?b"),
    "rewritten": get("/broken/a%20b?c"),
    "rewritten, with path": get("/brokenuri/a?c"),
    "rewritten, with arguments": get("/brokenargs/a?c"),
    "rewritten to another location": get("/lasting/a%20b?c"),
    "named": get("/tried/a%20b?c"),
    "absolute": get("http://proxy.test/kept/a?b"),
    "absolute, cut": get("http://proxy.test/cut/a?b"),
    "own headers": get("/kept/a", "X-Own: 1", "x-OWN: 2", "Accept: */*", "Accept-Encoding: gzip", "User-Agent: t"),
    "hop by hop": get("/kept/a", "TE: trailers", "Keep-Alive: 5", "Upgrade: h2c", "Expect: "),
    "conditions": get("/kept/a", "If-None-Match: \"x\"", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "Range: bytes=0-1", "If-Range: \"x\""),
    "set headers": get("/headers/a", "X-Empty: 1", "X-Real-IP: 9", "Accept-Encoding: gzip", "x-forwarded-for: 1.2.3.4"),
    "two forwarded": get("/headers/a", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8"),
    "cookies": get("/kept/a", "Cookie: a=1; b=2", "Cookie: c=3"),
    "old client": get("/kept/a", version="1.0"),
    "1.1": get("/http11/a", "TE: trailers"),
    "no headers": get("/noheaders/a", "X-Own: 1", "Cookie: a=1"),
    "post": get("/kept/a", "Content-Length: 5", "Content-Type: x/y", method="POST", body=b"hello"),
    "post nothing": get("/kept/a", "Content-Length: 0", method="POST"),
    "post without length": get("/kept/a", method="POST"),
    "post in chunks": get("/kept/a", "Transfer-Encoding: chunked", method="POST", body=b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
    "post in chunks, 1.1": get("/http11/a", "Transfer-Encoding: chunked", method="POST", body=b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
    "post streamed": get("/streamed/a", "Content-Length: 5", method="POST", body=b"hello"),
    "get with body": get("/kept/a", "Content-Length: 5", body=b"hello"),
    "body left out": get("/nobody/a", "Content-Length: 5", method="POST", body=b"hello"),
    "body set": get("/setbody/a?a=b", "Content-Length: 5", method="POST", body=b"hello"),
    "method set": get("/method/a", method="POST", body=b"", ),
    "other methods": get("/kept/a", method="PROPFIND"),
    "head": get("/kept/a", method="HEAD"),
    "expect": get("/kept/a", "Content-Length: 5", "Expect: 100-continue", method="PUT", body=b"hello"),
}

# Answers: which of them the client gets.
ANSWERS = {
    "plain": (get("/kept/a"), OK),
    "own headers": (get("/kept/a"), reply("200 Fine", "X-Own: a", "x-own: b", "Server: s", "Date: Sun, 06 Nov 1994 08:49:37 GMT")),
    "created": (get("/kept/a", method="POST"), reply("201 Created", "Location: /there")),
    "no content": (get("/kept/a"), b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"),
    "not modified": (get("/kept/a"), b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"),
    "partial": (get("/kept/a"), reply("206 Partial Content", "Content-Range: bytes 0-4/9", "Accept-Ranges: bytes")),
    "head": (get("/kept/a", method="HEAD"), b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Type: text/html\r\n\r\n"),
    "until close": (get("/kept/a"), b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nall of it"),
    "until close, old client": (get("/kept/a", version="1.0"), b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nall of it"),
    "chunks": (get("/http11/a"), b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"),
    "chunks, old client": (get("/http11/a", version="1.0"), b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "unbuffered": (get("/unbuffered/a"), OK),
    "not found": (get("/kept/a"), reply("404 Not Found", "Content-Type: text/html", body=b"<i>no</i>")),
    "server error": (get("/kept/a"), reply("500 Oops", body=b"")),
    "unknown status": (get("/kept/a"), reply("299 Odd")),
    "location": (get("/location/a"), reply("302 Found", "Location: http://app/base/x")),
    "location of others": (get("/location/a"), reply("302 Found", "Location: http://other/base/x")),
    "location relative": (get("/location/a"), reply("301 Moved", "Location: /base/x")),
    "location kept": (get("/kept/a"), reply("302 Found", "Location: http://app/x?y")),
    "location off": (get("/nolocation/a"), reply("302 Found", "Location: http://app/base/x")),
    "location by rule": (get("/ownlocation/a"), reply("302 Found", "Location: http://app/base/x")),
    "location by expression": (get("/ownlocation/a"), reply("302 Found", "Location: https://b/c/d")),
    "refresh": (get("/location/a"), reply("200 OK", "Refresh: 5; url=http://app/base/x")),
    "cookie domain": (get("/cookies/a"), reply("200 OK", "Set-Cookie: a=b; Domain=app.internal; Path=/app/x")),
    "cookie domain with dot": (get("/cookies/a"), reply("200 OK", "Set-Cookie: a=b; domain=.App.Internal; path=/app/")),
    "cookie domain by expression": (get("/cookies/a"), reply("200 OK", "Set-Cookie: a=b; domain=x.web.internal")),
    "cookie flags": (get("/cookies/a"), reply("200 OK", "Set-Cookie: one=1; Path=/", "Set-Cookie: twofold=2; Secure; HttpOnly; SameSite=Lax", "Set-Cookie: three=3")),
    "hidden": (get("/hidden/a"), reply("200 OK", "X-Secret: s", "X-Accel-Charset: utf-8", "X-Accel-Expires: 1", "X-Pad: p", "Set-Cookie: one=2")),
    "server and date": (get("/server/a"), reply("200 OK", "Server: theirs", "Date: Sun, 06 Nov 1994 08:49:37 GMT")),
    "intercepted": (get("/intercept/a"), reply("404 Not Found", "X-Own: a", body=b"theirs")),
    "intercepted with status": (get("/intercept/a"), reply("500 Oops", body=b"theirs")),
    "intercepted, no page": (get("/intercept/a"), reply("403 No", body=b"theirs")),
    "not intercepted": (get("/nointercept/a"), reply("404 Not Found", body=b"theirs")),
    "accelerated": (get("/accel/a"), reply("200 OK", "X-Accel-Redirect: /internal/b%20c?d=e", "Set-Cookie: a=b", "X-Own: lost", "Content-Disposition: attachment")),
    "accelerated post": (get("/accel/a", "Content-Length: 2", method="POST", body=b"ab"), reply("200 OK", "X-Accel-Redirect: /internal/x")),
    "accelerated to a name": (get("/accel/a"), reply("200 OK", "X-Accel-Redirect: @app")),
    "accelerated error": (get("/accel/a"), reply("403 No", "X-Accel-Redirect: /internal/x")),
    "not accelerated": (get("/noaccel/a"), reply("200 OK", "X-Accel-Redirect: /internal/b")),
    "directory": (get("/dir"), OK),
    "directory with arguments": (get("/dir?a=b"), OK),
    "expires": (get("/expires/a"), OK),
    "expires on errors": (get("/expires/a"), reply("404 Not Found")),
    "gzip": (get("/gzip/a", "Accept-Encoding: gzip"), reply("200 OK", "Content-Type: text/plain", "ETag: \"x\"", body=b"hello " * 100)),
    "gzip, encoded by them": (get("/gzip/a", "Accept-Encoding: gzip"), reply("200 OK", "Content-Type: text/plain", "Content-Encoding: x")),
    "upgrade refused": (get("/upgrade/a"), OK),
    "dead": (get("/deadplain/a"), OK),
    "dead with page": (get("/dead/a"), OK),
    "unknown host": (get("/deadvar/a"), OK),
    "nothing": (get("/kept/a"), b""),
    "cut off in the head": (get("/kept/a"), b"HTTP/1.1 200 OK\r\nX: y\r\n"),
    "long head": (get("/kept/a"), reply("200 OK", "X: " + "y" * 5000)),
}

def both(pair, request, answer):
    application, nginx, outpour = pair
    application.reply = answer
    application.requests = []
    theirs = seen(ask(nginx.port, request), nginx.port, request.startswith(b"HEAD"))
    asked_by_nginx = sent(application)
    ours = seen(ask(outpour.port, request), outpour.port, request.startswith(b"HEAD"))
    asked_by_us = sent(application)
    return (theirs, asked_by_nginx), (ours, asked_by_us)


@pytest.mark.parametrize("name", REQUESTS)
def test_requests(pair, name):
    (theirs, asked_by_nginx), (ours, asked_by_us) = both(pair, REQUESTS[name], OK)
    assert asked_by_us == asked_by_nginx
    assert ours == theirs


@pytest.mark.parametrize("name", ANSWERS)
def test_answers(pair, name):
    request, answer = ANSWERS[name]
    (theirs, asked_by_nginx), (ours, asked_by_us) = both(pair, request, answer)
    assert ours == theirs
    assert asked_by_us == asked_by_nginx
