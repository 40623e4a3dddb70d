"""Two people who lend a book, and a reader who never stops, through nginx."""

import io
import json
import re
import tarfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Callable

from engine import Failed

PASSWORD = "a shelf of borrowed words"


def send(base: str, method: str, path: str, body=None, token: str = "", key: str = "") -> tuple[int, dict]:
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    if key:
        headers["idempotency-key"] = key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    return status, json.loads(text) if text else {}


class Person:
    """Somebody with an account. A write is repeated with its key, as the web app does."""

    def __init__(self, base: str, name: str, letters: Callable[[], bytes]) -> None:
        self.base, self.token, self.repeated = base, "", 0
        email = f"{name.lower()}-{uuid.uuid4().hex[:8]}@example.org"
        self.write("/auth/register", {"email": email, "name": name}, 202)
        self.write("/auth/verify-email", {"token": letter_to(email, letters), "newPassword": PASSWORD}, 204)
        self.token = self.write("/auth/login", {"email": email, "password": PASSWORD}, 200)["data"]["accessToken"]

    def write(self, path: str, body: dict, expect: int) -> dict:
        key, why = str(uuid.uuid4()), ""
        for attempt in range(10):
            try:
                status, answer = send(self.base, "POST", f"/api/v1{path}", body, self.token, key)
                if status == expect:
                    return answer
                why = f"{status} {answer}"
                if status != 503:
                    break
            except OSError as error:
                why = repr(error)
            self.repeated += 1
            time.sleep(0.2 * (attempt + 1))
        raise Failed(f"POST {path}: {why}")

    def sees(self, path: str, name: str, value: str) -> None:
        status, answer = send(self.base, "GET", f"/api/v1{path}", token=self.token)
        if status != 200 or answer["data"].get(name) != value:
            raise Failed(f"GET {path}: {name} is not {value}: {status} {answer}")


def letter_to(email: str, letters: Callable[[], bytes]) -> str:
    """The token in the letter that an address got, out of the folder of letters as a tar archive."""
    for _ in range(60):
        with tarfile.open(fileobj=io.BytesIO(letters())) as archive:
            for entry in archive.getmembers():
                text = archive.extractfile(entry).read().decode() if entry.name.endswith(".eml") else ""
                found = re.search(r"token=([^\s&]+)", text)
                if found and f"To: {email}" in text:
                    return urllib.parse.unquote(found[1])
        time.sleep(0.5)
    raise Failed(f"no letter came to {email}")


def borrow(owner: Person, borrower: Person) -> int:
    """A book goes round: each step is seen at once by the other. Says how many writes were repeated."""
    before = owner.repeated + borrower.repeated
    title = f"Rehearsal {uuid.uuid4().hex[:12]}"
    book = owner.write("/books", {"title": title, "authors": ["Nobody"], "language": "en", "lending": "lend"}, 201)["data"]["id"]
    borrower.sees(f"/books/{book}", "title", title)
    loan = borrower.write("/borrows", {"bookId": book, "days": 14}, 201)["data"]["id"]
    owner.sees(f"/borrows/{loan}", "status", "pending")
    for step, body, status in [("approve", {}, "approved"), ("hand-over", {}, "active"), ("return", {"condition": "ok"}, "returned")]:
        owner.write(f"/borrows/{loan}/{step}", body, 200)
        borrower.sees(f"/borrows/{loan}", "status", status)
    return owner.repeated + borrower.repeated - before


class Reader(threading.Thread):
    """Reads the catalogue fifteen times a second, each time on a new connection, and counts what fails."""

    def __init__(self, base: str) -> None:
        super().__init__(daemon=True)
        self.base, self.reads, self.failures, self.ending = base, 0, [], threading.Event()

    def run(self) -> None:
        while not self.ending.wait(1 / 15):
            self.reads += 1
            try:
                status, answer = send(self.base, "GET", "/api/v1/books?limit=5")
                if status != 200 or "data" not in answer:
                    self.failures.append(f"{status} {answer}")
            except (OSError, ValueError) as error:
                self.failures.append(repr(error))

    def end(self) -> None:
        self.ending.set()
        self.join(20)
