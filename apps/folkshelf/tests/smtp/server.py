"""A mail server that the tests can put into any mood: aiosmtpd with STARTTLS, TLS from the first byte, or neither.

    server.py <folder of letters> <certificate> <key> [<ports as it said them before>]

Says its three ports as a line of JSON. Each letter it takes becomes a file of JSON in the folder. A recipient's name says
how the server behaves, each time or (first …) at the first letter to them only. Ends with its standard input.
"""

import asyncio
import json
import ssl
import sys
import uuid
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = b"shelf", b"0123456789"


class Moods:
    def __init__(self, letters: Path) -> None:
        self.letters = letters
        self.seen: set[str] = set()

    def mood(self, recipient: str) -> str:
        name = recipient.split("@")[0].rstrip("0123456789").lower()
        known = recipient in self.seen
        self.seen.add(recipient)
        return "" if name.startswith("first") and known else name.removeprefix("first")

    async def handle_MAIL(self, server, session, envelope, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address: str, options: list[str]) -> str:
        envelope.mood = self.mood(address)
        if envelope.mood == "refused":
            return f"550 5.1.1 <{address}>: no such mailbox"
        if envelope.mood == "busy":
            return f"451 4.7.1 <{address}>: try again later"
        if envelope.mood == "hang":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode(),
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": (session.auth_data or b"").decode(),
            "hello": session.host_name,
        }
        draft = self.letters / f".{uuid.uuid4()}"
        draft.write_text(json.dumps(letter))
        draft.rename(self.letters / f"{len(list(self.letters.glob('*.json'))):04}.json")
        if envelope.mood == "dies":
            server.transport.abort()
        return "554 5.6.0 not this one" if envelope.mood == "unwanted" else "250 OK"


def authenticator(_server, _session, _envelope, _mechanism, data) -> AuthResult:
    right = (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=right, handled=False, auth_data=data.login)


async def main(letters: str, certificate: str, key: str, wanted: str = "{}") -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    moods = Moods(Path(letters))
    login = {"authenticator": authenticator, "auth_required": True}
    ports = {}
    for name, settings, around in [
        ("starttls", {"tls_context": context, "require_starttls": True, **login}, None),
        # It does not know of TLS around it.
        ("tls", {"auth_require_tls": False, **login}, context),
        ("none", {}, None),
    ]:
        make = lambda settings=settings: SMTP(moods, hostname="mail.test", enable_SMTPUTF8=True, **settings)
        server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", json.loads(wanted).get(name, 0), ssl=around)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main(*sys.argv[1:]))
