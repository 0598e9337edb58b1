"""The whole chain: a new article in a feed → the `ingest` flow → a new meeting → `digest --send` → mail in a browser.

Nothing is replaced: a web server on sockets, Prefect's engine, SQLite, an SMTP server, Chromium.
"""

from __future__ import annotations

import email
import email.policy
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from archive import issues
from archive.store import Archive
from tests.browser import chromium
from tests.commandline import Meetings, source
from tests.mailserver import Inbox, mail_server
from tests.webserver import Reply, Web

RECIPIENTS = ("reader@example.org", "desk@example.net")
WEEK = "2024-W50"
HTML = {"Content-Type": "text/html; charset=utf-8"}
XML = {"Content-Type": "application/rss+xml; charset=utf-8"}


def page(title: str, published: str, *paragraphs: str) -> bytes:
    """An article's page with JSON-LD, a menu and a footer, as outlets have them."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} | Wire</title>
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "NewsArticle",
"headline": "{title}", "datePublished": "{published}"}}</script></head>
<body><nav><a href="/">Home</a></nav><article><h1>{title}</h1>{body}</article>
<footer>All rights reserved</footer></body></html>""".encode()


def feed(*items: tuple[str, str, str, str]) -> bytes:
    """An RSS feed of (title, link, teaser, date)."""
    entries = "".join(
        f"<item><title>{title}</title><link>{link}</link><description>{teaser}</description><pubDate>{date}</pubDate></item>"
        for title, link, teaser, date in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title>{entries}</channel></rss>'.encode()


BEIJING = page(
    "Senior Chinese diplomat meets Vietnamese deputy PM",
    "2024-12-10T21:10:00+08:00",
    "BEIJING, Dec. 10 -- Chinese Foreign Minister Wang Yi met with Vietnamese Deputy Prime Minister and Foreign "
    "Minister Bui Thanh Son in Beijing on Tuesday.",
    "Wang said that both sides should build cross-border railways faster and keep supply chains stable.",
    "Son said that Viet Nam adheres to the one-China policy.",
)
HANOI = page(
    "Deputy PM Bui Thanh Son holds talks with Chinese foreign minister",
    "2024-12-11T08:00:00+07:00",
    "Beijing (VNA) – Deputy Prime Minister and Foreign Minister Bui Thanh Son met with Chinese Foreign Minister Wang "
    "Yi in Beijing on December 10.",
    "Son proposed that China open its market wider to Vietnamese farm produce and that the two sides handle "
    "differences at sea by international law.",
)
TWO_INGESTS = """
import json
from prefect.testing.utilities import prefect_test_harness
from flows.ingest import ingest
with prefect_test_harness(server_startup_timeout=120):
    states = [ingest(return_state=True), ingest(force=True, return_state=True)]
print(json.dumps([[state.type.value, state.message] for state in states]))
"""
TRADE = (
    "Town opens a new tram line",
    "/tram.html",
    "Nothing to do with either country.",
    "Tue, 10 Dec 2024 10:00:00 GMT",
)


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch, meetings: Meetings, tmp_path: Path) -> Iterator[Inbox]:
    """A mail server, two recipients, and an archive that has been at work since the week before."""
    (tmp_path / "recipients.toml").write_text("".join(f'[[recipient]]\naddress = "{to}"\n' for to in RECIPIENTS))
    with Archive.open(meetings.home) as archive, archive.write() as session:
        issues.mark_first_run(session, datetime(2024, 12, 2, tzinfo=UTC))
    inbox = Inbox()
    with mail_server(inbox) as port:
        monkeypatch.setenv("MEETINGS_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("MEETINGS_SMTP_PORT", str(port))
        monkeypatch.setenv("MEETINGS_SMTP_SECURITY", "none")
        monkeypatch.setenv("MEETINGS_HOME", str(meetings.home))
        yield inbox


@pytest.fixture
def wires(web: Web, meetings: Meetings, tmp_path: Path) -> Web:
    """One Chinese and one Vietnamese feed: the first has its article, the second only news of a town yet."""
    beijing, hanoi = web.url("/beijing.html", host="127.0.1.1"), web.url("/hanoi.html", host="127.0.1.2")
    first = ("Wang Yi meets Vietnamese deputy PM", beijing, "Railways were spoken of.", "Tue, 10 Dec 2024 13:10:00 GMT")
    second = ("Deputy PM holds talks in China", hanoi, "On farm produce.", "Wed, 11 Dec 2024 01:00:00 GMT")
    web.add("/beijing.xml", Reply(feed(first, TRADE), headers=XML, etag='"b1"'))
    quiet, news = Reply(feed(TRADE), headers=XML, etag='"h1"'), Reply(feed(second, TRADE), headers=XML, etag='"h2"')
    web.add("/hanoi.xml", quiet, news)
    web.add("/beijing.html", Reply(BEIJING, headers=HTML))
    web.add("/hanoi.html", Reply(HANOI, headers=HTML))
    assert not meetings.home.exists()
    (tmp_path / "sources.toml").write_text(
        source("peking-wire", web.url("/beijing.xml", host="127.0.1.1"), side="china", zone="Asia/Shanghai")
        + source("hanoi-wire", web.url("/hanoi.xml", host="127.0.1.2"))
    )
    return web


def received(inbox: Inbox) -> dict[str, EmailMessage]:
    """The accepted messages, by recipient."""
    assert len({to for to, _ in inbox.accepted}) == len(inbox.accepted), "somebody got two messages"
    messages: dict[str, EmailMessage] = {}
    for to, data in inbox.accepted:
        message = email.message_from_bytes(data, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        messages[to] = message
    return messages


def html_of(message: EmailMessage) -> str:
    """The HTML part of a message."""
    part = message.get_body(("html",))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_from_a_feed_to_the_mailbox(wires: Web, inbox: Inbox, meetings: Meetings, tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWO_INGESTS]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [
        ["COMPLETED", "2 sources polled, 1 new article, 1 new meeting"],
        ["COMPLETED", "2 sources polled, 1 new article, 0 new meetings"],
    ]
    assert [seen.path for seen in wires.requests].count("/tram.html") == 0

    sent = meetings("digest", "--week", WEEK, "--send")
    assert (sent.code, "2 accepted, 0 refused" in sent.out) == (0, True), sent
    messages = received(inbox)
    assert set(messages) == set(RECIPIENTS)
    for to, message in messages.items():
        assert message["To"] == to
        assert "Wang Yi" in message["Subject"]
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]

    again = meetings("digest", "--week", WEEK, "--send")
    assert (again.code, "0 accepted" in again.out, "2 served before" in again.out) == (0, True, True)
    assert set(received(inbox)) == set(RECIPIENTS)
    read_in_browser(html_of(messages[RECIPIENTS[0]]), wires, tmp_path)


def read_in_browser(html: str, wires: Web, folder: Path) -> None:
    """Open the mail as a reader does, on a desktop and on a phone, and read both accounts in it."""
    opened = folder / "mail.html"
    opened.write_text(html, encoding="utf-8")
    with chromium() as browser:
        for width in (1280, 375):
            tab = browser.new_page(viewport={"width": width, "height": 900})
            tab.goto(opened.as_uri())
            text = tab.inner_text("body")
            for words in ("Wang Yi", "Bui Thanh Son", "Beijing", "10 December 2024", "railways", "farm produce"):
                assert words in text
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            links = {link.get_attribute("href") for link in tab.query_selector_all("a")}
            assert {wires.url("/beijing.html", host="127.0.1.1"), wires.url("/hanoi.html", host="127.0.1.2")} <= links
            tab.close()


def test_a_server_that_is_down_is_recorded_and_the_mail_goes_out_later(
    wires: Web, inbox: Inbox, meetings: Meetings, monkeypatch: pytest.MonkeyPatch
) -> None:
    del wires
    assert "1 new meeting" in meetings("ingest").out
    with monkeypatch.context() as patch:
        patch.setenv("MEETINGS_SMTP_PORT", "9")
        down = meetings("digest", "--week", WEEK, "--send")
    assert down.code == 1
    assert all(to in meetings("deliveries").out for to in RECIPIENTS)
    assert "Traceback" not in down.err
    assert received(inbox) == {}
    assert "0 accepted, 0 refused, 0 unknown, 2 to be tried again" in meetings("digest", "--week", WEEK, "--send").out
    assert meetings("deliveries", "retry").out.startswith(f"2 messages of {WEEK} are due again.")
    assert "2 accepted" in meetings("digest", "--week", WEEK, "--send").out


def test_what_one_server_refuses_the_other_recipient_still_gets(wires: Web, inbox: Inbox, meetings: Meetings) -> None:
    del wires
    assert "1 new meeting" in meetings("ingest").out
    inbox.recipients = {RECIPIENTS[0]: "550 no such user"}
    sent = meetings("digest", "--week", WEEK, "--send")
    assert (sent.code, "1 accepted, 1 refused" in sent.out) == (1, True)
    assert RECIPIENTS[0] in meetings("deliveries", "--issue", WEEK).out
    assert "550" in sent.err
    assert set(received(inbox)) == {RECIPIENTS[1]}
    inbox.recipients = {}
    assert "0 accepted" in meetings("digest", "--week", WEEK, "--send").out, "a refusal is final"


def test_an_unconfirmed_message_is_sent_again_under_its_id(wires: Web, inbox: Inbox, meetings: Meetings) -> None:
    del wires
    assert "1 new meeting" in meetings("ingest").out
    inbox.content = "drop"
    lost = meetings("digest", "--week", WEEK, "--send")
    assert (lost.code, "2 unknown" in lost.out) == (1, True)
    inbox.content = None
    assert "0 accepted, 0 refused, 2 unknown" in meetings("digest", "--week", WEEK, "--send").out, "it may come yet"
    meetings("deliveries", "retry", "--issue", WEEK)
    assert "2 accepted" in meetings("digest", "--week", WEEK, "--send").out
    ids = {email.message_from_bytes(data)["Message-ID"] for _, data in inbox.accepted}
    assert len(ids) == 2


def test_a_closed_issue_stays_what_it_was_and_latecomers_read_the_same(
    wires: Web, inbox: Inbox, meetings: Meetings, tmp_path: Path
) -> None:
    del wires
    assert "1 new meeting" in meetings("ingest").out
    meetings("digest", "--week", WEEK, "--send")
    before = html_of(received(inbox)[RECIPIENTS[0]])
    meetings("ingest", "--source", "hanoi-wire")  # Hanoi's account comes after the issue closed
    with (tmp_path / "recipients.toml").open("a") as file:
        file.write('[[recipient]]\naddress = "late@example.org"\n')
    meetings("digest", "--week", WEEK, "--send")
    assert html_of(received(inbox)["late@example.org"]) == before


def test_back_issue_and_unfinished_week_are_never_mailed(wires: Web, inbox: Inbox, meetings: Meetings) -> None:
    del wires
    for week, words in (("2023-W28", "back issue"), ("8000-W01", "has not begun")):
        refused = meetings("digest", "--week", week, "--send")
        assert (refused.code, words in refused.err) == (2, True), refused
    assert inbox.accepted == []


def test_dry_run_writes_each_message_and_sends_nothing(wires: Web, inbox: Inbox, meetings: Meetings) -> None:
    del wires
    assert "1 new meeting" in meetings("ingest").out
    assert meetings("digest", "--week", WEEK, "--dry-run").code == 0
    folder = meetings.home / "issues" / WEEK / "mail"
    written = [email.message_from_bytes(path.read_bytes())["To"] for path in sorted(folder.glob("*.eml"))]
    assert (written, folder.stat().st_mode & 0o077) == (list(RECIPIENTS), 0)
    assert inbox.accepted == []
