"""Folkshelf in containers, from the base images to the last host: scripts/rehearse runs this.

Builds the image, starts deploy/compose.yaml, borrows a book through nginx, kills a host, exchanges all of them for another
build, runs five, takes everything down. Prints what took how long, and ends with an error when anything was not as it should be.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import engine as docker
import package
from engine import ROOT, Engine, Failed, run
from people import Person, Reader, borrow

IMAGE = "folkshelf-rehearsal"
LARGEST = 80_000_000
SUBNET = "172.30.251.0/24"


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


class Rehearsal:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments, self.rows, self.reader = arguments, [], None
        self.engine = Engine(arguments.keep)
        self.folder = Path(tempfile.mkdtemp(prefix="folkshelf-rehearsal-"))
        ports = {name: str(free_port()) for name in ["FOLKSHELF_PORT", "FOLKSHELF_TLS_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT"]}
        self.base = f"http://127.0.0.1:{ports['FOLKSHELF_PORT']}"
        self.engine.env |= ports | {
            "COMPOSE_PROJECT_NAME": IMAGE, "COMPOSE_FILE": str(ROOT / "deploy/compose.yaml"), "COMPOSE_DISABLE_ENV_FILE": "1",
            "FOLKSHELF_IMAGE": IMAGE, "FOLKSHELF_TAG": "one", "FOLKSHELF_SECRETS": str(self.folder / "secrets"),
            "FOLKSHELF_SUBNET": SUBNET, "FOLKSHELF_PUBLIC_URL": self.base, "FOLKSHELF_HOSTS": "3",
            "FOLKSHELF_ACCEPTED_RISKS": "plain_http"}
        self.runtime = ""

    # --- what there is ----------------------------------------------------------------------------------------------------

    def compose(self, *words: str, timeout: float = 300) -> str:
        return self.engine.docker("compose", *words, timeout=timeout)

    def hosts(self) -> list[str]:
        return self.compose("ps", "--quiet", "host").split()

    def inspect(self, container: str, what: str) -> str:
        return self.engine.docker("inspect", "--format", "{{" + what + "}}", container).strip()

    def letters(self) -> bytes:
        done = subprocess.run(["docker", "cp", f"{self.hosts()[0]}:/var/lib/folkshelf/mail", "-"], env=self.engine.env,
                              capture_output=True, timeout=60, check=True)
        return done.stdout

    def wait_for(self, what: str, holds, seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise Failed(f"after {seconds:.0f} s this is not so: {what}")
            time.sleep(0.5)

    def nginx_hosts(self) -> int:
        lists = re.findall(r"HOSTS=(.*)", self.compose("logs", "--no-log-prefix", "nginx"))
        return len(lists[-1].split()) if lists else 0

    # --- the steps --------------------------------------------------------------------------------------------------------

    def start_engine(self) -> str:
        return self.engine.start()

    def base_images(self) -> str:
        docker.debian(self.engine)
        images = docker.stand_ins(self.engine)
        self.runtime = images.pop("")
        self.engine.env |= images
        return "Debian's packages"

    def image(self) -> str:
        first = self.arguments.host
        docker.folkshelf(self.engine, f"{IMAGE}:one", first, self.runtime)
        other = self.arguments.other_host or first
        if other:
            docker.folkshelf(self.engine, f"{IMAGE}:two", other, self.runtime)
        else:
            self.engine.docker("tag", f"{IMAGE}:one", f"{IMAGE}:two")
        size = int(self.inspect(f"{IMAGE}:one", ".Size"))
        if size >= LARGEST:
            raise Failed(f"the image has {size / 1e6:.0f} MB, which is {LARGEST / 1e6:.0f} or more")
        if self.inspect(f"{IMAGE}:one", ".Config.User") != "65532:65532":
            raise Failed("the image runs as somebody else than 65532")
        for shell in ["/bin/sh", "/bin/bash", "/bin/busybox", "/usr/bin/sh"]:
            tried = subprocess.run(["docker", "run", "--rm", "--network", "none", "--entrypoint", shell, f"{IMAGE}:one", "-c", ":"],
                                   env=self.engine.env, capture_output=True, timeout=60, check=False)
            if tried.returncode != 127:
                raise Failed(f"the image has {shell}")
        return f"{size / 1e6:.0f} MB, no shell" + (", the program was built before" if first else "")

    def start(self) -> str:
        run(ROOT / "deploy/compose/secrets", self.folder / "secrets")
        profiles = ["--profile", "figures"]
        self.compose(*profiles, "up", "--detach", "--wait", "--wait-timeout", "240", "--no-build", timeout=600)
        self.wait_for("nginx has three hosts", lambda: self.nginx_hosts() == 3)
        host = self.hosts()[0]
        token = re.search(r'token_secret = "(.*)"', (self.folder / "secrets/folkshelf.toml").read_text(encoding="utf-8"))[1]
        if token in self.engine.docker("inspect", host):
            raise Failed("a secret is in the container's description")
        if self.inspect(host, ".HostConfig.ReadonlyRootfs") != "true":
            raise Failed("a host may write to its root")
        self.reader = Reader(self.base)
        self.reader.start()
        return "PostgreSQL, Redis, migration, three hosts, nginx, Prometheus, Alertmanager"

    def lend(self) -> str:
        self.people = [Person(self.base, name, self.letters) for name in ("Olga", "Finn")]
        borrow(*self.people)
        return "registered by letter, listed, asked, approved, handed over, returned"

    def kill(self) -> str:
        victim = self.hosts()[1]
        process = int(self.inspect(victim, ".State.Pid"))
        os.kill(process, signal.SIGKILL)
        repeated = borrow(*self.people)
        self.wait_for("the killed host is back", lambda: self.inspect(victim, ".State.Health.Status") == "healthy"
                      and int(self.inspect(victim, ".State.Pid")) not in (0, process))
        self.wait_for("nginx has three hosts", lambda: self.nginx_hosts() == 3)
        return f"a book went round meanwhile; {repeated} writes repeated"

    def upgrade(self) -> str:
        before = set(self.hosts())
        run(ROOT / "deploy/compose/roll", "two", env=self.engine.env)
        self.engine.env["FOLKSHELF_TAG"] = "two"
        after = self.hosts()
        images = {self.inspect(host, ".Config.Image") for host in after}
        if len(after) != 3 or before & set(after) or images != {f"{IMAGE}:two"}:
            raise Failed(f"not three new hosts of the other image: {after} of {images}")
        return f"{borrow(*self.people)} writes repeated"

    def broken_build(self) -> str:
        docker.broken(self.engine, f"{IMAGE}:broken", f"{IMAGE}:two")
        before = set(self.hosts())
        try:
            run(ROOT / "deploy/compose/roll", "broken", env=self.engine.env | {"FOLKSHELF_PATIENCE": "20"})
        except Failed as failed:
            if "The old hosts still serve" not in str(failed):
                raise
            if set(self.hosts()) != before:
                raise Failed("the hosts are not those of before") from failed
            return f"refused, the hosts of before serve on; {borrow(*self.people)} writes repeated"
        raise Failed("a build that never serves was taken")

    def scale(self) -> str:
        self.compose("up", "--detach", "--wait", "--no-build", "--no-deps", "--no-recreate", "--scale", "host=5", "host")
        self.wait_for("nginx has five hosts", lambda: self.nginx_hosts() == 5)
        self.wait_for("Prometheus has figures of five", lambda: self.scraped() == 5)
        return f"five behind nginx, five scraped; {borrow(*self.people)} writes repeated"

    def scraped(self) -> int:
        query = f"http://127.0.0.1:{self.engine.env['PROMETHEUS_PORT']}/api/v1/query?query=sum(up%7Bjob%3D%22folkshelf%22%7D)"
        with urllib.request.urlopen(query, timeout=5) as answer:
            found = re.search(r'"value":\[[^,]*,"(\d+)"', answer.read().decode())
        return int(found[1]) if found else 0

    def debian_package(self) -> str:
        return package.rehearse(self.engine, self.arguments.package, self.arguments.bases == "public")

    def tear_down(self) -> str:
        self.reader.end()
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "40")
        left = self.engine.docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={IMAGE}").split()
        if left:
            raise Failed(f"{len(left)} containers are left")
        return f"{self.reader.reads} reads in all"

    # --- all of it --------------------------------------------------------------------------------------------------------

    def step(self, name: str, act) -> None:
        print(f"{name} …", flush=True)
        began, failed, reads = time.monotonic(), self.failures(), self.reads()
        note = act()
        row = (name, f"{time.monotonic() - began:.1f}", str(self.reads() - reads), str(self.failures() - failed), note)
        self.rows.append(row)

    def reads(self) -> int:
        return self.reader.reads if self.reader else 0

    def failures(self) -> int:
        return len(self.reader.failures) if self.reader else 0

    def all(self) -> None:
        self.step("engine", self.start_engine)
        if self.arguments.bases == "debian":
            self.step("base images", self.base_images)
        self.step("image", self.image)
        if self.arguments.package:
            self.step("package", self.debian_package)
        self.step("start", self.start)
        self.step("borrow", self.lend)
        self.step("kill -9 of a host", self.kill)
        self.step("another build", self.upgrade)
        self.step("a build that fails", self.broken_build)
        self.step("scale to 5", self.scale)
        self.step("tear down", self.tear_down)
        if self.reader.failures:
            raise Failed(f"{len(self.reader.failures)} of {self.reader.reads} reads failed, the first: {self.reader.failures[0]}")

    def table(self) -> None:
        print("\n| step | s | reads | failed | |\n|---|---|---|---|---|")
        for row in self.rows:
            print(f"| {' | '.join(row)} |")

    def clean_up(self, failed: bool) -> None:
        if self.reader:
            self.reader.end()
        try:
            if failed and self.engine.answers():
                print(self.compose("logs", "--no-color", "--tail", "40")[-12000:], file=sys.stderr)
            if self.engine.answers():
                self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "10")
        except (Failed, subprocess.SubprocessError) as error:
            print(error, file=sys.stderr)
        self.engine.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/rehearse", description=__doc__)
    parser.add_argument("--bases", choices=["debian", "public"], default="debian",
                        help="base images made here of Debian's packages, or the public ones (which the host is compiled with)")
    parser.add_argument("--host", type=Path, help="a release build of the host, instead of compiling it in Docker")
    parser.add_argument("--other-host", type=Path, help="the build to exchange it for; the same program when not set")
    parser.add_argument("--package", type=Path, help="a .deb of the host: installed, started and removed in a container")
    parser.add_argument("--keep", action="store_true", help="keep the engine's images for the next time, in .dev/docker")
    arguments = parser.parse_args()
    if arguments.bases == "debian" and not arguments.host:
        parser.error("with Debian's bases there is no compiler in Docker: name a build, as in --host target/release/folkshelf")
    rehearsal, failed = Rehearsal(arguments), True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        rehearsal.all()
        failed = False
    except (Failed, subprocess.SubprocessError, OSError) as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
    finally:
        rehearsal.table()
        rehearsal.clean_up(failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
