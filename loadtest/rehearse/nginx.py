"""deploy/nginx against stand-ins that count what reaches them: scripts/test-nginx runs this. Some 20 seconds.

What only the real hosts can show (nothing lost when they come, go and die) is in replicas.py.
"""

import asyncio
import json
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

ROOT = Path(__file__).resolve().parents[2]
RENDER = ROOT / "deploy/nginx/render"
BORROWING_APART = ROOT / "deploy/nginx/borrowing-apart.conf"
checks: list[tuple[str, bool, str]] = []


def check(what: str, holds: bool, seen: object = "") -> None:
    checks.append((what, holds, str(seen)))
    print(f"{'ok  ' if holds else 'FAIL'} {what}{'' if holds else f': {seen}'}", flush=True)


class StandIn:
    """A host whose behaviour a test chooses, and that remembers what it was asked."""

    def __init__(self, name: str) -> None:
        self.name, self.mode, self.hits, self.last, self.assets = name, "answer", Counter(), {}, set()
        self.path, self.connections = "", set()

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self.handle)
        self.runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        await self.runner.cleanup()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.hits[request.method] += 1
        self.last, self.path = dict(request.headers), request.raw_path
        self.connections.add(request.transport.get_extra_info("peername"))
        if request.path.endswith("/stream"):
            return await self.stream(request)
        if request.path.endswith("/ws"):
            return await self.echo(request)
        if request.path.startswith("/assets/"):
            if request.path not in self.assets:
                return web.Response(status=404)
            headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
            return web.Response(text="content", headers=headers)
        await request.read()
        if self.mode == "hang up":
            request.transport.close()
            return web.Response()
        if self.mode == "refuse":
            return web.Response(status=503, headers={"retry-after": "2"}, text="busy")
        if self.mode == "freeze":
            await asyncio.sleep(60)
        headers = {"etag": '"7"', "x-host": self.name}
        return web.json_response({"data": "word " * 2000}, headers=headers)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        # With a length, because nginx passes chunks on as they come even where it buffers.
        events = [f"id: {number}\n\n".encode() for number in range(4)]
        headers = {"content-type": "text/event-stream", "content-length": str(sum(map(len, events)))}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        for event in events:
            await response.write(event)
            await asyncio.sleep(0.4)
        return response

    async def echo(self, request: web.Request) -> web.StreamResponse:
        line = web.WebSocketResponse(protocols=("shouting",))
        await line.prepare(request)
        async for message in line:
            if message.data == "stop":
                await line.close(code=1012, message=b"restarts")
                break
            await line.send_str(message.data.upper())
        return line


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return each.getsockname()[1]


class Nginx:
    def __init__(self, program: str, folder: Path, hosts: list[StandIn], brotli: Path | None, mime: str) -> None:
        self.program, self.folder, self.hosts = program, folder, hosts
        self.port, self.tls = free_port(), free_port()
        (folder / "modules.conf").write_text(f"load_module {brotli};\n" if brotli else "")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
            check=True, capture_output=True)
        self.settings = [f"LISTEN=127.0.0.1:{self.port}", f"LISTEN_TLS=127.0.0.1:{self.tls}", f"CERTIFICATE={folder}/cert.pem",
                         f"KEY={folder}/key.pem", f"STATE={folder}", f"LOGS={folder}", f"MODULE={folder}/modules.conf",
                         f"BROTLI={'on' if brotli else 'off'}", f"MIME={mime}", "WORKERS=2"]

    def render(self, *more: str, weights: str = "") -> None:
        shares = weights.split() or [""] * len(self.hosts)
        hosts = " ".join(f"127.0.0.1:{host.port}{share}" for host, share in zip(self.hosts, shares))
        subprocess.run([RENDER, self.folder / "conf", f"HOSTS={hosts}", *self.settings, *more], check=True)

    def refuses(self, *more: str) -> str:
        """What render says, having left everything as it was."""
        return subprocess.run([RENDER, "--hosts", self.folder / "conf", *more], check=False, capture_output=True, text=True).stderr

    async def hosts_are(self, *hosts: str) -> None:
        subprocess.run([RENDER, "--hosts", self.folder / "conf", "BALANCE=round_robin", *hosts], check=True)
        self.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(0.5)

    async def start(self) -> None:
        self.process = subprocess.Popen([self.program, "-c", self.folder / "conf/nginx.conf", "-e", self.folder / "error.log",
                                         "-g", "daemon off;"])
        await asyncio.sleep(0.5)

    async def restart(self, *more: str, weights: str = "") -> None:
        """Afresh, so that no failure of the test before is remembered."""
        self.stop()
        self.render("PLAIN=serve", *more, weights=weights)
        await self.start()
        for host in self.hosts:
            host.hits.clear()
            host.connections.clear()
            host.mode = "answer"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


