"""The Debian package on a machine of its own: installed, configured, started by systemd, stopped, removed, purged."""

import subprocess
import time
from pathlib import Path

from engine import DEBIAN, ROOT, Engine, Failed

MACHINE = "folkshelf-rehearsal-machine"
# Of systemd's scale from 0 (nothing can happen) to 10. Most services are at 9.
MOST_EXPOSED = 2.0


class Machine:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def start(self, base: str) -> None:
        docker = self.engine.docker
        docker("build", "--quiet", "--network", "host", "--build-arg", f"DEBIAN={base}", "--target", "machine", "--tag", MACHINE,
               "--file", ROOT / "deploy/rehearse/Dockerfile", ROOT / "deploy/rehearse", timeout=900)
        # systemd makes namespaces and control groups, and sees into them; no other privilege, no network but its own loopback.
        docker("run", "--detach", "--name", MACHINE, "--network", "none", "--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE",
               "--cgroupns", "host", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--volume",
               "/sys/fs/cgroup:/sys/fs/cgroup", "--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp", MACHINE)
        self.until("systemctl is-system-running | grep -qE 'running|degraded'")

    def sh(self, command: str) -> str:
        try:
            return self.engine.docker("exec", MACHINE, "bash", "-euo", "pipefail", "-c", command)
        except Failed as error:
            journal = self.engine.docker("exec", MACHINE, "journalctl", "--no-pager", "--lines", "40")
            raise Failed(f"{error}\n{journal}") from error

    def holds(self, command: str) -> bool:
        done = subprocess.run(["docker", "exec", MACHINE, "bash", "-c", command], env=self.engine.env, capture_output=True,
                              timeout=60, check=False)
        return done.returncode == 0

    def until(self, command: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not self.holds(command):
            if time.monotonic() > end:
                self.sh(f"echo 'this does not come true:' && {command}")
            time.sleep(0.5)


def rehearse(engine: Engine, package: Path, public: bool) -> str:
    machine = Machine(engine)
    try:
        machine.start("debian:bookworm-slim" if public else DEBIAN)
        engine.docker("cp", package, f"{MACHINE}:/root/folkshelf.deb")
        machine.sh("dpkg --install /root/folkshelf.deb")
        machine.sh('[ "$(stat -c %U%a /etc/folkshelf/folkshelf.toml)" = root600 ]')
        if machine.holds("systemctl is-active folkshelf"):
            raise Failed("the service was started before there was a database")
        # As docs/operations.md says.
        machine.sh("""systemctl start postgresql redis-server
            password=$(sed -n 's|^url = "postgres://folkshelf:\\(.*\\)@.*|\\1|p' /etc/folkshelf/folkshelf.toml)
            cd / && runuser -u postgres -- psql -q -c "create role folkshelf login createrole password '$password'" \
                -c 'create database folkshelf owner folkshelf'
            systemctl enable --now folkshelf""")
        machine.until("curl -fsS http://127.0.0.1:3000/health/ready")
        machine.sh("curl -fsS http://127.0.0.1:3000/ | grep -q '<title>'")
        machine.sh('[ "$(stat -c %U "/proc/$(systemctl show -p MainPID --value folkshelf)")" = folkshelf ]')
        machine.sh("systemd-analyze verify folkshelf.service")
        exposed = float(machine.sh("systemd-analyze security folkshelf --no-pager | grep -oP 'level for folkshelf.service: \\K[0-9.]+'"))
        if exposed > MOST_EXPOSED:
            raise Failed(f"systemd-analyze security says {exposed}, which is above {MOST_EXPOSED}")
        machine.sh("systemctl stop folkshelf && ! systemctl is-failed folkshelf")
        machine.sh("dpkg --remove folkshelf && [ ! -e /usr/bin/folkshelf ] && [ -e /etc/folkshelf/folkshelf.toml ]")
        machine.sh("dpkg --purge folkshelf && [ ! -e /etc/folkshelf ] && [ ! -e /var/lib/folkshelf ]")
        return f"installed, started by systemd, stopped, removed, purged; exposure {exposed} of 10"
    finally:
        if engine.docker("ps", "--all", "--quiet", "--filter", f"name={MACHINE}").strip():
            engine.docker("rm", "--force", "--volumes", MACHINE)
