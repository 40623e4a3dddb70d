"""Members who write, and a file that says what they were promised: when each write was sent, and when it was acknowledged.

Each book and each borrow has one writer, who waits for an answer before the next write. So what a server must hold that
was set back to a moment follows from the file alone: see `allowed`.
"""

import asyncio
import json
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from members import Community, Member

# What a thing is called when it is not there.
ABSENT = "absent"


@dataclass
class Write:
    """`thing` shall have `value`. `acked` is None for a write whose answer nobody received."""

    thing: str
    value: str
    sent: float
    acked: float | None


class Ledger:
    def __init__(self) -> None:
        self.writes: dict[str, list[Write]] = {}

    def note(self, write: Write) -> None:
        self.writes.setdefault(write.thing, []).append(write)

    def save(self, file: Path) -> None:
        with file.open("w") as lines:
            for writes in self.writes.values():
                lines.writelines(json.dumps(asdict(write)) + "\n" for write in writes)

    @classmethod
    def load(cls, file: Path) -> "Ledger":
        ledger = cls()
        with file.open() as lines:
            for line in lines:
                ledger.note(Write(**json.loads(line)))
        return ledger

    def allowed(self, thing: str, moment: float) -> set[str]:
        """What `thing` may be at `moment`: the last value acknowledged before it, or one that was on its way then."""
        values = {ABSENT}
        for write in self.writes.get(thing, []):
            if write.sent > moment:
                break
            if write.acked is not None and write.acked <= moment:
                values = {write.value}
            else:
                values.add(write.value)
        return values

    def acknowledged(self, moment: float) -> int:
        return sum(write.acked is not None and write.acked <= moment for all in self.writes.values() for write in all)

    def sent_after(self, moment: float) -> int:
        return sum(write.sent > moment for all in self.writes.values() for write in all)


class Writers:
    """Three members who write without a pause; each asks another one for their books."""

    NAMES = "linus", "margaret", "alan"

    def __init__(self, base: str) -> None:
        self.community = Community(base, rate=1, writers=3)
        self.ledger, self.stopping = Ledger(), asyncio.Event()

    async def run(self) -> None:
        members = [Member(self.community, name, f"127.0.3.{n}") for n, name in enumerate(self.NAMES, 1)]
        try:
            for member in members:
                await member.log_in()
            pairs = zip(members, members[1:] + members[:1])
            await asyncio.gather(*(self.write_on(owner, borrower) for owner, borrower in pairs))
        finally:
            for member in members:
                await member.session.close()

    async def write(self, member: Member, thing: str, value: str, method: str, path: str, body, expect: int):
        write = Write(thing, value, time.time(), None)
        self.ledger.note(write)
        answer = await member.write(method, path, body, expect)
        # A write that failed is noted as one whose answer is not known.
        if answer is not None or (expect == 204 and not self.community.tally.counts["failed_writes"]):
            write.acked = time.time()
        return answer

    async def write_on(self, owner: Member, borrower: Member) -> None:
        number = 0
        while not self.stopping.is_set() and not self.community.tally.counts["failed_writes"]:
            number += 1
            token = uuid.uuid4().hex[:16]
            book, borrow = f"book {token}", f"borrow {token}"
            body = {"title": f"Ledger {token} 1", "authors": ["Nobody"], "language": "en", "lending": "lend"}
            made = await self.write(owner, book, "1", "POST", "/books", body, 201)
            if made is None:
                return
            path = f"/books/{made['data']['id']}"
            for version in "23":
                await self.write(owner, book, version, "PUT", path, {"title": f"Ledger {token} {version}"}, 200)
            if number % 5 == 0:
                await self.write(owner, book, ABSENT, "DELETE", path, None, 204)
                continue
            body = {"bookId": made["data"]["id"], "days": 14}
            asked = await self.write(borrower, borrow, "pending", "POST", "/borrows", body, 201)
            if asked is None:
                return
            path = f"/borrows/{asked['data']['id']}"
            if number % 5 == 1:
                await self.write(owner, borrow, "approved", "POST", f"{path}/approve", {}, 200)
            else:
                await self.write(borrower, borrow, "cancelled", "POST", f"{path}/cancel", {}, 200)


async def write_until(base: str, file: Path, stop: Path) -> int:
    """Until the file `stop` is there, five minutes at most. Not 0 when a write failed."""
    writers = Writers(base)
    task = asyncio.create_task(writers.run())
    deadline = time.monotonic() + 300
    while not stop.exists() and not task.done() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    writers.stopping.set()
    await task
    writers.ledger.save(file)
    counts = writers.community.tally.counts
    print(f"{counts['writes']} writes, {counts['failed_writes']} failed {writers.community.tally.examples or ''}", flush=True)
    return int(bool(counts["failed_writes"]) or not counts["writes"])
