"""Writes with a ledger, and checks of a restored database against it: scripts/rehearse-restore runs this.

    restore.py write BASE LEDGER STOP          members write until the file STOP is there
    restore.py database LEDGER MOMENT          a restored PostgreSQL that no host has seen yet (PSQL says how to ask it)
    restore.py host BASE LOST                  the host that was started on it with an empty Redis; LOST is the last
                                               position of the database that is gone
"""

import asyncio
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from ledger import ABSENT, Ledger, write_until
from members import Community, Member

failed: list[str] = []


def check(what: str, holds: bool, seen: object = "") -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {what}{'' if holds else f': {seen}'}", flush=True)
    if not holds:
        failed.append(what)


def ask(statement: str) -> list:
    """The rows of a statement, as JSON values."""
    wrapped = f"select coalesce(json_agg(found), '[]') from ({statement}) found"
    output = subprocess.run([*shlex.split(os.environ["PSQL"]), "-c", wrapped], check=True, capture_output=True, text=True)
    return json.loads(output.stdout)


def things() -> dict[str, list[str]]:
    """What the database has of what the ledger is about: a thing's values, more than one when it is there twice."""
    there: dict[str, list[str]] = {}
    for row in ask("select split_part(title, ' ', 2) as token, split_part(title, ' ', 3) as value from books.book "
                   "where title like 'Ledger %'"):
        there.setdefault(f"book {row['token']}", []).append(row["value"])
    for row in ask("select split_part(book.title, ' ', 2) as token, borrow.status as value from borrowing.borrow "
                   "join books.book on book.id = borrow.book_id where book.title like 'Ledger %'"):
        there.setdefault(f"borrow {row['token']}", []).append(row["value"])
    return there


# --- the database ------------------------------------------------------------------------------------------------------

# Each counts what must not be there.
LOG = {
    "the events of each aggregate are in the order of its versions": """
        select count(*) as n from (
            select aggregate_version < lag(aggregate_version) over (partition by aggregate_type, aggregate_id
                order by transaction_id, position) as turned from event_bus.log
        ) each where turned""",
    "no event has a transaction id that this server has yet to give": """
        select count(*) as n from event_bus.log where transaction_id >= pg_snapshot_xmax(pg_current_snapshot())""",
    "no position is given twice from here on": """
        select count(*) as n from event_bus.log
        where position > (select last_value from pg_sequences where schemaname = 'event_bus' and sequencename =
            split_part(pg_get_serial_sequence('event_bus.log', 'position'), '.', 2))""",
    "no subscription has read further than the log goes": """
        select count(*) as n from event_bus.subscription where (transaction_id, position) > (
            select transaction_id, position from event_bus.log order by transaction_id desc, position desc limit 1)""",
    "each borrow has as many events as its version says": """
        select count(*) as n from borrowing.borrow where version <> (
            select count(*) from event_bus.log where aggregate_type = 'borrow' and aggregate_id = borrow.id)""",
    "each event of a borrow has its borrow": """
        select count(*) as n from event_bus.log where name = 'borrow.created'
            and not exists (select from borrowing.borrow where borrow.id = aggregate_id)""",
    "each book that was written has the event that tells of it": """
        select count(*) as n from books.book where title like 'Ledger %' and not exists (
            select from event_bus.log where name = 'book.created' and aggregate_id = book.id)""",
    "each event of a book has its book, or the one that tells of its end": """
        select count(*) as n from event_bus.log created where name = 'book.created'
            and not exists (select from books.book where book.id = created.aggregate_id)
            and not exists (select from event_bus.log ended
                where ended.name = 'book.deleted' and ended.aggregate_id = created.aggregate_id)""",
}


def compare(ledger: Ledger, there: dict[str, list[str]], moment: float) -> tuple[list[str], list[str]]:
    """What `there` lacks of what was acknowledged before `moment`, and what it has of what was sent after it."""
    lost, later = [], []
    for thing in ledger.writes.keys() | there.keys():
        allowed = ledger.allowed(thing, moment)
        for value in there.get(thing, [ABSENT]):
            if value not in allowed:
                known = [write.value for write in ledger.writes.get(thing, []) if write.sent <= moment]
                (lost if value in [ABSENT, *known] else later).append(f"{thing} is {value}, not {' or '.join(allowed)}")
    return lost, later


def check_database(ledger: Ledger, moment: float) -> None:
    there = things()
    lost, later = compare(ledger, there, moment)
    acknowledged, after = ledger.acknowledged(moment), ledger.sent_after(moment)
    check(f"all of the {acknowledged} writes acknowledged before the moment are there", acknowledged > 0 and not lost, lost[:5])
    check(f"none of the {after} writes sent after it is", not later, later[:5])
    doubled = [thing for thing, values in there.items() if len(values) > 1]
    check("nothing is there twice", not doubled, doubled[:5])
    # A comparison that finds nothing wrong with another moment would find nothing at all.
    check("of two seconds earlier it would be too much", bool(compare(ledger, there, moment - 2)[1]))
    if after:
        check("of two seconds later it would be too little", bool(compare(ledger, there, moment + 2)[0]))
    # Hosts date events before they commit, by PostgreSQL's clock give or take 20 ms.
    late = ask(f"select count(*) as n from event_bus.log where occurred_at > to_timestamp({moment + 0.02})")[0]["n"]
    check("no event is dated after it", late == 0, late)
    for what, statement in LOG.items():
        faults = ask(statement)[0]["n"]
        check(what, faults == 0, faults)


# --- the host ----------------------------------------------------------------------------------------------------------


def as_pair(position: str) -> tuple[int, int]:
    transaction, sequence = position.split("-")
    return int(transaction), int(sequence)


