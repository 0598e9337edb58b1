from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from archive.records import DeliveryState
from parsers.records import InputError
from reports import smtp
from reports.mail import build_message
from reports.recipients import Recipient
from reports.render import Forms
from reports.smtp import SmtpSettings, send
from tests.mailserver import DROP, GARBAGE, STALL, Inbox, mail_server, make_authority, one_login
from tests.report_catalogue import at

READER = "reader@example.com"
ACCEPTED, PLANNED, REFUSED, UNKNOWN = (
    DeliveryState.ACCEPTED,
    DeliveryState.PLANNED,
    DeliveryState.REFUSED,
    DeliveryState.UNKNOWN,
)


def message(text: str = "Plain.\n") -> EmailMessage:
    return build_message(
        Forms(text, "<p>Page.</p>"),
        subject="News",
        sender="digest@example.org",
        recipient=Recipient(READER),
        date=at("2024-12-16T00:00"),
        message_id="<2024-W50.1@example.org>",
    )


def plainly(port: int, timeout: float = 10) -> SmtpSettings:
    return SmtpSettings("127.0.0.1", port, "none", timeout=timeout)


def test_a_message_arrives_as_it_was_built() -> None:
    inbox = Inbox()
    sent = message(".\n..\n.dots at line starts\n\nend\n.")
    with mail_server(inbox) as port:
        result = send(sent, plainly(port))
    assert result.state is ACCEPTED
    assert result.message == f"127.0.0.1:{port} accepted the message to {READER}."
    assert inbox.accepted == [(READER, sent.as_bytes())]


@pytest.mark.parametrize(
    ("inbox", "state", "words"),
    [
        pytest.param(
            Inbox(recipients={READER: "550 5.1.1 no such user"}),
            REFUSED,
            f"refused the recipient of the message to {READER}: 550 5.1.1 no such user",
            id="recipient refused",
        ),
        pytest.param(
            Inbox(recipients={READER: "554 5.7.1 Relay access denied"}),
            PLANNED,
            "Relay access denied",
            id="relay denied",
        ),
        pytest.param(
            Inbox(recipients={READER: "450 4.2.0 greylisted"}), PLANNED, "450 4.2.0 greylisted", id="greylisted"
        ),
        pytest.param(Inbox(recipients={READER: DROP}), PLANNED, "could not be handed", id="dropped at the recipient"),
        pytest.param(Inbox(recipients={READER: STALL}), PLANNED, "no answer in time", id="stalled at the recipient"),
        pytest.param(Inbox(sender="553 5.7.1 not yours"), PLANNED, "refused the sender", id="sender refused"),
        pytest.param(Inbox(content="554 5.7.1 spam"), REFUSED, "refused the content", id="content refused"),
        pytest.param(Inbox(content="451 4.3.0 later"), PLANNED, "refused the content", id="content put off"),
        pytest.param(Inbox(content=DROP), UNKNOWN, "may or may not arrive", id="dropped after the final dot"),
        pytest.param(Inbox(content=STALL), UNKNOWN, "may or may not arrive", id="stalled after the final dot"),
        pytest.param(Inbox(content=GARBAGE), UNKNOWN, "may or may not arrive", id="garbage after the final dot"),
    ],
)
def test_what_became_of_it_is_told_by_the_phase(inbox: Inbox, state: DeliveryState, words: str) -> None:
    with mail_server(inbox) as port:
        stalls = STALL in (inbox.content, *inbox.recipients.values())
        result = send(message(), plainly(port, timeout=1.5 if stalls else 20))
    assert result.state is state
    assert words in result.message
    assert READER in result.message
    assert "\n" not in result.message
    assert inbox.accepted == []


def test_no_server_means_another_try() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    result = send(message(), plainly(port))
    assert result.state is PLANNED
    assert f"could not be handed to 127.0.0.1:{port}" in result.message


def test_a_host_that_is_no_name_means_another_try() -> None:
    result = send(message(), replace(plainly(25), host="mail..example.org"))
    assert result.state is PLANNED
    assert "could not be handed to mail..example.org:25" in result.message


def test_a_server_that_never_greets_means_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = send(message(), plainly(silent.getsockname()[1], timeout=0.3))
    assert result.state is PLANNED
    assert "no answer in time" in result.message


@pytest.mark.parametrize(
    ("talk", "state", "allowed"),
    [(b"220-wait\r\n", PLANNED, 1), (b"250-wait\r\n", UNKNOWN, 4)],
    ids=["instead of a greeting", "after the final dot"],
)
def test_a_server_that_never_stops_talking_is_left(
    monkeypatch: pytest.MonkeyPatch, talk: bytes, state: DeliveryState, allowed: float
) -> None:
    """`allowed`: seconds for all of it."""
    monkeypatch.setattr(smtp, "_STEPS", allowed / 20)

    def serve() -> None:
        with server.accept()[0] as connection, connection.makefile("rb") as lines, suppress(OSError):
            if state is UNKNOWN:
                connection.sendall(b"220 hello\r\n")
                for _ in range(3):
                    lines.readline()
                    connection.sendall(b"250 go on\r\n")
                lines.readline()
                connection.sendall(b"354 go on\r\n")
                while lines.readline() != b".\r\n":
                    pass
            while True:
                connection.sendall(talk)
                time.sleep(0.02)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        result = send(message(), plainly(server.getsockname()[1], timeout=20))
        thread.join(20)
    assert (result.state, thread.is_alive()) == (state, False), result


