from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.records import Rank
from parsers.records import InputError
from reports.mail import build_message, message_id, parse_sender
from reports.recipients import EVERYTHING, Choice, Recipient, check_address, parse_recipients
from reports.records import IssueContext
from reports.render import Forms, render_forms
from reports.unsubscribe import Unsubscribe, check_template, token
from tests.hostile_samples import HOSTILE_TEXTS, hostile
from tests.report_catalogue import at
from tests.report_weeks import rich

SENDER = "China–Viet Nam Meetings <digest@example.org>"
READER = Recipient("reader@example.com", "Bùi Reader, 王")


def built(ctx: IssueContext, recipient: Recipient = READER, sender: str = SENDER) -> EmailMessage:
    forms = render_forms(ctx)
    name = message_id(ctx.week, ctx.zone, recipient.address, "example.org")
    return build_message(
        forms, subject=ctx.subject, sender=sender, recipient=recipient, date=at("2024-12-16T00:00"), message_id=name
    )


def sent_field(message: EmailMessage, name: str) -> bytes:
    """A header field as it goes over the wire: a parser reads encoded words even where a mail program may not."""
    field = re.search(rb"(?:^|\r\n)" + name.encode() + rb": (.*?)\r\n(?=\S|\r\n)", message.as_bytes(), re.DOTALL)
    assert field
    return field[1]


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


@pytest.mark.parametrize("name", ["List-Id", "List-Unsubscribe", "Message-ID"])
def test_long_addresses_in_headers_are_no_encoded_words(name: str) -> None:
    domain = f"{'long-name.' * 12}example.org"
    message = build_message(
        Forms("x", "<p>x</p>"),
        subject="News",
        sender=f"digest@{domain}",
        recipient=READER,
        date=at("2024-12-16T00:00"),
        message_id=message_id("2024-W50", "UTC", READER.address, domain),
        headers=Unsubscribe(f"https://{domain}/{'a' * 500}?t={{token}}", "key", "leave@example.org").headers(
            "a@b.example"
        ),
    )
    field = sent_field(message, name)
    assert b"=?" not in field
    assert domain.encode() in field
    assert max(map(len, message.as_bytes().split(b"\r\n"))) <= 998
    assert received(message)[name].replace("\r\n", "") == field.decode().replace("\r\n", "")


def test_a_chart_is_a_part_that_the_page_names() -> None:
    page = '<img src="cid:chart" alt="x"><p>src=&#34;cid:chart&#34;</p>'

    def built_with(chart: bytes) -> EmailMessage:
        return build_message(
            Forms("x", page),
            subject="News",
            sender=SENDER,
            recipient=READER,
            date=at("2024-12-16T00:00"),
            message_id="<a@example.org>",
            chart=chart,
        )

    got = received(built_with(b"\x89PNG one"))
    assert [part.get_content_type() for part in got.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    *_, html, picture = got.walk()
    assert isinstance(html, EmailMessage)
    assert isinstance(picture, EmailMessage)
    assert picture.get_content() == b"\x89PNG one"
    assert picture.get_content_disposition() == "inline"
    assert html.get_content().count(f'src="cid:{picture["Content-ID"][1:-1]}"') == 1
    assert built_with(b"\x89PNG one").as_bytes() == built_with(b"\x89PNG one").as_bytes()
    assert received(built_with(b"\x89PNG two")).as_bytes().count(picture["Content-ID"].encode()) == 0
    boundaries = re.findall(rb'boundary="(.*?)"', built_with(b"\x89PNG one").as_bytes())
    assert len(set(boundaries)) == 2


@pytest.mark.parametrize(
    ("ways", "fields"),
    [
        pytest.param(Unsubscribe(), {}, id="none"),
        pytest.param(
            Unsubscribe(mailto="leave@example.org"),
            {"List-Unsubscribe": "<mailto:leave@example.org?subject=unsubscribe>"},
            id="by mail, which is no one click",
        ),
        pytest.param(
            Unsubscribe("https://example.org/{token}", "key"),
            {
                "List-Unsubscribe": "<https://example.org/19ba9bd318c6d8eef5b38c9be16a5869>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            id="one click",
        ),
    ],
)
def test_ways_to_leave_the_list(ways: Unsubscribe, fields: dict[str, str]) -> None:
    assert ways.headers("reader@example.com") == fields


def test_a_token_stands_for_one_address_under_one_secret_and_shows_neither() -> None:
    tokens = [token(address, secret) for address in ("a@b.example", "c@b.example") for secret in ("one", "two")]
    assert len(set(tokens)) == 4
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in tokens)
    assert token("A@B.example", "one") == token("a@b.example", "one")
    assert "key" not in repr(Unsubscribe("https://example.org/{token}", "the key"))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/{token}", "https://example.org/", "https://example.org/{token}{token}", "https://{token}",
        "https://example.org/{token}#top", "https://example.org/{token}>, <https://evil.example/", "mailto:{token}",
        "https://example.org/ä{token}", "https://example.org/{token}\r\nBcc: a@b.example", "javascript:{token}",
        f"https://example.org/{'a' * 900}{{token}}", "{token}",
    ],
)  # fmt: skip
def test_what_is_no_one_click_address(url: str) -> None:
    with pytest.raises(ValueError, match="give an https address with"):
        check_template(url)