class Restored:
    """The host, as members and an administrator see it."""

    def __init__(self, base: str) -> None:
        self.community = Community(base, rate=1, writers=3)

    async def member(self, name: str, nth: int) -> Member:
        member = Member(self.community, name, f"127.0.4.{nth}")
        await member.log_in()
        return member

    async def get(self, path: str) -> tuple[int, str]:
        async with self.admin.session.get(self.community.base + path) as response:
            return response.status, await response.text()

    async def until(self, what: str, seconds: float, holds) -> None:
        """Says how long it took."""
        started, seen = time.monotonic(), None
        while time.monotonic() - started < seconds:
            fine, seen = await holds()
            if fine:
                print(f"took {time.monotonic() - started:.1f} s: {what}")
                check(what, True)
                return
            await asyncio.sleep(0.1)
        check(what, False, seen)

    async def filled(self):
        projections = (await self.admin.call("GET", "/admin/projections"))["data"]
        return bool(projections) and all(p["ready"] and p["documents"] for p in projections if p["name"] != "notifications"), projections

    async def healthy(self):
        status, text = await self.get("/health")
        return status == 200 and json.loads(text)["status"] == "healthy", text

    async def level(self):
        found = (await self.admin.call("GET", "/admin/subscriptions"))["data"]
        return len(found) == 10 and all(s["running"] and not s["behind"] and not s["deadLetters"] for s in found), found

    async def from_redis(self) -> float:
        _, text = await self.get("/metrics")
        lines = (line for line in text.splitlines() if line.startswith("read_store_reads_total"))
        return sum(float(line.split()[-1]) for line in lines if 'level="redis"' in line and 'outcome="hit"' in line)

    async def walk(self, member: Member, path: str) -> list[dict]:
        rows, cursor = [], ""
        while True:
            page = await member.call("GET", f"{path}limit=100{cursor}")
            rows += page["data"]
            following = page["pagination"].get("nextCursor")
            if not following:
                return rows
            cursor = f"&cursor={following}"

    async def check(self, lost: str) -> None:
        self.admin = await self.member("ada", 1)
        await self.until("the read side has filled itself from the log's database", 60, self.filled)
        await self.until("all ten subscriptions run, with nothing left to do and nothing parked", 30, self.level)
        await self.until("/health says healthy", 30, self.healthy)
        status, text = await self.get("/health/ready")
        check("/health/ready says yes", status == 200, text)

        there, before = things(), await self.from_redis()
        owners = [await self.member(name, nth) for nth, name in enumerate(["linus", "margaret", "alan"], 2)]
        shown: dict[str, list[str]] = {}
        for owner in owners:
            for book in await self.walk(owner, "/books/mine?fields=id,title&"):
                if book["title"].startswith("Ledger "):
                    _, token, version = book["title"].split()
                    shown.setdefault(f"book {token}", []).append(version)
            for borrow in await self.walk(owner, "/borrows?role=owner&"):
                title = borrow["book"]["title"]
                if title.startswith("Ledger "):
                    shown.setdefault(f"borrow {title.split()[1]}", []).append(borrow["status"])
        wrong = [thing for thing in there.keys() | shown.keys() if there.get(thing) != shown.get(thing)]
        check(f"members are shown the {len(there)} books and borrows that the database has", there and not wrong,
              [(thing, there.get(thing), shown.get(thing)) for thing in wrong[:5]])
        hits = await self.from_redis() - before
        check(f"and Redis answered ({hits:.0f} documents)", hits > 0, hits)
        await self.go_on(owners[0], owners[1], lost)
        for member in [self.admin, *owners]:
            await member.session.close()

    async def go_on(self, owner: Member, borrower: Member, lost: str) -> None:
        """People use it again, those among them who remember what is gone."""
        newest = ask("select transaction_id::text || '-' || position as at from event_bus.log "
                     "order by transaction_id desc, position desc limit 1")[0]["at"]
        headers = {"authorization": f"Bearer {owner.token}"}
        url = f"{self.community.base}/api/v1/books"
        body = {"title": "Written afterwards", "authors": ["Nobody"], "language": "en", "lending": "lend"}
        async with owner.session.post(url, json=body, headers=headers) as response:
            book, position = (await response.json())["data"]["id"], response.headers["x-folkshelf-position"]
        check("a new event comes after all that were restored", as_pair(position) > as_pair(newest), (position, newest))
        await owner.sees(f"/books/{book}", "title", "Written afterwards")
        asked = await borrower.call("POST", "/borrows", {"bookId": book, "days": 14}, 201)
        await borrower.sees(f"/borrows/{asked['data']['id']}", "status", "pending")
        stale = {what: n for what, n in self.community.tally.counts.items() if what in ("stale", "failed_reads")}
        check("members see what they write", not stale, self.community.tally.examples)

        async def told():
            found = (await owner.call("GET", "/notifications?limit=20"))["data"]
            return any(asked["data"]["id"] in json.dumps(one) for one in found), found

        await self.until("the owner is told of a request", 10, told)
        started = time.monotonic()
        async with owner.session.get(f"{url}/{book}", headers={**headers, "x-folkshelf-min-position": lost}) as response:
            status, text = response.status, await response.text()
        check(f"who demands the position {lost}, which is gone, is answered within 2 s",
              status == 200 and time.monotonic() - started < 2, (status, text, time.monotonic() - started))


def main() -> int:
    match sys.argv[1:]:
        case ["write", base, ledger, stop]:
            return asyncio.run(write_until(base, Path(ledger), Path(stop)))
        case ["database", ledger, moment]:
            check_database(Ledger.load(Path(ledger)), float(moment))
        case ["host", base, lost]:
            asyncio.run(Restored(base).check(lost))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return int(bool(failed))


sys.exit(main())
