"""Rewriting, redirects and access logs, request by request the same as Debian's nginx with the same configuration."""

import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest
from conftest import accepts, free_port, wait_for

SEEDS = pathlib.Path(__file__).resolve().parent

PATHS = r"""
/ /a.txt /old/x /old/x?a=1 /perm/x?q=2 /temp/a%20b /temp/a%2Fb?x=%20 /abs/p?z=1 /noargs/x?a=1 /withargs/x?c=d /withargs/x
/inargs/v?o=1 /inargs2/v?o=1 /brace/12 /brace/123 /named/bob /case/Up /last /last/more?x=1 /break/ /break/index.html /breakret/x
/loop /nochange /int /toint /try/none /err/none /err2/none /err3/none /err4/none /if /ret301?a=b /ret302?c=d /ret307 /retbare
/ret204 /ret403 /ret444 /ret418 /setchain /dir /sub /sub?x=1 /ah?x=1 /ah404?x=1 /re/ab/12 /re/ab/x /x.php /exact /exact/ /pre.php
/enc/a%20b%26c /enc/%D1%8F /enc2/a%20b%26c?y /port /nameredir /gif /argset?z=1 /argset /ifargs?drop=yes&k=1 /ifargs?x /argdrop?x=1
/argredir?z=1 /argset2?a=1 /argset2 /nest/in /nest/x /nest /?go=home /none%22q?x=%22\&log=x /log?log=no /log?log=none //a.txt
/sub/../a.txt /a%2etxt /old/%2e%2e/a.txt /new/a%00b /old/x? /old/x?? /show? /temp/?
"""

REQUESTS = [{"target": path} for path in PATHS.split()] + [
    {"target": "/x?y=1", "host": "redirect.test"},
    *({"target": f"/divide?user=u{number}"} for number in range(40)),
    *({"target": f"/divide?ip={ip}"} for ip in ("10.2.3.4", "10.1.2.3", "192.0.2.1", "192.0.2.2", "fe80::1", "::1", "x", "")),
    {"target": "/", "host": "abc.wild.test"},
    {"target": "/p/q?r=s", "host": "www.dot.test"},
    {"target": "/p", "host": "dot.test"},
    {"target": "/if", "method": "POST"},
    {"target": "/if", "headers": "X-Y: xBADx\r\n"},
    {"target": "/show", "headers": 'X-Y: "q\\\xff\r\nCookie: c=1; d=2\r\nAuthorization: Basic dTpw\r\n'},
    {"target": "/show?x=1", "method": "POST", "headers": "Content-Length: 3\r\nContent-Type: t/x\r\n", "body": b"abc"},
    {"target": "/old/h", "method": "HEAD"},
    {"target": "/perm/h", "method": "HEAD"},
    {"target": "/perm/x", "host": "unknown.test"},
    {"target": "/temp/x", "host": "A.TEST:99"},
    {"target": "/err/x", "method": "POST"},
    {"target": "/err3/x", "method": "POST"},
]


def answer(port, target, host="a.test", method="GET", headers="", body=b""):
    """Status line, sorted headers and body, without what names the server and the moment."""
    head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head.encode("latin1") + body)
        received = b""
        while piece := client.recv(65536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin1").replace(str(port), "PORT").split("\r\n")
    named = body.startswith(b"<html>") or method == "HEAD"
    varying = "server|date|etag|last-modified" + ("|content-length" if named else "")
    lines = sorted(line for line in lines if not re.match(f"(?i)({varying}):", line))
    return status, lines, re.sub(rb"<center>(nginx|outpour)[^<]*<", b"<center><", body).replace(str(port).encode(), b"PORT")


@pytest.fixture
def nginx(folder):
    """Starts Debian's nginx with a configuration."""
    found = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    assert found, "nginx is not installed"
    started = []

    def start(configuration):
        prefix = folder("daemon off; master_process off; " + configuration)
        started.append(subprocess.Popen([found, "-p", str(prefix.path), "-c", str(prefix.file)]))
        wait_for(lambda: accepts(prefix.port), "nginx accepts")
        return prefix

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=10)


def test_every_request_is_answered_and_logged_as_by_nginx(server, nginx):
    site = (SEEDS / "configurations" / "beside_nginx.conf").read_text()
    sides = [nginx(site), server(site)]
    for side in sides:
        (side.path / "html" / "sub").mkdir(parents=True)
        for name in ("index.html", "a.txt", "sub/index.html"):
            (side.path / "html" / name).write_text(name)
    for request in REQUESTS:
        by_nginx, by_outpour = (answer(side.port, **request) for side in sides)
        assert by_outpour == by_nginx, request
    wait_for(lambda: len({len(logged(side, "default")) for side in sides}) == 1, "both have written their logs")
    for log in ("default", "json", "none"):
        by_nginx, by_outpour = (logged(side, log) for side in sides)
        assert by_outpour == by_nginx


def logged(side, log):
    text = (side.path / "logs" / log).read_text(errors="surrogateescape")
    text = text.replace(str(side.port), "PORT").replace(str(side.path), "PREFIX")
    # A request without a request, and an address whose arguments were taken away: nginx shows them as empty, here they are absent.
    text = re.sub(r"^.*a%00b.*$|^[A-Z]+\|/(int|argdrop)\|.*$", "", text, flags=re.M)
    return text.splitlines()
