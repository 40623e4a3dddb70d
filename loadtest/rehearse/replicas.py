"""Hosts come, go, die and freeze behind nginx while members read and write: scripts/rehearse-replicas runs this.

Takes the running development instance (./dev up --replicas 3) and ends with an error when anybody was failed.
"""

import argparse
import asyncio
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from members import Community, Member, Tally

ROOT = Path(__file__).resolve().parents[2]
# What nobody may meet in any phase.
FAULTS = ["failed_reads", "failed_writes", "stale", "lost", "doubled", "missed_notifications", "refused_streams", "client_errors",
          "not_sent"]


class Instance:
    """What ./dev up --replicas has started."""

    def __init__(self) -> None:
        self.state = Path(os.environ.get("FOLKSHELF_DEV_STATE", ROOT / ".dev"))
        self.members: list[Member] = []

    def numbers(self) -> list[int]:
        return sorted(int(pid.parent.name) for pid in self.state.glob("hosts/*/pid"))

    def process(self, number: int) -> int:
        return int((self.state / f"hosts/{number}/pid").read_text())

    def port(self, number: int) -> int:
        return int((self.state / f"hosts/{number}/port").read_text())

    def ready(self, number: int) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port(number)}/health/ready", timeout=2) as answer:
                return answer.status == 200
        except (OSError, ValueError):
            return False

    async def dev(self, *words: str) -> None:
        process = await asyncio.create_subprocess_exec(
            str(ROOT / "dev"), *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"./dev {' '.join(words)}: {output.decode()}")

    def configure(self, **settings: str | None) -> None:
        """For hosts that start from now on; None takes a setting back."""
        with (self.state / "hosts/environment").open("a") as environment:
            for name, value in settings.items():
                variable = f"FOLKSHELF_{name}"
                environment.write(f"unset {variable}\n" if value is None else f"export {variable}={shlex.quote(value)}\n")

    def migrate(self) -> None:
        script = '. "$1/hosts/environment"; eval "$(scripts/dev-server env)"; exec "$(cat "$1/hosts/program")" migrate'
        subprocess.run(["bash", "-euc", script, "migrate", str(self.state)], cwd=ROOT, check=True, capture_output=True, timeout=120)

    async def signal(self, number: int, what: signal.Signals) -> int:
        process = self.process(number)
        os.kill(process, what)
        return process

    async def back(self, number: int, not_process: int) -> None:
        """Waits until the host runs again, as another process."""
        for _ in range(300):
            await asyncio.sleep(0.2)
            if self.process(number) != not_process and await asyncio.to_thread(self.ready, number):
                return
        raise RuntimeError(f"host {number} is not back after a minute")


async def steady(_: Instance) -> None:
    await asyncio.sleep(15)


async def scale_up(instance: Instance) -> None:
    await instance.dev("scale", "5")
    await asyncio.sleep(3)


async def scale_down(instance: Instance) -> None:
    await instance.dev("scale", "2")
    await instance.dev("scale", "3")
    await asyncio.sleep(3)


async def kill(instance: Instance) -> None:
    """Each host once, among them whoever runs the subscriptions."""
    for number in instance.numbers():
        process = await instance.signal(number, signal.SIGKILL)
        await instance.back(number, process)
        await asyncio.sleep(4)


async def roll(instance: Instance) -> None:
    await instance.dev("roll")
    await asyncio.sleep(3)


async def roll_to_another(instance: Instance) -> None:
    await instance.dev("roll", os.environ["FOLKSHELF_OTHER_HOST"])
    await asyncio.sleep(3)


async def canary(instance: Instance) -> None:
    await instance.dev("canary", os.environ["FOLKSHELF_OTHER_HOST"], "15")
    await asyncio.sleep(3)


async def blue_green(instance: Instance) -> None:
    before = instance.numbers()
    await instance.dev("bluegreen", os.environ["FOLKSHELF_OTHER_HOST"], "15")
    if len(instance.numbers()) != len(before) or set(instance.numbers()) & set(before):
        raise RuntimeError(f"the hosts are {instance.numbers()} after {before}")
    await asyncio.sleep(3)


async def refuse_failing_build(instance: Instance, *words: str) -> None:
    """It is gone by itself after seconds, and everything is as it was."""
    before = instance.numbers(), (instance.state / "hosts/program").read_text()
    try:
        await instance.dev(words[0], str(ROOT / "loadtest/rehearse/failing-build/folkshelf"), "60")
    except RuntimeError as error:
        if words[1] not in str(error):
            raise
    else:
        raise RuntimeError("a build that fails every request was taken")
    if before != (instance.numbers(), (instance.state / "hosts/program").read_text()):
        raise RuntimeError("something else was changed")
    await asyncio.sleep(3)


async def failing_canary(instance: Instance) -> None:
    await refuse_failing_build(instance, "canary", "The canary is gone")


async def failing_blue_green(instance: Instance) -> None:
    await refuse_failing_build(instance, "bluegreen", "The new hosts are gone")


async def terminate(instance: Instance) -> None:
    """As by somebody who does not tell nginx."""
    for number in instance.numbers():
        process = await instance.signal(number, signal.SIGTERM)
        await instance.back(number, process)
        await asyncio.sleep(4)


