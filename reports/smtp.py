"""One message to a mail server, and what became of it: the only place that knows smtplib's errors.

Until the final dot is sent a failure means that the message was not delivered; after it, silence means that nobody
knows (RFC 1047). The two must not be mixed up: the first may be repeated freely, the second doubles a mail at worst.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from pathlib import Path
from threading import Event, Thread
from typing import Any, Literal

from archive.records import DeliveryState
from parsers.records import InputError
from reports.clean import one_line

_REPLY_LIMIT = 200
_CLOSING = 421
# the answer to QUIT matters to nobody, and a kill while we wait for it would leave an accepted message in doubt
_QUIT_SECONDS = 2.0
_STEPS = 12
"""More than the answers of a mail server that one message waits for."""
_CUT_AGAIN = 0.5
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How to reach the mail server. `timeout` is seconds for one read; `ca_file` adds a certificate authority.

    Raises `InputError` when a password would go over the network in the clear.
    """

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    ca_file: Path | None = None

    @property
    def longest(self) -> float:
        """Seconds after which one message is given up, however slowly a server goes on talking."""
        return _STEPS * self.timeout

    def __post_init__(self) -> None:
        if self.username and self.security == "none" and self.host not in _LOOPBACK:
            raise InputError(
                f"The login at mail server {self.host} would go unencrypted: set its security to starttls or tls."
            )


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of one message, with a sentence for people.

    `PLANNED` means not delivered and worth another try; `REFUSED` that the server will not take it; `UNKNOWN` that
    the message was sent whole and no answer came. `turned_away` says why the server takes no message at all now, and
    names no recipient; it is empty when the failure is this message's own.
    """

    state: DeliveryState
    message: str
    turned_away: str = ""


class _RefusedError(Exception):
    """A reply other than the one hoped for, to the step named."""

    def __init__(self, step: str, code: int, text: bytes) -> None:
        super().__init__(step)
        self.step, self.code, self.text = step, code, text.decode("utf-8", "replace")

    @property
    def turns_all_away(self) -> bool:
        """Whether it holds for every message: our login, our address, or a server that closes (RFC 5321 §3.8)."""
        return self.step in ("login", "sender") or self.code == _CLOSING


class _NoFinalAnswerError(Exception):
    """The whole message was sent, and then nothing understandable came."""


def send(message: EmailMessage, settings: SmtpSettings) -> SendResult:
    """Sends to the message's one recipient over a connection of its own. Never raises for what a server can do."""
    recipient, sender = _address(message, "To"), _address(message, "From")
    where, ready, turned_away = f"{settings.host}:{settings.port}", False, ""
    try:
        with _connection(settings) as server:
            _prepare(server, settings)
            _expect(server.mail(sender), (250,), "sender")
            ready = True
            _deliver(server, recipient, message.as_bytes())
    except _NoFinalAnswerError:
        state = DeliveryState.UNKNOWN
        text = f"{where} took the whole message to {recipient} but did not confirm it, so it may or may not arrive."
    except _RefusedError as error:
        state = _state_of(error)
        reply = "" if error.step == "login" else f" {one_line(_without_password(settings, error.text), _REPLY_LIMIT)}"
        text = f"{where} refused the {error.step} of the message to {recipient}: {error.code}{reply}"
        if error.turns_all_away:
            turned_away = f"{where} refused the {error.step} of another: {error.code}"
    except ssl.SSLCertVerificationError as error:
        state = DeliveryState.PLANNED
        text = f"The certificate of {where} was not trusted for the message to {recipient}: {error.verify_message}."
        turned_away = f"the certificate of {where} was not trusted: {error.verify_message}."
    except (OSError, UnicodeError, smtplib.SMTPException) as error:  # UnicodeError: a host name that is none
        state = DeliveryState.PLANNED
        text = f"The message to {recipient} could not be handed to {where}: {_plain(error)}."
        turned_away = "" if ready else f"another could not be handed to {where}: {_plain(error)}."
    else:
        return SendResult(DeliveryState.ACCEPTED, f"{where} accepted the message to {recipient}.")
    return SendResult(state, _without_password(settings, text), _without_password(settings, turned_away))


def _address(message: EmailMessage, header: str) -> str:
    value = message[header]
    if not isinstance(value, AddressHeader):
        raise TypeError(f"The message has no {header} header.")
    (address,) = value.addresses
    return str(address.addr_spec)


