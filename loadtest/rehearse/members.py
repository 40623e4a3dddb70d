"""Members of a demo community who read, write and listen through nginx, and count whatever does not go as it should.

A read fails when it does not answer 200 with something in it. aiohttp repeats an idempotent request whose kept
connection was closed before any answer, as browsers do (RFC 9112, 9.3.1); nothing else of a read is repeated. A write is
repeated with its Idempotency-Key, as the web app does, and fails when ten attempts do not do it.
"""

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

PASSWORD = "folkshelf-demo"
PATIENCE = aiohttp.ClientTimeout(total=30, sock_connect=5)
ATTEMPTS = 10


@dataclass
class Tally:
    """What happened during one phase."""

    started: float = field(default_factory=time.monotonic)
    seconds: list[float] = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def count(self, what: str, example: str = "") -> None:
        self.counts[what] += 1
        if example:
            self.examples.setdefault(what, example[:300])

    def quantile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


class Community:
    """Everybody at once, at a rate, against one address."""

    def __init__(self, base: str, rate: float, writers: int) -> None:
        self.base, self.rate, self.writer_count = base, rate, writers
        self.tally = Tally()
        self.ending = asyncio.Event()
        self.pausing = False
        self.tasks: list[asyncio.Task] = []
        self.written: dict[str, tuple[str, str]] = {}  # title -> (owner, book id)
        self.asked: set[str] = set()  # borrows that must have reached their owner's stream
        self.told: set[str] = set()

    def phase(self) -> Tally:
        """Ends the phase that was, and begins another."""
        before, self.tally = self.tally, Tally()
        return before

    async def start(self) -> None:
        names = ["linus", "margaret", "alan", "katherine", "barbara", "donald"][: max(2, self.writer_count)]
        self.members = [Member(self, name, f"127.0.1.{number}") for number, name in enumerate(names, 1)]
        for member in self.members:
            await member.log_in()
        guests = [Member(self, "", f"127.0.2.{number}") for number in range(1, 13)]
        self.everybody = [*self.members, *guests]
        books = await guests[0].call("GET", "/books?limit=50")
        self.books = [book["id"] for book in books["data"]]
        # Five requests out of six are reads.
        each = self.rate / len(self.everybody)
        self.tasks = [asyncio.create_task(reader.read_on(each)) for reader in self.everybody]
        for number in range(self.writer_count):
            owner, borrower = self.members[number], self.members[(number + 1) % len(self.members)]
            listening = owner.listen_by_socket() if number % 2 else owner.listen()
            self.tasks.append(asyncio.create_task(listening))
            self.tasks.append(asyncio.create_task(owner.write_on(borrower)))

    async def stop(self) -> None:
        self.ending.set()
        # Streams have a moment for what is on its way.
        for _ in range(50):
            if self.asked <= self.told:
                break
            await asyncio.sleep(0.1)
        for task in self.tasks:
            if not task.done():
                await asyncio.wait([task], timeout=35 if task.get_name() != "stream" else 0.1)
            task.cancel()
        outcomes = await asyncio.gather(*self.tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                self.tally.count("client_errors", repr(outcome))
        for borrow in self.asked - self.told:
            self.tally.count("missed_notifications", borrow)
        await self.look_for_lost_and_doubled()
        for somebody in self.everybody:
            await somebody.session.close()

    async def is_told_of(self, borrow: str) -> None:
        """Waits, at most ten seconds. What one member asks another again and again becomes one entry, and a stream that is opened
        anew is told of that alone; so nobody asks again before the last request has arrived."""
        for _ in range(500):
            if borrow in self.told or self.ending.is_set():
                return
            await asyncio.sleep(0.02)

    async def look_for_lost_and_doubled(self) -> None:
        """Each acknowledged book is on its owner's shelf, once, as it was written last."""
        for member in self.members:
            shelf: Counter = Counter()
            path = "/books/mine?limit=100&fields=id,title"
            while path:
                page = await member.call("GET", path)
                shelf.update((book["title"], book["id"]) for book in page["data"])
                cursor = (page.get("meta") or page.get("pagination") or {}).get("nextCursor")
                path = f"/books/mine?limit=100&fields=id,title&cursor={cursor}" if cursor else ""
            titles = Counter(title for (title, _), n in shelf.items() for _ in range(n))
            for title, (owner, book) in self.written.items():
                if owner != member.name:
                    continue
                if titles[title] > 1:
                    self.tally.count("doubled", title)
                elif (title, book) not in shelf:
                    self.tally.count("lost", title)


class Member:
    """One client with an address of its own; without a name a guest."""

    def __init__(self, community: Community, name: str, address: str) -> None:
        self.community, self.name, self.token = community, name, ""
        connector = aiohttp.TCPConnector(local_addr=(address, 0), limit=0)
        self.session = aiohttp.ClientSession(connector=connector, timeout=PATIENCE)

    async def log_in(self) -> None:
        body = {"email": f"{self.name}@example.org", "password": PASSWORD}
        answer = await self.call("POST", "/auth/login", body, expect=200)
        self.token = answer["data"]["accessToken"]
        self.id = (await self.call("GET", "/users/me"))["data"]["id"]

    async def send(self, method: str, path: str, body=None, key: str = ""):
        headers = {"accept-encoding": "gzip"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if key:
            headers["idempotency-key"] = key
        url = f"{self.community.base}/api/v1{path}"
        async with self.session.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            return response.status, (json.loads(text) if text else None)

    async def call(self, method: str, path: str, body=None, expect: int = 200):
        """For what is no part of the measured load."""
        status, answer = await self.send(method, path, body)
        if status != expect:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    # --- reading ------------------------------------------------------------------------------------------------------

    def some_read(self) -> str:
        book = random.choice(self.community.books)
        paths = ["/books?limit=20", f"/books/{book}", "/books/search?q=the&limit=10", f"/books/{book}/availability"]
        if self.token:
            paths += ["/borrows?limit=20", "/notifications/unread-count", "/books/mine?limit=20"]
        return random.choice(paths)

    async def read_on(self, rate: float) -> None:
        """Begins a read at its time whether or not the one before has ended, so that a stall is seen by all it would meet."""
        tally_of, next_at, under_way = self.community, time.monotonic() + random.random() / rate, set()
        while not tally_of.ending.is_set():
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))
            next_at += 1 / rate
            if len(under_way) >= 250:
                tally_of.tally.count("not_sent")
                continue
            task = asyncio.create_task(self.read(self.some_read()))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        if under_way:
            await asyncio.wait(under_way, timeout=30)

    async def read(self, path: str) -> None:
        started, tally = time.monotonic(), self.community.tally
        tally.count("reads")
        try:
            status, answer = await self.send("GET", path)
            if status != 200 or not answer or "data" not in answer:
                tally.count("failed_reads", f"GET {path}: {status} {answer}")
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            tally.count("failed_reads", f"GET {path}: {error!r}")
        tally.seconds.append(time.monotonic() - started)

    # --- writing ------------------------------------------------------------------------------------------------------

    async def write(self, method: str, path: str, body, expect: int):
        """Until it is acknowledged, at most ten times, each with the same key."""
        key, tally, why = str(uuid.uuid4()), self.community.tally, ""
        tally.count("writes")
        for attempt in range(ATTEMPTS):
            started = time.monotonic()
            try:
                status, answer = await self.send(method, path, body, key)
                if status == expect:
                    tally.seconds.append(time.monotonic() - started)
                    return answer
                why = f"{method} {path}: {status} {answer}"
                if status != 503:
                    break
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                why = f"{method} {path}: {error!r}"
            tally.count("repeated_writes", why)
            await asyncio.sleep(0.1 * (attempt + 1))
        tally.count("failed_writes", why)
        return None

    async def write_on(self, borrower: "Member") -> None:
        community = self.community
        while not community.ending.is_set():
            title = f"Rehearsal {uuid.uuid4().hex[:16]}"
            made = await self.write("POST", "/books", {"title": title, "authors": ["Nobody"], "language": "en", "lending": "lend"}, 201)
            if made is None:
                await asyncio.sleep(1)
                continue
            book = made["data"]["id"]
            community.written[title] = (self.name, book)
            await self.sees(f"/books/{book}", "title", title)
            asked = await borrower.write("POST", "/borrows", {"bookId": book, "days": 14}, 201)
            if asked is None:
                await asyncio.sleep(1)
                continue
            borrow = asked["data"]["id"]
            community.asked.add(borrow)
            await borrower.sees(f"/borrows/{borrow}", "status", "pending")
            if await borrower.write("POST", f"/borrows/{borrow}/cancel", {}, 200):
                await borrower.sees(f"/borrows/{borrow}", "status", "cancelled")
            await community.is_told_of(borrow)
            await asyncio.sleep(0.2)

    async def sees(self, path: str, name: str, value: str) -> None:
        """One's own write, at once, whichever host answers."""
        tally = self.community.tally
        try:
            tally.count("reads")
            status, answer = await self.send("GET", path)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            tally.count("failed_reads", f"GET {path}: {error!r}")
            return
        if status in (200, 404):
            shown = answer["data"].get(name) if status == 200 else "404"
            if shown != value:
                tally.count("stale", f"GET {path}: {name} is {shown}, not {value}")
        else:
            tally.count("failed_reads", f"GET {path}: {status} {answer}")

    # --- listening ----------------------------------------------------------------------------------------------------

    async def listen(self) -> None:
        """A stream that resumes where it was cut, as EventSource does."""
        asyncio.current_task().set_name("stream")
        last, community = "", self.community
        while not community.ending.is_set() or not community.asked <= community.told:
            headers = {"authorization": f"Bearer {self.token}", "accept": "text/event-stream"}
            if last:
                headers["last-event-id"] = last
            try:
                url = f"{community.base}/api/v1/notifications/stream"
                limit = aiohttp.ClientTimeout(total=None, sock_read=40, sock_connect=5)
                async with self.session.get(url, headers=headers, timeout=limit) as response:
                    if response.status != 200:
                        community.tally.count("refused_streams", str(response.status))
                    async for line in response.content:
                        text = line.decode().rstrip("\r\n")
                        if text.startswith("id: "):
                            last = text[4:]
                        elif text.startswith("data: "):
                            data = json.loads(text[6:]).get("data") or {}
                            community.told.add(data.get("borrowId", ""))
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
                pass
            community.tally.count("streams_resumed")
            await asyncio.sleep(0.2)

    async def listen_by_socket(self) -> None:
        """The same over a WebSocket."""
        asyncio.current_task().set_name("stream")
        last, community = "", self.community
        while not community.ending.is_set() or not community.asked <= community.told:
            resume = f"?lastEventId={last}" if last else ""
            url = f"{community.base}/api/v1/notifications/ws{resume}"
            protocols = ("folkshelf.notifications.v1", f"bearer.{self.token}")
            try:
                async with self.session.ws_connect(url, protocols=protocols, timeout=aiohttp.ClientWSTimeout(ws_receive=40)) as line:
                    async for message in line:
                        frame = json.loads(message.data)
                        last = frame.get("id", last)
                        community.told.add(((frame.get("data") or {}).get("data") or {}).get("borrowId", ""))
            except aiohttp.WSServerHandshakeError as refused:
                community.tally.count("refused_streams", str(refused.status))
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
                pass
            community.tally.count("streams_resumed")
            await asyncio.sleep(0.2)
