from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.records import InputError
from reports.mail import build_message, message_id, parse_sender
from reports.recipients import Recipient, check_address, parse_recipients
from reports.records import IssueContext
from reports.render import Forms, render_forms
from tests.hostile_samples import HOSTILE_TEXTS, hostile
from tests.report_catalogue import at
from tests.report_samples import rich

SENDER = "China–Viet Nam Meetings <digest@example.org>"
READER = Recipient("reader@example.com", "Bùi Reader, 王")


def built(ctx: IssueContext, recipient: Recipient = READER, sender: str = SENDER) -> EmailMessage:
    forms = render_forms(ctx)
    name = message_id(ctx.week, ctx.zone, recipient.address, "example.org")
    return build_message(
        forms, subject=ctx.subject, sender=sender, recipient=recipient, date=at("2024-12-16T00:00"), message_id=name
    )


def received(message: EmailMessage) -> EmailMessage:
    parsed = email.message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_headers() -> None:
    got = received(built(rich()))
    assert got.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    assert got["From"] == "China–Viet Nam Meetings <digest@example.org>"
    assert [(each.display_name, each.addr_spec) for each in got["To"].addresses] == [
        ("Bùi Reader, 王", "reader@example.com")
    ]
    assert got["Subject"] == rich().subject
    assert got["Date"].datetime == at("2024-12-16T00:00")
    assert got["List-Id"] == "China-Viet Nam Meetings <china-vietnam-meetings.example.org>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert not got.defects


def test_text_comes_first_and_both_parts_arrive_whole() -> None:
    got = received(built(rich()))
    forms = render_forms(rich())
    assert got.get_content_type() == "multipart/alternative"
    parts = list(got.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content_charset() for part in parts] == ["utf-8", "utf-8"]
    contents = [part.get_content().replace("\r\n", "\n") for part in parts if isinstance(part, EmailMessage)]
    assert contents == [forms.markdown, forms.html]


@pytest.mark.parametrize("ctx", [rich(), hostile()], ids=["rich", "hostile"])
def test_every_line_fits_an_smtp_line_in_ascii(ctx: IssueContext) -> None:
    data = built(ctx).as_bytes()
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 998  # RFC 5322 §2.1.1
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert len(received(built(ctx)).keys()) == 9


def test_building_it_again_gives_the_same_bytes() -> None:
    assert built(rich()).as_bytes() == built(rich()).as_bytes()


@given(st.sampled_from(sorted(HOSTILE_TEXTS.values())) | st.text(max_size=40))
def test_no_sender_name_adds_a_header(name: str) -> None:
    try:
        message = build_message(
            Forms("x", "<p>x</p>"),
            subject="News",
            sender=f"{name} <digest@example.org>",
            recipient=READER,
            date=at("2024-12-16T00:00"),
            message_id="<a@example.org>",
        )
    except InputError:
        return
    assert len(received(message).keys()) == 9


def test_message_id_is_stable_and_differs_by_issue_zone_and_recipient() -> None:
    first = message_id("2024-W50", "UTC", "a@example.com", "example.org")
    others = {
        message_id("2024-W51", "UTC", "a@example.com", "example.org"),
        message_id("2024-W50", "Asia/Ho_Chi_Minh", "a@example.com", "example.org"),
        message_id("2024-W50", "UTC", "b@example.com", "example.org"),
    }
    assert first == message_id("2024-W50", "UTC", "a@example.com", "example.org")
    assert re.fullmatch(r"<2024-W50\.[0-9a-f]{32}@example\.org>", first)
    assert len(others | {first}) == 4


@pytest.mark.parametrize("sender", ["", "nobody", "x <a@b> y\nBcc: c@d.example", "<>", "a@b@c", "Name <a b@c>"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(InputError, match="is not a mail address"):
        parse_sender(sender)


def test_recipients_are_read_in_order() -> None:
    text = """
[[recipient]]
address = "reader@Example.COM"
name = "Bùi Reader"

[[recipient]]
address = "zweite@bücher.example"
"""
    assert parse_recipients(text, name="recipients.toml") == (
        Recipient("reader@example.com", "Bùi Reader"),
        Recipient("zweite@xn--bcher-kva.example"),
    )
    assert parse_recipients("", name="recipients.toml") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[recipient]\n", "r.toml is not valid TOML: .*line 1"),
        ("recipients = []\n", "r.toml: unknown key 'recipients'"),
        ("[recipient]\naddress = 'a@b.example'\n", r"r.toml: write \[\[recipient\]\] with two brackets"),
        ("recipient = ['a@b.example']\n", "r.toml, recipient 1: must be a table"),
        ("[[recipient]]\nname = 'x'\n", "r.toml, recipient 1: address is missing"),
        ("[[recipient]]\naddress = 5\n", "r.toml, recipient 1: address is missing or no text"),
        ("[[recipient]]\naddress = 'a@b.example'\nmail = 1\n", "r.toml, recipient 1: unknown key 'mail'"),
        ("[[recipient]]\naddress = 'a@b.example'\nname = 3\n", "r.toml, recipient 1: name must be one line"),
        ('[[recipient]]\naddress = "a@b.example"\nname = "x\\r\\nBcc: c@d"\n', "recipient 1: name must be one line"),
        (
            '[[recipient]]\naddress = "a@b.example\\nBcc: c@d.example"\n',
            "recipient 1: address .* is not a mail address",
        ),
        (
            "[[recipient]]\naddress = 'a@b.example'\n[[recipient]]\naddress = 'A@B.example'\n",
            "r.toml, recipient 2: address A@b.example is there twice",
        ),
    ],
)
def test_a_wrong_recipients_file_is_refused_by_file_entry_and_key(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        parse_recipients(text, name="r.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@b.example", "a@", "a@b@c.example", "a b@c.example", "a@b..example", ".a@b.example", "a@-b.example",
        "a@b.example\r\n", "á@b.example", '"a b"@c.example', "a@[127.0.0.1]", f"{'a' * 65}@b.example",
        f"a@{'b' * 64}.example", f"a@{'b.' * 130}example", "a@b.example,c@d.example", "<a@b.example>",
        "a\x00@b.example",
    ],
)  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(InputError, match="is not a mail address"):
        check_address(address, where="address")
