"""Docker for a rehearsal: an engine that runs already, or one of its own that ends with the rehearsal."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".dev/tools"
STATE = ROOT / ".dev/docker"


class Failed(Exception):
    """What went wrong, for a person."""


def run(*words: str | Path, env: dict | None = None, timeout: float = 600, stdout=subprocess.PIPE) -> str:
    """The program's output; fails loudly when the program does."""
    done = subprocess.run([str(word) for word in words], env=env, timeout=timeout, stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    if done.returncode:
        said = "\n".join(filter(None, [done.stdout, done.stderr]))
        raise Failed(f"{' '.join(str(word) for word in words)}\n{said[-4000:]}")
    return done.stdout or ""


class Engine:
    def __init__(self, keep: bool) -> None:
        self.keep, self.process, self.folder = keep, None, None
        self.env = dict(os.environ, DOCKER_BUILDKIT="1")
        # A client of Debian's own knows BuildKit by itself; others need a plugin for it.
        if Path("/usr/bin/docker").exists():
            self.env["PATH"] = f"/usr/bin:{self.env['PATH']}"

    def docker(self, *words: str | Path, timeout: float = 600) -> str:
        return run("docker", *words, env=self.env, timeout=timeout)

    def answers(self) -> bool:
        return subprocess.run(["docker", "info"], env=self.env, capture_output=True, timeout=60, check=False).returncode == 0

    def start(self) -> str:
        if (TOOLS / "docker/cli-plugins/docker-compose").exists():
            self.env["DOCKER_CONFIG"] = str(TOOLS / "docker")
        if self.answers():
            return "the engine of this machine"
        if os.geteuid():
            raise Failed("No Docker engine answers, and only root starts one.")
        STATE.mkdir(parents=True, exist_ok=True)
        # The path of a socket has room for a hundred characters.
        self.folder = Path(tempfile.mkdtemp(prefix="folkshelf-docker-"))
        self.env["DOCKER_HOST"] = f"unix://{self.folder}/docker.sock"
        with open(STATE / "dockerd.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                # Without a bridge of its own: builds use the machine's network, Compose makes networks for its services.
                ["dockerd", "--data-root", str(STATE / "data"), "--exec-root", str(self.folder / "exec"),
                 "--host", self.env["DOCKER_HOST"], "--pidfile", str(self.folder / "pid"), "--bridge", "none"],
                env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        for _ in range(150):
            if self.process.poll() is not None:
                break
            if self.answers():
                return "an engine of its own"
            time.sleep(0.2)
        raise Failed(f"dockerd does not start: {(STATE / 'dockerd.log').read_text(encoding='utf-8')[-2000:]}")

    def stop(self) -> None:
        if self.process is None:
            return
        # The process that was started here, and nobody else of that name.
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        if not self.keep:
            shutil.rmtree(STATE / "data", ignore_errors=True)


# --- images ------------------------------------------------------------------------------------------------------------------

# The variable of compose.yaml, and the stage of deploy/rehearse/Dockerfile.
STAND_INS = {"POSTGRES_IMAGE": "postgres", "REDIS_IMAGE": "redis", "NGINX_IMAGE": "nginx", "PROMETHEUS_IMAGE": "prometheus",
             "ALERTMANAGER_IMAGE": "alertmanager", "": "runtime"}
DEBIAN = "folkshelf-rehearsal-debian:bookworm"


def debian(engine: Engine) -> None:
    """Debian of its packages, in half a minute."""
    if engine.docker("image", "ls", "--quiet", DEBIAN).strip():
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "bookworm.tar"
        run("mmdebstrap", "--quiet", "--variant=minbase", "bookworm", archive, timeout=900)
        engine.docker("import", archive, DEBIAN)


def stand_ins(engine: Engine) -> dict[str, str]:
    """What compose.yaml shall use in place of public images."""
    images = {}
    for variable, stage in STAND_INS.items():
        images[variable] = f"folkshelf-rehearsal-{stage}:latest"
        engine.docker("build", "--quiet", "--network", "host", "--build-arg", f"DEBIAN={DEBIAN}", "--target", stage, "--tag",
                      images[variable], "--file", ROOT / "deploy/rehearse/Dockerfile", ROOT / "deploy/rehearse", timeout=900)
    return images


def folkshelf(engine: Engine, image: str, program: Path | None, runtime: str) -> None:
    """The image, compiled in Docker or around a program that was built before."""
    words = ["build", "--network", "host", "--file", ROOT / "deploy/Dockerfile", "--tag", image, "--build-arg",
             f"REVISION={run('git', 'rev-parse', 'HEAD').strip()}"]
    if runtime:
        words += ["--build-arg", f"RUNTIME={runtime}"]
    if program is None:
        engine.docker(*words, ROOT, timeout=3600)
        return
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        for each in ["usr/bin", "state/mail", "state/spool", "state/files"]:
            (context / "image" / each).mkdir(parents=True)
        run("strip", "-o", context / "image/usr/bin/folkshelf", program)
        engine.docker(*words, "--build-arg", "HOST=prebuilt", context)


def broken(engine: Engine, image: str, sound: str) -> None:
    """A build that migrates, and never serves."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(f'FROM {sound}\nCMD ["nothing-of-that-name"]\n', encoding="utf-8")
        engine.docker("build", "--quiet", "--tag", image, folder)
