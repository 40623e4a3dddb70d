"""A host of its own over the database and Redis that scripts/with-services started, with the demo community in it."""

import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading

PASSWORD = "folkshelf-demo"


class Host:
    """Seeds, serves while the `with` block runs, and ends. `url` is where it listens."""

    def __init__(self, binary):
        self.binary = binary
        self.mail = tempfile.TemporaryDirectory(prefix="folkshelf-contract")
        self.environment = {
            **os.environ,
            "FOLKSHELF_ENVIRONMENT": "development",
            "FOLKSHELF_DATABASE__URL": os.environ["DATABASE_URL"],
            "FOLKSHELF_REDIS__URL": os.environ["REDIS_URL"],
            "FOLKSHELF_HTTP__LISTEN": "127.0.0.1:0",
            # Cheap hashes: the run signs in thousands of times.
            "FOLKSHELF_AUTH__BCRYPT_COST": "4",
            # It also asks thousands of times, and guesses: tests/limits.rs holds the limits.
            "FOLKSHELF_LIMITS__PROFILE": "off",
            "FOLKSHELF_MAIL__DIRECTORY": self.mail.name,
            "FOLKSHELF_LOG__FORMAT": "json",
            "FOLKSHELF_LOG__FILTER": "info,sqlx=warn",
        }

    def __enter__(self):
        for command in ("migrate", "seed"):
            subprocess.run([self.binary, command], env=self.environment, check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [self.binary, "serve"], env=self.environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        found = queue.Queue()
        self.errors = []
        threading.Thread(target=self._read, args=(found,), daemon=True).start()
        self.url = found.get(timeout=60)
        return self

    def _read(self, found):
        for line in self.process.stderr:
            address = re.search(r"listening on (http://[0-9.:]+)", line)
            if address:
                found.put(address.group(1))
            # What is no HTTP at all, and the run sends some of that, never reaches the host's own code.
            if ('"level":"ERROR"' in line and "actix_http" not in line) or "panicked" in line:
                self.errors.append(line.strip())

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.mail.cleanup()
        for line in self.errors[:20]:
            print(f"the host's log: {line}", file=sys.stderr)
