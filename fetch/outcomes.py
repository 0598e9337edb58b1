"""What an answer or an error means, in the fixed vocabulary: the only place that knows httpx's errors.

Every function returns an `Outcome` and one sentence for a person; nothing here does anything.
"""

from __future__ import annotations

import logging
import re
import ssl
import traceback
from datetime import timedelta
from http import HTTPStatus

import h2.exceptions
import httpx

from parsers.records import Outcome

log = logging.getLogger(__name__)

# A sentence that quotes an address or a header is cut to so many characters.
LONGEST_MESSAGE = 500


class FetchError(Exception):
    """A request ends here for a reason of ours; `message` is the sentence for a person.

    `retry_after` is set where it is known when another try makes sense.
    """

    def __init__(self, outcome: Outcome, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.retry_after = retry_after


_EXACT = {
    206: Outcome.PROTOCOL_ERROR,  # no part was asked for
    304: Outcome.NOT_MODIFIED,
    401: Outcome.FORBIDDEN,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    408: Outcome.TIMEOUT,
    410: Outcome.GONE,
    429: Outcome.RATE_LIMITED,
    451: Outcome.FORBIDDEN,
}
_CLASSES = {2: Outcome.OK, 4: Outcome.CLIENT_ERROR, 5: Outcome.SERVER_ERROR}


def of_status(status: int, host: str, *, conditional: bool) -> tuple[Outcome, str]:
    """The outcome of a final status (redirects are followed before). `conditional`: the request carried validators."""
    if status == 304 and not conditional:
        return Outcome.PROTOCOL_ERROR, f"{host} answered 304 Not Modified to a request that set no condition."
    outcome = _EXACT.get(status) or _CLASSES.get(status // 100, Outcome.PROTOCOL_ERROR)
    return outcome, "" if outcome.good else f"{host} answered {_named(status)}."


def of_error(error: Exception, host: str) -> tuple[Outcome, str]:
    """The outcome of a request that ended in an exception; one that nobody foresaw is logged with its traceback."""
    if isinstance(error, FetchError):
        return error.outcome, error.message
    if isinstance(error, httpx.ConnectError) and (refused := _tls_reason(error)) is not None:
        return Outcome.TLS_ERROR, f"{host} could not be trusted or spoken to over TLS: {refused}."
    for kind, outcome, sentence in _ERRORS:
        if isinstance(error, kind):
            return outcome, sentence.format(host=host, reason=_reason(error))
    # the frames are ours; the words may be the server's, and must not begin a line of their own
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("request to %s: %s\n%s", shown(host), shown(repr(error)), frames)
    return Outcome.INTERNAL_ERROR, f"{host} was not read because of a fault in this program: {_reason(error)}."


def shown(text: str) -> str:
    """`text` as it may stand in a log line or on a screen: no control characters, at most `LONGEST_MESSAGE` long."""
    if len(text) > LONGEST_MESSAGE:
        half = LONGEST_MESSAGE // 2 - 1
        text = f"{text[:half]}…{text[-half:]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


# the first that fits counts: narrow classes before wide ones
_ERRORS: tuple[tuple[type[Exception], Outcome, str], ...] = (
    (httpx.InvalidURL, Outcome.BLOCKED_ADDRESS, "{host} is not an address that can be fetched: {reason}."),
    (httpx.UnsupportedProtocol, Outcome.BLOCKED_ADDRESS, "{host} is not an address that can be fetched: {reason}."),
    (httpx.ConnectTimeout, Outcome.TIMEOUT, "{host} did not accept the connection in time."),
    (httpx.ReadTimeout, Outcome.TIMEOUT, "{host} stopped sending and did not go on in time."),
    (httpx.TimeoutException, Outcome.TIMEOUT, "{host} did not take the request in time."),
    (httpx.ConnectError, Outcome.CONNECT_ERROR, "{host} could not be connected to: {reason}."),
    (httpx.NetworkError, Outcome.CONNECT_ERROR, "{host} broke the connection off: {reason}."),
    (httpx.TransportError, Outcome.PROTOCOL_ERROR, "{host} does not keep to HTTP: {reason}."),
    # httpcore lets those through that come up in the middle of a body
    (h2.exceptions.H2Error, Outcome.PROTOCOL_ERROR, "{host} does not keep to HTTP: {reason}."),
)


def _reason(error: Exception) -> str:
    said = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
    return " ".join(said.split()).rstrip(".")


def _tls_reason(error: BaseException) -> str | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            # which of the two it has depends on where in OpenSSL it arose
            return getattr(cause, "verify_message", None) or getattr(cause, "reason", None) or str(cause)
        cause = cause.__cause__ or cause.__context__
    return None


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
