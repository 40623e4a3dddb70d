"""People at Folkshelf: scripts/loadtest runs this without a page, scripts/loadtest --page with Locust's own.

Each simulated person is a member of their own. The mix is one of an evening: most look around, some lend and borrow, a
few listen, and now and then a newcomer brings a whole shelf. SHAPE=spike or SHAPE=soak chooses another course of the load.
"""

import json
import os
import random
import threading
import time
import uuid
from urllib.parse import quote

from locust import FastHttpUser, LoadTestShape, between, events, task

from checks import TOLD_WITHIN, Api, Wrong, field, measured, some

# No password that many have: those are refused.
PASSWORD = uuid.uuid4().hex
NEWCOMERS_BOOKS = int(os.environ.get("NEWCOMERS_BOOKS", "1000"))
# Seconds between what a person has done and what they do next, which is several requests.
THINKING = tuple(float(seconds) for seconds in os.environ.get("THINKING", "1 5").split())


def register(client) -> tuple[Api, dict]:
    body = {"email": f"{uuid.uuid4().hex}@load.example.org", "password": PASSWORD, "name": f"Load {uuid.uuid4().hex[:6]}"}
    data = Api(client).post("/auth/register", "/auth/register", body, expect=201)
    return Api(client, data["accessToken"]), data["user"]


class Person(FastHttpUser):
    abstract = True
    wait_time = between(*THINKING)
    connection_timeout, network_timeout = 5.0, 30.0

    def flow(self, steps) -> None:
        """A flow ends at its first fault, which has been counted."""
        try:
            steps()
        except Wrong:
            pass


class Visitor(Person):
    """Looks around without an account."""

    weight = 62

    def on_start(self) -> None:
        self.api = Api(self.client)

    @task(4)
    def browse(self) -> None:
        def steps() -> None:
            page = self.api.get("/books?limit=20", "/books", check=some)
            book = random.choice(page)
            self.api.get(f"/books/{book['id']}", "/books/{id}", check=field("id", book["id"]))
            self.api.get(f"/books/{book['id']}/availability", "/books/{id}/availability", check=some)
        self.flow(steps)

    @task(3)
    def search(self) -> None:
        def steps() -> None:
            book = random.choice(self.api.get("/books?limit=50&sort=title", "/books", check=some))
            words = book["title"].replace("&", " ")
            found = f"/books/search?limit=50&q={quote(words)}"
            titles = lambda data: None if any(each["title"] == book["title"] for each in data) else f"{words!r} is not found"
            self.api.get(found, "/books/search", check=titles)
        self.flow(steps)

    @task(1)
    def suggest(self) -> None:
        self.flow(lambda: self.api.get(f"/books/suggest?q={random.choice(['the', 'wa', 'em', 'da'])}", "/books/suggest"))

    @task(1)
    def facets(self) -> None:
        self.flow(lambda: self.api.get("/books/facets", "/books/facets", check=some))


class Neighbours(Person):
    """Two members: one lends the other a book, from the request to the return. Each looks at once at what they did."""

    weight = 26

    def on_start(self) -> None:
        self.owner, _ = register(self.client)
        self.borrower, _ = register(self.client)

    @task
    def lend(self) -> None:
        self.flow(self.life_of_a_borrow)

    def life_of_a_borrow(self) -> None:
        title = f"Load {uuid.uuid4().hex[:12]}"
        book = {"title": title, "authors": ["Somebody"], "lending": "lend"}
        key = {"idempotency-key": str(uuid.uuid4())}
        made = self.owner.post("/books", "/books", book, expect=201, headers=key)
        again = self.owner.post("/books", "/books (same key)", book, expect=201, headers=key)
        if again["id"] != made["id"]:
            self.environment.events.request.fire(request_type="CHECK", name="one key, one book", response_time=0, response_length=0,
                                                 exception=Wrong("two books"), context={})
            raise Wrong
        self.owner.get(f"/books/{made['id']}", "/books/{id}", check=field("title", title))
        asked = self.borrower.post("/borrows", "/borrows", {"bookId": made["id"], "days": 14}, expect=201)
        path = f"/borrows/{asked['id']}"
        self.is_told(self.owner, asked["id"], "borrow.created")
        for who, other, act, body, then in [
                (self.owner, self.borrower, "approve", {"place": "The bakery"}, "approved"),
                (self.owner, self.borrower, "hand-over", {}, "active"),
                (self.borrower, self.owner, "declare-return", {}, "return_pending"),
                (self.owner, self.borrower, "return", {"condition": "ok"}, "returned")]:
            who.post(f"{path}/{act}", f"/borrows/{{id}}/{act}", body, check=field("status", then))
            who.get(path, "/borrows/{id}", check=field("status", then))
            if act == "approve":
                self.is_told(other, asked["id"], "borrow.approved")
        self.owner.get(f"/books/{made['id']}", "/books/{id}", check=field("status", "available"))
        for who in (self.owner, self.borrower):
            who.post("/notifications/read-all", "/notifications/read-all", {})

    def is_told(self, who: Api, borrow: str, kind: str) -> None:
        with measured(self.environment, "TOLD", kind):
            deadline = time.perf_counter() + TOLD_WITHIN
            while time.perf_counter() < deadline:
                inbox = who.get("/notifications?limit=20", "/notifications")
                if any(each["type"] == kind and each["data"].get("borrowId") == borrow for each in inbox):
                    return
                time.sleep(0.2)
            raise Wrong(f"no notification within {TOLD_WITHIN} s")