async def change_secrets(instance: Instance) -> None:
    """The steps of docs/operations.md, "Change a secret", for the two that all hosts share. Nobody waits for caches: members log
    in again in the place of the minutes that a token lives."""
    before, token, password = "folkshelf-development-only-not-a-secret", secrets.token_urlsafe(33), secrets.token_urlsafe(33)
    instance.configure(AUTH__OTHER_TOKEN_SECRETS=token, DATABASE__OTHER_CONTEXT_PASSWORD=password)
    await instance.dev("roll")
    instance.configure(AUTH__TOKEN_SECRET=token, AUTH__OTHER_TOKEN_SECRETS=before, DATABASE__CONTEXT_PASSWORD=password,
                       DATABASE__OTHER_CONTEXT_PASSWORD=None)
    await asyncio.to_thread(instance.migrate)
    # Hosts that know the new password as the other one go on for a while, and open connections.
    await asyncio.sleep(10)
    await instance.dev("roll")
    for member in instance.members:
        await member.log_in()
    instance.configure(AUTH__OTHER_TOKEN_SECRETS=None)
    await instance.dev("roll")
    await asyncio.sleep(3)


async def freeze(instance: Instance) -> None:
    process = await instance.signal(instance.numbers()[-1], signal.SIGSTOP)
    try:
        await asyncio.sleep(15)
    finally:
        os.kill(process, signal.SIGCONT)
    await asyncio.sleep(8)


PHASES = {"steady": steady, "scale 3 to 5": scale_up, "scale 5 to 2 to 3": scale_down, "rolling restart": roll,
          "kill -9 of each": kill, "SIGTERM of each": terminate, "one frozen 15 s": freeze, "secrets changed": change_secrets}
# Nothing fails in these, and no write needs a second attempt.
UNSEEN = {"steady", "rolling restart", "secrets changed", "rolling restart to another build", "canary", "blue-green"}
# Here some are failed, and at most this share of all requests: those who met the build that fails.
MET = {"canary that fails": 0.1, "blue-green that fails": 0.6}
COLUMNS = "phase", "s", "reads", "writes", "per s", "repeated", "failed", "stale", "p50", "p99", "max ms"


def row(name: str, took: float, tally: Tally) -> None:
    counts = tally.counts
    faults = sum(counts[fault] for fault in FAULTS if fault != "stale")
    each_s = (counts["reads"] + counts["writes"]) / took
    print(f"| {name:32} | {took:5.1f} | {counts['reads']:6} | {counts['writes']:6} | {each_s:5.0f} | {counts['repeated_writes']:8} "
          f"| {faults:6} | {counts['stale']:5} | {tally.quantile(0.5):5.0f} | {tally.quantile(0.99):5.0f} "
          f"| {tally.quantile(1):6.0f} |")


async def rehearse(arguments: argparse.Namespace) -> int:
    instance, phases = Instance(), dict(PHASES)
    if os.environ.get("FOLKSHELF_OTHER_HOST"):
        phases |= {"rolling restart to another build": roll_to_another, "canary": canary, "blue-green": blue_green}
    phases |= {"canary that fails": failing_canary, "blue-green that fails": failing_blue_green}
    if arguments.phase:
        phases = {name: phases[name] for name in arguments.phase}
    base = f"http://127.0.0.1:{(instance.state / 'http.port').read_text().strip()}"
    community = Community(base, arguments.rate, arguments.writers)
    await community.start()
    instance.members = community.members
    done: list[tuple[str, float, Tally]] = []
    try:
        for name, phase in phases.items():
            community.phase()
            print(f"{name} …", file=sys.stderr, flush=True)
            try:
                await phase(instance)
            except RuntimeError as error:
                community.tally.count("client_errors", str(error))
            done.append((name, time.monotonic() - community.tally.started, community.tally))
    finally:
        community.phase()
        await community.stop()
        done.append(("the end", time.monotonic() - community.tally.started, community.tally))
    # Only now: a request counts for the phase in which it began, however long it took.
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS))
    for name, took, tally in done:
        row(name, took, tally)
    failed = False
    for name, _, tally in done:
        wrong = {what: n for what, n in tally.counts.items() if what in FAULTS}
        everything = tally.counts["reads"] + tally.counts["writes"]
        if wrong.get("failed_reads", 0) + wrong.get("failed_writes", 0) <= everything * MET.get(name, 0):
            wrong.pop("failed_reads", None)
            wrong.pop("failed_writes", None)
        if name in UNSEEN and tally.counts["repeated_writes"]:
            wrong["repeated_writes"] = tally.counts["repeated_writes"]
        for what, n in wrong.items():
            failed = True
            print(f"{name}: {n} {what}, such as {tally.examples.get(what, '')}")
        if tally.counts["repeated_writes"] and "repeated_writes" not in wrong:
            print(f"{name}: repeated was {tally.examples['repeated_writes']}")
    print(f"{len(community.written)} books written and found again, {len(community.asked)} requests told of.")
    print("Somebody was failed." if failed else "Nobody was failed.")
    return int(failed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=150, help="reads a second, of everybody together")
    parser.add_argument("--writers", type=int, default=3, help="pairs that write without much of a pause, at most 6")
    parser.add_argument("--phase", action="append", help=f"only this one, of: {', '.join(PHASES)}")
    arguments = parser.parse_args()
    if not (1 <= arguments.rate <= 1000 and 1 <= arguments.writers <= 6):
        parser.error("--rate is 1 to 1000, --writers 1 to 6")
    sys.exit(asyncio.run(rehearse(arguments)))


main()
