"""The contract, held against a started host: `run.py <the host's program> <folder for what is generated>`.

First two generated clients, which each take a book through a whole borrow; then schemathesis, as three callers. Ends with
1 when anything differs from the document, or when fewer cases ran than were meant to."""

import json
import os
import pathlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import clients
from host import PASSWORD, Host

HERE = pathlib.Path(__file__).parent
# Who asks, how many examples for each operation, and what is left out, with the reason.
STREAM = ("/api/v1/notifications/stream", "never ends; tests/stream.rs holds it")
SOCKET = ("/api/v1/notifications/ws", "wants the handshake of a WebSocket; tests/socket.rs holds it")
CALLERS = {
    "barbara": ("a member", 40, [STREAM, SOCKET]),
    "ada": ("an administrator", 25, [STREAM, SOCKET]),
    None: ("nobody", 10, []),
}
FEWEST_CASES = 5000
# The same cases for everybody, so that a change shows and not a throw of the dice; any other number looks elsewhere.
SEED = os.environ.get("FOLKSHELF_CONTRACT_SEED", "7")
# Bounds a run that hangs; a quiet machine takes a fifth of this.
SECONDS = 900


def schemathesis(host, folder, name, examples, without):
    """Runs all checks as one caller; whether all held, and how many cases there were."""
    report = folder / f"schemathesis-{name or 'nobody'}.json"
    report.unlink(missing_ok=True)
    config = HERE / ("schemathesis.toml" if name else "anonymous.toml")
    environment = {
        **os.environ,
        "FOLKSHELF_CONTRACT_EMAIL": f"{name}@example.org",
        "FOLKSHELF_CONTRACT_PASSWORD": PASSWORD,
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
    }
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", config, "run", f"{host.url}/api-docs/openapi.json"]
    # One thread: CPython 3.11's parser of its own source, which hypothesis calls, fails in several
    # (github.com/python/cpython/issues/106905).
    command += ["--workers", "1", "--max-examples", str(examples), "--no-color", "--warnings", "off"]
    command += ["--generation-database", "none", "--report", "json", "--report-json-path", report]
    command += ["--seed", SEED]
    for path, _ in without:
        command += ["--exclude-path", path]
    try:
        done = subprocess.run(command, env=environment, cwd=folder, timeout=SECONDS, stdout=subprocess.PIPE, text=True)
    except subprocess.TimeoutExpired:
        print(f"contract: the run did not end within {SECONDS} s", file=sys.stderr)
        return False, 0
    if done.returncode != 0:
        print(done.stdout)
    return done.returncode == 0, json.loads(report.read_text())["test_cases"]["generated"]


def attempt(host, folder, name):
    title, examples, without = CALLERS[name]
    for path, reason in without:
        print(f"contract: as {title} without {path}: {reason}")
    started = time.monotonic()
    fine, cases = schemathesis(host, folder, name, examples, without)
    result = "all held" if fine else "SOME DO NOT HOLD"
    print(f"contract: as {title}: {cases} cases in {time.monotonic() - started:.0f} s, {result}")
    return fine, cases


def main():
    binary, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    cases = 0
    with Host(binary) as host:
        # Before an administrator's run, which may delete those who borrow.
        held = clients.both(host, folder)
        for together in ("barbara", None), ("ada",):
            with ThreadPoolExecutor() as runs:
                for fine, count in runs.map(lambda name: attempt(host, folder, name), together):
                    held, cases = held and fine, cases + count
        alive = host.process.poll() is None
    if not alive:
        print("contract: the host did not live through it", file=sys.stderr)
    if cases < FEWEST_CASES:
        print(f"contract: only {cases} cases, fewer than {FEWEST_CASES}", file=sys.stderr)
    print(f"contract: {cases} cases in all")
    sys.exit(0 if held and alive and cases >= FEWEST_CASES else 1)


if __name__ == "__main__":
    main()
