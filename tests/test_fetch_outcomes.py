"""What statuses and errors mean."""

from __future__ import annotations

import ssl

import h2.exceptions
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch.outcomes import LONGEST_MESSAGE, FetchError, of_error, of_status, shown
from parsers.records import Outcome

STATUSES = {
    200: Outcome.OK,
    203: Outcome.OK,
    204: Outcome.OK,
    206: Outcome.PROTOCOL_ERROR,
    304: Outcome.NOT_MODIFIED,
    401: Outcome.FORBIDDEN,
    403: Outcome.FORBIDDEN,
    451: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    410: Outcome.GONE,
    408: Outcome.TIMEOUT,
    429: Outcome.RATE_LIMITED,
    400: Outcome.CLIENT_ERROR,
    418: Outcome.CLIENT_ERROR,
    499: Outcome.CLIENT_ERROR,
    500: Outcome.SERVER_ERROR,
    503: Outcome.SERVER_ERROR,
    521: Outcome.SERVER_ERROR,
    300: Outcome.PROTOCOL_ERROR,
    302: Outcome.PROTOCOL_ERROR,
    600: Outcome.PROTOCOL_ERROR,
    999: Outcome.PROTOCOL_ERROR,
}


@pytest.mark.parametrize(("status", "outcome"), STATUSES.items(), ids=str)
def test_statuses(status: int, outcome: Outcome) -> None:
    found, message = of_status(status, "example.org", conditional=True)
    assert found is outcome
    assert (message == "") is outcome.good
    if not outcome.good:
        assert message.startswith(f"example.org answered {status}")


def test_a_status_is_named_where_it_has_a_name() -> None:
    assert of_status(404, "example.org", conditional=False)[1] == "example.org answered 404 Not Found."
    assert of_status(521, "example.org", conditional=False)[1] == "example.org answered 521."


def test_304_is_an_answer_only_to_a_condition() -> None:
    assert of_status(304, "h", conditional=True) == (Outcome.NOT_MODIFIED, "")
    assert of_status(304, "h", conditional=False)[0] is Outcome.PROTOCOL_ERROR


@given(st.integers(100, 999), st.booleans())
def test_every_status_has_an_outcome(status: int, conditional: bool) -> None:
    outcome, message = of_status(status, "h", conditional=conditional)
    assert bool(message) is not outcome.good


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


UNTRUSTED = ssl.SSLCertVerificationError(1, "certificate verify failed")
ERRORS: dict[str, tuple[Exception, Outcome, str]] = {
    "our own": (FetchError(Outcome.TOO_LARGE, "Too much."), Outcome.TOO_LARGE, "Too much."),
    "bad address": (httpx.InvalidURL("Invalid port"), Outcome.BLOCKED_ADDRESS, "Invalid port."),
    "bad scheme": (httpx.UnsupportedProtocol("no gopher"), Outcome.BLOCKED_ADDRESS, "no gopher."),
    "connect timeout": (httpx.ConnectTimeout("timed out"), Outcome.TIMEOUT, "did not accept the connection in time."),
    "read timeout": (httpx.ReadTimeout("timed out"), Outcome.TIMEOUT, "stopped sending and did not go on in time."),
    "write timeout": (httpx.WriteTimeout("timed out"), Outcome.TIMEOUT, "did not take the request in time."),
    "refused": (
        httpx.ConnectError("[Errno 111] Connection refused"),
        Outcome.CONNECT_ERROR,
        "could not be connected to: Connection refused.",
    ),
    "reset": (httpx.ReadError("[Errno 104] Connection reset by peer"), Outcome.CONNECT_ERROR, "reset by peer."),
    "no words": (httpx.ReadError(""), Outcome.CONNECT_ERROR, "ReadError."),
    "untrusted": (_caused(httpx.ConnectError("x"), UNTRUSTED), Outcome.TLS_ERROR, "over TLS: "),
    "not HTTP": (httpx.RemoteProtocolError("illegal\nstatus line."), Outcome.PROTOCOL_ERROR, "illegal status line."),
    "header of ours": (httpx.LocalProtocolError("Illegal header value"), Outcome.PROTOCOL_ERROR, "Illegal header"),
    "not HTTP/2": (h2.exceptions.FrameTooLargeError("too\nlarge"), Outcome.PROTOCOL_ERROR, "keep to HTTP: too large."),
    "unforeseen": (ZeroDivisionError("by zero"), Outcome.INTERNAL_ERROR, "fault in this program: by zero."),
}


@pytest.mark.parametrize(("error", "outcome", "words"), ERRORS.values(), ids=ERRORS)
def test_errors(error: Exception, outcome: Outcome, words: str) -> None:
    found, message = of_error(error, "example.org")
    assert found is outcome
    assert words in message
    assert message.endswith(".")
    assert "\n" not in message


def test_every_error_of_httpx_is_foreseen() -> None:
    def all_below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*(all_below(child) for child in kind.__subclasses__()))

    made = [kind("words") for kind in all_below(httpx.TransportError)]
    assert len(made) > 10
    assert Outcome.INTERNAL_ERROR not in {of_error(error, "h")[0] for error in made}


SHOWN = {
    "plain": ("Nothing odd, 越南 Việt Nam.", "Nothing odd, 越南 Việt Nam."),
    "line breaks": ("a\r\n2026-09-14 ERROR forged", r"a\r\n2026-09-14 ERROR forged"),
    "other line breaks": ("a\x0b\x0c\x1c\x85\u2028\u2029b", r"a\x0b\x0c\x1c\x85\u2028\u2029b"),
    "escape sequence": ("\x1b]8;;http://x\x07", r"\x1b]8;;http://x\x07"),
    "right to left": ("txt.\u202egnp", r"txt.\u202egnp"),
    "half a character": ("\ud800", r"\ud800"),
}


@pytest.mark.parametrize(("text", "seen"), SHOWN.values(), ids=SHOWN)
def test_what_is_shown_forges_nothing(text: str, seen: str) -> None:
    assert shown(text) == seen


@given(st.text())
def test_what_is_shown_is_printable_and_short(text: str) -> None:
    assert shown(text * 50).isprintable()
    assert len(shown(text)) <= 10 * LONGEST_MESSAGE
    assert len(shown("a" + text.replace("\0", "") * 500)) <= 10 * LONGEST_MESSAGE


def test_a_fault_is_logged_in_lines_of_our_own(caplog: pytest.LogCaptureFixture) -> None:
    hostile = "x\nERROR forged \x1b[2J"
    with pytest.raises(ValueError, match="forged") as raised:
        int(hostile)
    of_error(raised.value, hostile)
    assert "test_a_fault_is_logged" in caplog.text
    assert not any(line.startswith("ERROR forged") for line in caplog.text.splitlines())
    assert "\x1b" not in caplog.text