def test_a_server_that_turns_us_away_at_the_door_is_quoted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def turn_away() -> None:
            with server.accept()[0] as connection:
                connection.sendall(b"554 5.3.2 closed\r\n")

        thread = threading.Thread(target=turn_away)
        thread.start()
        result = send(message(), plainly(server.getsockname()[1]))
        thread.join()
    assert result.state is PLANNED
    assert result.message.endswith("554 5.3.2 closed.")


def test_a_message_without_recipient_is_our_own_mistake() -> None:
    with pytest.raises(TypeError, match="no To header"):
        send(EmailMessage(), plainly(1))


def test_starttls_and_login(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    inbox = Inbox()
    with mail_server(
        inbox,
        tls_context=authority.server,
        require_starttls=True,
        auth_required=True,
        authenticator=one_login("user", "pass"),
    ) as port:
        settings = SmtpSettings("127.0.0.1", port, "starttls", "user", "wrong", 10, authority.ca_file)
        wrong = send(message(), settings)
        result = send(message(), SmtpSettings("127.0.0.1", port, "starttls", "user", "pass", 10, authority.ca_file))
        beyond = send(message(), SmtpSettings("127.0.0.1", port, "starttls", "user", "päss", 10, authority.ca_file))
        anonymous = send(message(), SmtpSettings("127.0.0.1", port, "starttls", ca_file=authority.ca_file))
    assert (wrong.state, wrong.message) == (
        PLANNED,
        f"127.0.0.1:{port} refused the login of the message to {READER}: 535",
    )
    assert result.state is ACCEPTED
    assert beyond.state is PLANNED
    assert "beyond ASCII" in beyond.message
    assert "ä" not in beyond.message
    assert "xe4" not in beyond.message
    assert anonymous.state is PLANNED
    assert inbox.secured == [True]


def test_implicit_tls(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    inbox = Inbox()
    with mail_server(inbox, implicit_tls=authority.server) as port:
        result = send(message(), SmtpSettings("127.0.0.1", port, "tls", ca_file=authority.ca_file))
    assert result.state is ACCEPTED
    assert len(inbox.accepted) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_never_accepted(security: str, tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    inbox = Inbox()
    context = authority.server
    options = {"implicit_tls": context} if security == "tls" else {"tls_context": context}
    with mail_server(inbox, **options) as port:
        result = send(message(), SmtpSettings("127.0.0.1", port, "tls" if security == "tls" else "starttls"))
    assert result.state is PLANNED
    assert f"The certificate of 127.0.0.1:{port} was not trusted" in result.message
    assert inbox.accepted == []


def test_nothing_is_sent_in_the_clear_where_starttls_was_asked_for() -> None:
    inbox = Inbox()
    with mail_server(inbox) as port:
        result = send(message(), SmtpSettings("127.0.0.1", port, "starttls"))
    assert result.state is PLANNED
    assert "does not offer STARTTLS (smtp_security)" in result.message
    assert inbox.accepted == []


def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    with mail_server(Inbox(), tls_context=make_authority(tmp_path).server) as port:
        result = send(message(), SmtpSettings("127.0.0.1", port, "starttls", ca_file=tmp_path / "none.pem"))
    assert result.state is PLANNED
    assert "none.pem cannot be read" in result.message


def test_a_login_never_goes_over_the_network_unencrypted() -> None:
    with pytest.raises(InputError, match=r"mail\.example\.org would go unencrypted"):
        SmtpSettings("mail.example.org", 25, "none", "user", "secret")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        pytest.param("user:hunter2 is not allowed", "user:*** is not allowed", id="plain"),
        pytest.param("AUTH PLAIN AHVzZXIAaHVudGVyMg== why", "AUTH PLAIN *** why", id="as AUTH PLAIN has it"),
        pytest.param("aHVudGVyMg== is no command", "*** is no command", id="as AUTH LOGIN has it"),
        pytest.param(f"{'x' * 196} hunter2", f"{'x' * 196} ***", id="where the reply is cut"),
    ],
)
def test_no_sentence_and_no_repr_shows_the_password(told: str, shown: str) -> None:
    inbox = Inbox(recipients={READER: f"550 {told}"})
    with mail_server(inbox, auth_require_tls=False, authenticator=one_login("user", "hunter2")) as port:
        settings = SmtpSettings("127.0.0.1", port, "none", "user", "hunter2")
        result = send(message(), settings)
    assert result.message.endswith(f"550 {shown}")
    assert "hunter2" not in repr(settings)
