"""Every expression of every rule and panel against a real Prometheus while members use Folkshelf, and one alert from its
cause to the letter that says it is over. scripts/rehearse-observability runs this, on an instance of its own.
"""

import asyncio
import json
import os
import re
import signal
import sys
import time
import urllib.parse
import urllib.request
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller

from members import Community, Member

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ["FOLKSHELF_DEV_STATE"])
letters: list[str] = []
failed: list[str] = []


class Sink:
    async def handle_DATA(self, _server, _session, envelope) -> str:
        letters.append(f"{', '.join(envelope.rcpt_tos)}: {message_from_bytes(envelope.content)['subject']}")
        return "250 OK"


def check(what: str, holds: bool, seen: object = "") -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {what}{'' if holds else f': {seen}'}", flush=True)
    if not holds:
        failed.append(what)


def prometheus(path: str, **query: str) -> dict:
    port = (STATE / "prometheus.port").read_text().strip()
    url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        return {"error": error.read().decode(), "result": []}


def has_data(expression: str) -> tuple[bool, str]:
    if "database_replica_" in expression:
        return True, "this rehearsal has no replica"
    data = prometheus("query", query=expression)
    values = [sample["value"][1] for sample in data["result"]]
    numbers = [value for value in values if value not in ("NaN", "+Inf", "-Inf")]
    return bool(numbers), data.get("error") or f"{len(values)} samples, {len(numbers)} of them numbers"


def comparisons_as_values(expression: str) -> str:
    """`a > 5` returns nothing until it is so; `a > bool 5` tells whether a is there at all."""
    expression = re.sub(r"#.*", "", expression)
    expression = re.sub(r"unless on \(\).*", "", expression)
    # Matchers inside braces compare too.
    parts = re.split(r"(\{[^}]*\})", expression)
    return "".join(part if part.startswith("{") else re.sub(r"(>=|<=|==|!=|>|<)(?!\s*bool)", r"\1 bool", part) for part in parts)


def check_rules() -> None:
    groups = prometheus("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    broken = [f"{rule['name']}: {rule.get('lastError')}" for rule in rules if rule["health"] != "ok"]
    check(f"Prometheus has evaluated {len(rules)} rules without an error", len(rules) > 40 and not broken, broken)
    for rule in rules:
        if rule["type"] == "recording":
            wanted = ",".join(f'{name}="{value}"' for name, value in rule.get("labels", {}).items())
            holds, seen = has_data(f"{rule['name']}{{{wanted}}}")
            check(f"{rule['name']}{{{wanted}}} has data", holds, seen)
        else:
            holds, seen = has_data(comparisons_as_values(rule["query"]))
            check(f"{rule['name']} has something to compare", holds, seen)


def check_panels() -> None:
    for file in sorted((ROOT / "deploy/observability/grafana/dashboards").glob("*.json")):
        board = json.loads(file.read_text())
        taken = set()
        for panel in board["panels"]:
            place = panel["gridPos"]["x"], panel["gridPos"]["y"]
            check(f"{board['title']}: {panel['title']} has a place of its own", place not in taken, place)
            taken.add(place)
            for target in panel["targets"]:
                holds, seen = has_data(target["expr"].replace("$__rate_interval", "20s"))
                check(f"{board['title']}: {panel['title']} has data", holds, f"{target['expr']}: {seen}")


def family_of(process: int) -> list[int]:
    """The process, and those it has started."""
    children = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if parent == process:
            children.append(int(entry.parent.name))
    return [process, *children]


async def until(what: str, seconds: float, holds) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await asyncio.to_thread(holds):
            check(what, True)
            return
        await asyncio.sleep(0.5)
    check(what, False, letters)


def firing(name: str) -> bool:
    return has_data(f'ALERTS{{alertname="{name}",alertstate="firing"}}')[0]


async def alert_and_clear() -> None:
    """PostgreSQL is frozen for as long as it takes to be noticed."""
    postmaster = int((STATE / "postgres/data/postmaster.pid").read_text().split()[0])
    frozen = family_of(postmaster)
    for process in frozen:
        os.kill(process, signal.SIGSTOP)
    try:
        await until("PostgreSQL frozen: the alert fires", 120, lambda: firing("FolkshelfDatabaseAway"))
        await until("and its letter reaches who is on call", 30, lambda: any(
            letter.startswith("on-call@") and "FIRING" in letter and "FolkshelfDatabaseAway" in letter for letter in letters))
    finally:
        for process in frozen:
            try:
                os.kill(process, signal.SIGCONT)
            except ProcessLookupError:
                pass
    await until("PostgreSQL answers: the alert ends", 60, lambda: not firing("FolkshelfDatabaseAway"))
    await until("and a letter says so", 60, lambda: any("RESOLVED" in letter and "FolkshelfDatabaseAway" in letter for letter in letters))


async def main() -> int:
    sink = Controller(Sink(), hostname="127.0.0.1", port=int(os.environ["ALERTS_SMTP"].rsplit(":", 1)[1]))
    sink.start()
    base = f"http://127.0.0.1:{(STATE / 'http.port').read_text().strip()}"
    community = Community(base, rate=40, writers=2)
    await community.start()
    # A counter with labels is there from its first event on: somebody has a projection rebuilt.
    ada = Member(community, "ada", "127.0.1.99")
    await ada.log_in()
    await ada.call("POST", "/admin/projections/books/rebuild", expect=202)
    await ada.session.close()
    for _ in range(45):
        await asyncio.sleep(1)
        async with community.everybody[-1].session.get(f"{base}/") as page:
            await page.read()
    up = prometheus("query", query='up{job="folkshelf"}')["result"]
    check("Prometheus reaches both hosts", [sample["value"][1] for sample in up] == ["1", "1"], up)
    check_rules()
    check_panels()
    await community.stop()
    check("the members had nothing to complain of", not any(
        community.tally.counts[what] for what in ("failed_reads", "failed_writes", "stale", "lost")), community.tally.counts)
    scaled = await asyncio.create_subprocess_exec(str(ROOT / "scripts/dev-server"), "scale", "3", stdout=asyncio.subprocess.DEVNULL)
    check("a third host comes", await scaled.wait() == 0)
    await until("and Prometheus finds it", 30, lambda: has_data('sum(up{job="folkshelf"}) == 3')[0])
    await alert_and_clear()
    sink.stop()
    print(f"{len(failed)} failed; letters: {letters}")
    return int(bool(failed))


sys.exit(asyncio.run(main()))