class _Timed(smtplib.SMTP):
    """A connection that is cut off when its time is over, whatever the server goes on saying."""

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        self.ended = Event()
        Thread(target=self._cut, args=(_STEPS * self.timeout,), name="mail deadline", daemon=True).start()
        try:
            return super().connect(host, port, source_address)
        except BaseException:
            self.ended.set()
            raise

    def close(self) -> None:
        self.ended.set()
        super().close()

    def _cut(self, seconds: float) -> None:
        wait = seconds
        while not self.ended.wait(wait):
            # again and again, since there is none while TLS takes it over; and not through TLS, which may be at work
            with suppress(OSError):
                if self.sock:
                    socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            wait = _CUT_AGAIN


class _TimedTls(_Timed, smtplib.SMTP_SSL):
    """The same with TLS from the beginning."""


@contextmanager
def _connection(settings: SmtpSettings) -> Iterator[smtplib.SMTP]:
    """A connection that is left politely; how the leave-taking goes says nothing about the message any more."""
    if settings.security == "tls":
        server: smtplib.SMTP = _TimedTls(
            settings.host, settings.port, timeout=settings.timeout, context=_context(settings)
        )
    else:
        server = _Timed(settings.host, settings.port, timeout=settings.timeout)
    try:
        yield server
        with suppress(OSError, smtplib.SMTPException):
            if server.sock:
                server.sock.settimeout(min(settings.timeout, _QUIT_SECONDS))
            server.quit()
    finally:
        server.close()


def _context(settings: SmtpSettings) -> ssl.SSLContext:
    """Certificate and host name are always verified; an own authority stands beside the system's."""
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        try:
            context.load_verify_locations(settings.ca_file)
        except OSError as error:
            raise OSError(f"the certificate file {settings.ca_file} cannot be read") from error
    return context


def _prepare(server: smtplib.SMTP, settings: SmtpSettings) -> None:
    server.ehlo_or_helo_if_needed()
    if settings.security == "starttls":
        server.starttls(context=_context(settings))
        server.ehlo()
    if settings.username:
        try:
            server.login(settings.username, settings.password or "")
        except smtplib.SMTPAuthenticationError as error:
            raise _RefusedError("login", error.smtp_code, b"") from None
        except UnicodeError:
            # the error would quote the password
            raise smtplib.SMTPException("user name or password has characters beyond ASCII") from None


def _deliver(server: smtplib.SMTP, recipient: str, content: bytes) -> None:
    """What is the message's own of a mail transaction (RFC 5321 §3.3), step by step, so that its phase is known."""
    _expect(server.rcpt(recipient), (250, 251), "recipient")
    _expect(server.docmd("DATA"), (354,), "data command")
    dotted = re.sub(rb"(?m)^\.", b"..", content)
    server.send(dotted + (b"" if dotted.endswith(b"\r\n") else b"\r\n") + b".\r\n")
    try:
        reply = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise _NoFinalAnswerError from error
    if reply[0] // 100 not in (2, 4, 5):
        raise _NoFinalAnswerError
    if reply[0] // 100 != 2:
        raise _RefusedError("content", *reply)


def _expect(reply: tuple[int, bytes], good: tuple[int, ...], step: str) -> None:
    code, text = reply
    if code not in good:
        raise _RefusedError(step, code, text)


def _state_of(error: _RefusedError) -> DeliveryState:
    """A permanent no to recipient or content is final; one to our login, sender or rights is ours to mend."""
    # 5.7 before any content: policy or authentication (RFC 3463 §3.8), such as a relay that does not know us
    unknown_to_relay = error.step == "recipient" and error.text.lstrip().startswith("5.7.")
    ours = error.step in ("login", "sender") or unknown_to_relay
    final = error.code >= 500 and not ours
    return DeliveryState.REFUSED if final else DeliveryState.PLANNED


def _plain(error: Exception) -> str:
    # smtplib turns a timeout into a disconnection
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        what = "a login (smtp_username)" if "AUTH" in str(error) else "STARTTLS (smtp_security)"
        return f"it does not offer {what}, which the settings ask for"
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException) and error.strerror:
        return error.strerror
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return one_line(f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}")
    return one_line(str(error) or type(error).__name__, _REPLY_LIMIT).rstrip(".")


def _without_password(settings: SmtpSettings, text: str) -> str:
    """A server may repeat what it was told, as it is or as a login encodes it (RFC 4616; AUTH LOGIN)."""
    if not settings.password:
        return text
    login = f"\0{settings.username}\0{settings.password}"
    for told in (*(b64encode(each.encode()).decode() for each in (login, settings.password)), settings.password):
        text = text.replace(told, "***")
    return text