class Listener(Person):
    """Keeps the stream open, as the web app does, and is asked for a book by a neighbour now and then."""

    weight = 10

    def on_start(self) -> None:
        self.owner, _ = register(self.client)
        self.neighbour, _ = register(self.client)
        self.heard, self.ending = set(), False
        self.opened = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()
        # Where it does not open, each wait for a frame fails.
        self.opened.wait(10)

    def on_stop(self) -> None:
        self.ending = True

    def listen(self) -> None:
        last = ""
        while not self.ending:
            headers = self.owner.headers({"accept": "text/event-stream", **({"last-event-id": last} if last else {})})
            try:
                answer = self.client.client.urlopen(f"{self.host}/api/v1/notifications/stream", method="GET", headers=headers)
                if answer.status_code != 200:
                    raise Wrong(f"the stream is {answer.status_code}")
                self.opened.set()
                # Locust's own iter_lines waits for a kilobyte.
                while line := answer._response.readline(sep=b"\n"):
                    text = line.decode().rstrip("\r\n")
                    if text.startswith("id: "):
                        last = text[4:]
                    elif text.startswith("data: "):
                        self.heard.add(json.loads(text[6:])["data"].get("borrowId", ""))
                    if self.ending:
                        return
            except Exception:  # A line that breaks is opened again, as EventSource does; what was missed is counted below.
                pass
            time.sleep(0.5)

    @task
    def hear(self) -> None:
        def steps() -> None:
            title = f"Load {uuid.uuid4().hex[:12]}"
            made = self.owner.post("/books", "/books", {"title": title, "authors": ["Somebody"], "lending": "lend"}, expect=201)
            asked = self.neighbour.post("/borrows", "/borrows", {"bookId": made["id"], "days": 7}, expect=201)
            with measured(self.environment, "TOLD", "over the stream"):
                deadline = time.perf_counter() + TOLD_WITHIN
                while asked["id"] not in self.heard:
                    if time.perf_counter() > deadline:
                        raise Wrong(f"no frame within {TOLD_WITHIN} s")
                    time.sleep(0.02)
            self.neighbour.post(f"/borrows/{asked['id']}/cancel", "/borrows/{id}/cancel", {}, check=field("status", "cancelled"))
        self.flow(steps)


class Newcomer(Person):
    """Brings a whole shelf as a file, and looks at it."""

    weight = 2
    wait_time = between(20, 40)

    @task
    def bring_a_shelf(self) -> None:
        def steps() -> None:
            me, _ = register(self.client)
            mark = uuid.uuid4().hex[:8]
            rows = "".join(f"Shelf {mark} volume {number},Author {number % 40},{1900 + number % 120}\n" for number in range(NEWCOMERS_BOOKS))
            edge = uuid.uuid4().hex
            body = (f"--{edge}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"shelf.csv\"\r\n"
                    f"content-type: text/csv\r\n\r\ntitle,authors,year\n{rows}\r\n--{edge}--\r\n")
            started = me.ask("POST", "/books/import", "/books/import", expect=202, data=body.encode(),
                             headers={"content-type": f"multipart/form-data; boundary={edge}"})
            with measured(self.environment, "DONE", f"import of {NEWCOMERS_BOOKS}"):
                deadline = time.perf_counter() + 120
                while True:
                    done = me.get(f"/books/imports/{started['id']}", "/books/imports/{id}")
                    if done["status"] == "completed":
                        break
                    if done["status"] == "failed" or time.perf_counter() > deadline:
                        raise Wrong(f"the import is {done['status']}")
                    time.sleep(0.5)
                if done["imported"] != NEWCOMERS_BOOKS:
                    raise Wrong(f"{done['imported']} of {NEWCOMERS_BOOKS} rows came in")
            me.get("/books/mine?limit=100", "/books/mine", check=lambda data: None if len(data) == min(100, NEWCOMERS_BOOKS) else "books are missing")
        self.flow(steps)


USERS, SECONDS = int(os.environ.get("USERS", "100")), int(os.environ.get("SECONDS", "60"))


class Course(LoadTestShape):
    """How many people there are at a moment."""

    def tick(self):
        now, shape = self.get_run_time(), os.environ.get("SHAPE", "steady")
        if now > SECONDS:
            return None
        if shape == "spike":
            # A third, then everybody within seconds, then a third again.
            middle = SECONDS / 3 < now < 2 * SECONDS / 3
            return (USERS if middle else max(1, USERS // 3), USERS)
        # All arrive within a fifth of the time. A soak is that for hours: SECONDS says so.
        return (USERS, max(1, 5 * USERS // SECONDS))


@events.quitting.add_listener
def verdict(environment, **_) -> None:
    total = environment.stats.total
    print(f"\n{total.num_requests} requests, {total.num_failures} failed, {total.total_rps:.0f} a second, p50 "
          f"{total.get_response_time_percentile(0.5):.0f} ms, p95 {total.get_response_time_percentile(0.95):.0f} ms, "
          f"p99 {total.get_response_time_percentile(0.99):.0f} ms")
    # A run in which nothing happened has shown nothing.
    environment.process_exit_code = int(total.num_failures > 0 or total.num_requests < USERS)
