"""Requests that are not content with a status: what comes back must be what was asked for."""

import json
import time
from contextlib import contextmanager

# What a host writes, readers see at once; what it tells others, within this.
TOLD_WITHIN = 5.0


class Wrong(Exception):
    """The flow cannot go on; the failure has been counted."""


class Api:
    """The API as one member (or a guest) uses it, through a Locust client."""

    def __init__(self, client, token: str = "") -> None:
        self.client, self.token = client, token
        self.environment = client.user.environment

    def headers(self, more: dict | None = None) -> dict:
        headers = {"accept-encoding": "gzip", **(more or {})}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        return headers

    def ask(self, method: str, path: str, name: str, expect: int = 200, body=None, check=None, **more):
        """Sends it, and counts as a failure: another status, a body that is none, and whatever `check` says of the data."""
        headers = self.headers(more.pop("headers", None))
        with self.client.request(method, f"/api/v1{path}", name=f"{method} {name}", json=body, headers=headers,
                                 catch_response=True, **more) as response:
            if response.status_code != expect:
                response.failure(f"{response.status_code} instead of {expect}: {(response.text or '')[:160]}")
                raise Wrong
            if expect == 204:
                response.success()
                return None
            try:
                data = json.loads(response.text)["data"]
            except (ValueError, KeyError, TypeError):
                response.failure("the answer has no data")
                raise Wrong from None
            fault = check(data) if check else None
            behind = response.headers.get("x-folkshelf-behind")
            if fault and not behind:
                response.failure(fault)
                raise Wrong
            response.success()
        # It has said that it is of before. It is asked again, and must be complete in time.
        return self.until_complete(path, name, check) if fault else data

    def until_complete(self, path: str, name: str, check):
        with measured(self.environment, "BEHIND", name):
            deadline = time.perf_counter() + TOLD_WITHIN
            while time.perf_counter() < deadline:
                time.sleep(0.2)
                with self.client.request("GET", f"/api/v1{path}", name=f"GET {name}", headers=self.headers(), catch_response=True) as response:
                    data = json.loads(response.text)["data"] if response.status_code == 200 else None
                    if data is not None and not check(data):
                        response.success()
                        return data
                    if response.status_code == 200 and not response.headers.get("x-folkshelf-behind"):
                        response.failure(check(data))
                        raise Wrong
            raise Wrong(f"still of before after {TOLD_WITHIN} s")

    def get(self, path: str, name: str, check=None, **more):
        return self.ask("GET", path, name, check=check, **more)

    def post(self, path: str, name: str, body, expect: int = 200, check=None, **more):
        return self.ask("POST", path, name, expect=expect, body=body, check=check, **more)


def some(data) -> str | None:
    return None if data else "nothing in it"


def field(name: str, value):
    """Own writes are shown at once: anything else is stale."""
    return lambda data: None if data[name] == value else f"stale: {name} is {data[name]}, not {value}"


@contextmanager
def measured(environment, kind: str, name: str):
    """Counts a wait that is no single request, such as for a notification."""
    started, fault = time.perf_counter(), None
    try:
        yield
    except Wrong as wrong:
        fault = wrong
        raise
    finally:
        environment.events.request.fire(request_type=kind, name=name, response_time=(time.perf_counter() - started) * 1000,
                                        response_length=0, exception=fault, context={})