@given(st.text(max_size=60))
def test_no_one_click_address_adds_a_header(text: str) -> None:
    url = f"https://example.org/{text}?t={{token}}"
    try:
        check_template(url)
    except ValueError:
        return
    message = build_message(
        Forms("", "<p>x</p>"),
        subject="News",
        sender=SENDER,
        recipient=READER,
        date=at("2024-12-16T00:00"),
        message_id="<a@example.org>",
        headers=Unsubscribe(url, "key").headers(READER.address),
    )
    assert len(received(message).keys()) == 11
    assert received(message)["List-Unsubscribe"].count(">") == 1


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
    assert first == message_id("2024-W50", "UTC", "A@example.com", "example.org")
    assert re.fullmatch(r"<2024-W50\.[0-9a-f]{32}@example\.org>", first)
    assert len(others | {first}) == 4


@pytest.mark.parametrize("sender", ["", "nobody", "x <a@b> y\nBcc: c@d.example", "<>", "a@b@c", "Name <a b@c>"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(InputError, match="is not a mail address"):
        parse_sender(sender)


def test_a_recipient_chooses() -> None:
    text = """
[[recipient]]
address = "a@example.com"
detail = "short"
least_level = "vice_minister"
topics = ["trade", "border", "trade"]

[[recipient]]
address = "b@example.com"
topics = []
"""
    first, second = parse_recipients(text, name="recipients.toml")
    assert first.choice == Choice(short=True, least_level=Rank.VICE_MINISTER, topics=("border", "trade"))
    assert second.choice == EVERYTHING


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
            "[[recipient]]\naddress = 'a@b.example'\ndetail = 'brief'\n",
            "recipient 1: detail has 'brief'; known are full, short",
        ),
        ("[[recipient]]\naddress = 'a@b.example'\ndetail = true\n", "recipient 1: detail has True"),
        (
            "[[recipient]]\naddress = 'a@b.example'\nleast_level = 'ministers'\n",
            "least_level has 'ministers' .*mean minister",
        ),
        ("[[recipient]]\naddress = 'a@b.example'\ntopics = 'trade'\n", r"recipient 1: topics must be a list such as"),
        ("[[recipient]]\naddress = 'a@b.example'\ntopics = ['trade', 'trad']\n", "topics has 'trad' .*mean trade"),
        ("[[recipient]]\naddress = 'a@b.example'\ntopics = [['trade']]\n", r"recipient 1: topics has \['trade'\]"),
        (
            '[[recipient]]\naddress = "a@b.example\\nBcc: c@d.example"\n',
            "recipient 1: address is not a mail address",
        ),
        (
            "[[recipient]]\naddress = 'a@b.example'\n[[recipient]]\naddress = 'A@B.example'\n",
            "r.toml, recipient 2: address is the one of recipient 1",
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