async def run(nginx: Nginx, session: aiohttp.ClientSession) -> None:
    base, tls = f"http://127.0.0.1:{nginx.port}", f"https://127.0.0.1:{nginx.tls}"
    one, two, three = nginx.hosts

    async def ask(path: str = "/api/v1/books", method: str = "GET", url: str = base, **more) -> tuple[int, dict, bytes]:
        async with session.request(method, URL(url + path, encoded=True), allow_redirects=False, **more) as response:
            return response.status, dict(response.headers), await response.read()

    def spread() -> list[int]:
        return [sum(host.hits.values()) for host in nginx.hosts]

    # --- balancing
    await nginx.restart("BALANCE=round_robin")
    for _ in range(30):
        await ask()
    check("round robin: each host gets the same", max(spread()) - min(spread()) <= 2, spread())
    await nginx.restart("BALANCE=weights", weights="=5 =3 =0")
    for _ in range(32):
        await ask()
    check("weights: 5 to 3, and none to who has 0", abs(spread()[0] - 20) <= 2 and spread()[2] == 0, spread())
    await nginx.restart("BALANCE=hash")
    for _ in range(12):
        await ask()
    check("hash: a client stays with its host", sorted(spread()) == [0, 0, 12], spread())
    await nginx.restart()
    one.mode = "freeze"
    waiting = [asyncio.create_task(ask()) for _ in range(2)]
    await asyncio.sleep(0.5)
    before = time.monotonic()
    await asyncio.gather(*(ask() for _ in range(30)))
    check("least connections: who does not answer is spared", one.hits["GET"] <= 12 and time.monotonic() - before < 25,
          (one.hits, time.monotonic() - before))
    await asyncio.gather(*waiting)

    # --- repeating
    await nginx.restart("BALANCE=round_robin")
    one.mode = two.mode = three.mode = "hang up"
    status, headers, body = await ask(method="POST", json={"a": 1})
    check("a POST that left is never sent twice", sum(spread()) == 1, spread())
    check("who gets no answer is told so as the API tells", status == 503 and headers.get("Retry-After") == "1"
          and json.loads(body)["error"]["code"] == "UNAVAILABLE", (status, headers, body))
    await nginx.restart("BALANCE=round_robin")
    one.mode = two.mode = "hang up"
    status, _, _ = await ask()
    check("a GET goes on to a host that answers", status == 200 and three.hits["GET"] == 1, (status, spread()))
    await nginx.restart("BALANCE=round_robin")
    one.mode = two.mode = three.mode = "refuse"
    answers = [await ask() for _ in range(9)]
    check("a 503 reaches the client as the host gave it", all(status == 503 and headers["Retry-After"] == "2" and body == b"busy"
          for status, headers, body in answers), answers[0])
    check("and takes no host away", sum(spread()) == 9 and min(spread()) == 3, spread())
    await nginx.restart("BALANCE=round_robin")
    await two.stop()
    statuses = Counter([(await ask(method="POST", json={}))[0] for _ in range(9)])
    check("a host that is gone costs a POST nothing", statuses == {200: 9}, statuses)
    await two.start()

    # --- what is passed on
    await nginx.restart()
    seen = {}
    forged = {"x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9", "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    _, headers, _ = await ask(headers=forged)
    for host in nginx.hosts:
        seen.update({name.lower(): value for name, value in host.last.items()} if host.hits else {})
    check("the client's own address comes last, whatever it claims", seen.get("x-forwarded-for") == "203.0.113.9, 127.0.0.1"
          and "forwarded" not in seen, seen)
    check("a stranger's trace stays outside", "traceparent" not in seen, seen)
    check("the request has an id, here and there", len(seen.get("x-request-id", "")) == 32
          and {name.lower(): value for name, value in headers.items()}.get("x-request-id") == seen["x-request-id"], headers)
    _, headers, _ = await ask(headers={"accept-encoding": "gzip, br"})
    check("a version's tag stays a strong one", headers["Etag"] == '"7"' and "Content-Encoding" not in headers, headers)
    status, _, body = await ask("/metrics")
    check("figures are not for everybody", status == 404 and not body.startswith(b"{\"data"), status)
    status, headers, body = await ask(method="POST", data=b"x" * (3 * 2**20))
    check("a body that is too large is refused as the API refuses", status == 413 and b"BODY_TOO_LARGE" in body, (status, body))
    status, _, _ = await ask("/api/v1/books/import", method="POST", data=b"x" * (30 * 2**20))
    check("a file of books may be larger", status == 200, status)
    for wanted in ["gzip"] + (["br"] if "BROTLI=on" in nginx.settings else []):
        _, headers, body = await ask("/api-docs/openapi.json", headers={"accept-encoding": wanted}, )
        check(f"the API's document comes as {wanted}", headers.get("Content-Encoding") == wanted, headers)

    # --- files
    one.assets = {"/assets/a.js"}
    for host in nginx.hosts:
        host.hits.clear()
    found = [await ask("/assets/a.js") for _ in range(6)]
    check("a file that one build has is found, and then cached", {status for status, _, _ in found} == {200}
          and found[-1][1]["X-Cache"] == "HIT" and one.hits["GET"] == 1, (found[-1], spread()))
    check("a file that nobody has is 404", (await ask("/assets/b.js"))[0] == 404)

    # --- streams
    arrivals = []
    async with session.get(base + "/api/v1/notifications/stream", headers={"accept-encoding": "gzip, br"}) as response:
        async for line in response.content:
            if line.strip():
                arrivals.append(time.monotonic())
    gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]
    check("events arrive one by one", len(arrivals) == 4 and min(gaps) > 0.2, gaps)
    async with session.ws_connect(base.replace("http", "ws") + "/api/v1/notifications/ws") as line:
        await line.send_str("hello")
        check("a WebSocket passes", (await line.receive_str()) == "HELLO")
    async with session.ws_connect(base.replace("http", "ws") + "/api/v1/notifications/ws", protocols=("shouting", "bearer.a.b")) as line:
        offered = {name.lower(): value for host in nginx.hosts for name, value in host.last.items()}.get("sec-websocket-protocol", "")
        await line.send_str("stop")
        await line.receive()
        check("so do its protocols and why it closes", line.protocol == "shouting" and "bearer.a.b" in offered
              and line.close_code == 1012, (line.protocol, offered, line.close_code))
    async with session.ws_connect(tls.replace("http", "ws") + "/api/v1/notifications/ws", ssl=TLS) as line:
        await line.send_str("hello")
        check("a WebSocket passes over TLS", (await line.receive_str()) == "HELLO")

    # --- TLS
    status, _, _ = await ask(url=tls, ssl=TLS)
    check("TLS", status == 200, status)
    asked = await alpn(nginx.tls)
    check("HTTP/2 is spoken over TLS", asked == "h2", asked)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings(action="ignore"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        await ask(url=tls, ssl=old)
        check("old TLS is refused", False)
    except (aiohttp.ClientError, ValueError, ssl.SSLError):
        check("old TLS is refused", True)
    await nginx.restart("PLAIN=redirect")
    status, headers, _ = await ask("/books/7?q=a")
    check("plain HTTP leads to TLS", (status, headers["Location"]) == (308, f"https://127.0.0.1:{nginx.tls}/books/7?q=a"), headers)

    # --- a context in a process of its own
    def at(*hosts: StandIn) -> str:
        return " ".join(f"127.0.0.1:{host.port}" for host in hosts)

    apart = [f"PROCESSES={BORROWING_APART}", "BALANCE=round_robin"]
    await nginx.restart(*apart, f"HOSTS={at(one)}", f"HOSTS_borrowing={at(two, three)}")
    led = ["/api/v1/borrows", "/api/v1/borrows/", "/api/v1/borrows/7/approve", "/api/v1/calendar.ics", "/api/v1/profile/calendar-feed",
           "/api/v1/%62orrows?q=a%20b", "/api/v1//borrows", "/api/v1/profile/../borrows"]
    for path in led:
        before = two.hits["GET"] + three.hits["GET"]
        await ask(path)
        check(f"{path} is led to borrowing, as it was written", two.hits["GET"] + three.hits["GET"] == before + 1
              and path in (two.path, three.path), (spread(), one.path, two.path, three.path))
    stay = ["/", "/health", "/api-docs/openapi.json", "/api/v1/books", "/api/v1/profile", "/api/v1/borrowsx", "/API/V1/BORROWS", "/API/V1/CALENDAR.ICS",
            "/api/v1/calendarxics", "/borrows", "/api/v1/notifications/read"]
    for path in stay:
        before = one.hits["GET"]
        await ask(path)
        check(f"{path} stays with the others", one.hits["GET"] == before + 1, spread())
    for host in nginx.hosts:
        host.connections.clear()
    for _ in range(40):
        await ask("/api/v1/borrows")
        await ask()
    # Each of the two workers may have one to each host.
    check("connections are used again", sum(spread()) > 80 and all(1 <= len(host.connections) <= 2 for host in nginx.hosts),
          [len(host.connections) for host in nginx.hosts])
    await two.stop()
    statuses = Counter([(await ask("/api/v1/borrows", method=method))[0] for method in ("GET", "POST") for _ in range(6)])
    check("another host of the same process is asked", statuses == {200: 12}, statuses)
    await three.stop()
    status, headers, body = await ask("/api/v1/borrows")
    check("a process that is gone is told as the API tells", status == 503 and headers.get("Retry-After") == "1"
          and json.loads(body)["error"]["code"] == "UNAVAILABLE", (status, headers, body))
    check("and the others answer", (await ask())[0] == 200)
    await two.start()
    await three.start()
    await nginx.hosts_are(f"HOSTS={at(one)}", "HOSTS_borrowing=")
    answers = [(await ask("/api/v1/borrows"))[0], (await ask())[0]]
    check("a process may have no host for a while", answers == [503, 200], answers)
    await nginx.hosts_are(f"HOSTS={at(one)}", f"HOSTS_borrowing={at(two)}")
    check("and gets hosts again", (await ask("/api/v1/borrows"))[0] == 200)
    await one.stop()
    answers = [(await ask("/"))[0], (await ask("/health"))[0], (await ask("/api/v1/borrows"))[0], (await ask())[0]]
    check("while the first process is away the others have the web app", answers == [200, 200, 200, 503], answers)
    await one.start()
    check("a process of the map without hosts is refused", "borrowing" in nginx.refuses(f"HOSTS={at(one)}"))
    check("hosts to which nothing leads are refused", "books" in
          nginx.refuses(f"HOSTS={at(one)}", f"HOSTS_borrowing={at(two)}", f"HOSTS_books={at(three)}"))

    # --- a frozen host
    await nginx.restart("BALANCE=round_robin")
    one.mode = "freeze"
    before, answers = time.monotonic(), await asyncio.gather(*(ask() for _ in range(3)))
    check("a frozen host costs a reader 10 s, not more, and no failure",
          {status for status, _, _ in answers} == {200} and 9 < time.monotonic() - before < 12, time.monotonic() - before)
    lines = [json.loads(line) for line in (nginx.folder / "access.log").read_text().splitlines()]
    check("the log is JSON and has no query", len(lines) > 50 and not any("?" in line["path"] for line in lines), len(lines))


def context(*protocols: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if protocols:
        made.set_alpn_protocols(list(protocols))
    return made


TLS, TLS_H2 = context(), context("h2", "http/1.1")


async def alpn(port: int) -> str:
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=TLS_H2)
    chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    writer.close()
    return chosen


async def main(program: str, brotli: str, mime: str) -> int:
    hosts = [StandIn(name) for name in ("one", "two", "three")]
    for host in hosts:
        await host.start()
    with tempfile.TemporaryDirectory(prefix="folkshelf-nginx.") as folder:
        # nginx started by root works as nobody.
        Path(folder).chmod(0o777)
        nginx = Nginx(program, Path(folder), hosts, Path(brotli) if brotli else None, mime)
        nginx.render("PLAIN=serve")
        await nginx.start()
        try:
            async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=30)) as session:
                await run(nginx, session)
        finally:
            nginx.stop()
    failed = [what for what, holds, _ in checks if not holds]
    print(f"{len(checks) - len(failed)} of {len(checks)} hold.")
    return int(bool(failed))


sys.exit(asyncio.run(main(*sys.argv[1:4])))
