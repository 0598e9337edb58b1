"""A mail server with moods, which keeps what it accepted and in which run it did so.

At random it puts a message off, closes the connection before or after the final dot, and takes its time over each step.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.mailserver import Inbox, mail_server

READERS = ("ann", "bao", "chi", "dung", "eve", "feng")
SHORT, TRADERS = "short@example.org", "trade@example.org"
GONE = "gone@example.org"
"""An address that the server refuses for good."""
STEP_SECONDS = 0.01
# out of all messages
PUT_OFF, HUNG_UP_BEFORE, HUNG_UP_AFTER, BUSY = 0.10, 0.06, 0.08, 0.02
_MESSAGE_ID = re.compile(rb"(?im)^Message-ID:\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message that the server took: its one recipient, its bytes, in which run its connection was opened.

    `hung_up`: the server took it and then said nothing.
    """

    run: int
    recipient: str
    data: bytes
    hung_up: bool

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        found = _MESSAGE_ID.search(self.data)
        return found.group(1).decode() if found else ""


def recipients() -> str:
    """A `recipients.toml`: readers of everything, two with a choice of their own, and the address that is gone."""
    everybody = [*(f"{name}@example.org" for name in READERS), GONE]
    tables = "".join(f'[[recipient]]\naddress = "{address}"\n' for address in everybody)
    short = f'[[recipient]]\naddress = "{SHORT}"\ndetail = "short"\n'
    return f'{tables}{short}[[recipient]]\naddress = "{TRADERS}"\ntopics = ["trade"]\n'


ADDRESSES = (*(f"{name}@example.org" for name in READERS), SHORT, TRADERS)
"""Who is to get every issue."""


@dataclass
class Postbox(Inbox):
    """The server's side. `taken` in the order of acceptance; set `run` before each run."""

    seed: int = 0
    run: int = 0
    taken: list[Accepted] = field(default_factory=list)
    moody: bool = True

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._runs: WeakKeyDictionary[Session, int] = WeakKeyDictionary()

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes the sender, after a while."""
        del server, options
        self._runs[session] = self.run
        await asyncio.sleep(STEP_SECONDS)
        if self._struck(BUSY):
            return "421 4.3.2 closing down"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes the recipient, or not."""
        del session, options
        if address == GONE:
            return "550 5.1.1 no such person"
        if self._struck(PUT_OFF):
            return "450 4.2.1 later, please"
        if self._struck(HUNG_UP_BEFORE):
            _hang_up(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Takes the message, and may say nothing of it."""
        await asyncio.sleep(STEP_SECONDS)
        hung_up = self._struck(HUNG_UP_AFTER)
        self.taken.append(
            Accepted(self._runs[session], envelope.rcpt_tos[0], envelope.original_content or b"", hung_up)
        )
        if hung_up:
            _hang_up(server)
        await asyncio.sleep(STEP_SECONDS)
        return "250 OK"

    def _struck(self, chance: float) -> bool:
        return self.moody and self._dice.random() < chance


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


@contextmanager
def postbox(seed: int, *, moody: bool) -> Iterator[tuple[Postbox, int]]:
    """The server while the block runs, and its port."""
    box = Postbox(seed=seed, moody=moody)
    with mail_server(box) as port:
        yield box, port
