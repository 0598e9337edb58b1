"""The digest as a reader gets it: sent over real SMTP, parsed back, and shown by Chromium with the chart it carries."""

from __future__ import annotations

import base64
import email
import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from archive import issues
from archive.records import DeliveryState
from archive.store import Archive
from meetings.records import Rank
from reports.chart import chart_text, weekly_chart
from reports.figures import WEEKS, WeekCount, average_of, figures, weeks_before
from reports.mail import build_message
from reports.recipients import EVERYTHING, Choice, Recipient
from reports.records import IssueContext
from reports.render import render_forms
from reports.smtp import SmtpSettings, send
from reports.unsubscribe import token
from reports.variants import variant
from reports.week import Week
from tests.browser import chromium
from tests.commandline import SEEDS, Meetings
from tests.hostile_samples import hostile
from tests.mailserver import Inbox, mail_server
from tests.report_catalogue import at
from tests.report_weeks import quiet, rich

WEEK, ZONE = "2024-W50", "Asia/Ho_Chi_Minh"
RECIPIENTS = """
[[recipient]]
address = "full@example.org"

[[recipient]]
address = "short@example.org"
detail = "short"

[[recipient]]
address = "Late.Short@example.org"
detail = "short"

[[recipient]]
address = "leaders@example.org"
least_level = "leader"

[[recipient]]
address = "border@example.org"
topics = ["border"]
"""


# of the week before, so that the issue has something to compare with and draws its chart
EARLIER = """Title: Ministers meet in Nanning
Date: Dec 3, 2024

NANNING, Dec. 3 (Xinhua) -- Chinese Foreign Minister Wang Yi met with Vietnamese Foreign Minister Bui Thanh Son in \
Nanning on Tuesday.
"""


@pytest.fixture
def inbox(meetings: Meetings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Inbox]:
    """A mail server, readers of several choices, and an archive of the founding articles, at work since December."""
    (tmp_path / "recipients.toml").write_text(RECIPIENTS)
    with Archive.open(meetings.home) as archive, archive.write() as session:
        issues.mark_first_run(session, datetime(2024, 12, 2, tzinfo=UTC))
    (tmp_path / "earlier.txt").write_text(EARLIER)
    assert meetings("import", SEEDS, tmp_path / "earlier.txt").code == 0
    meetings("ingest")
    inbox = Inbox()
    with mail_server(inbox) as port:
        monkeypatch.setenv("MEETINGS_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("MEETINGS_SMTP_PORT", str(port))
        monkeypatch.setenv("MEETINGS_SMTP_SECURITY", "none")
        monkeypatch.setenv("MEETINGS_MAIL_FROM", "Meetings <digest@example.net>")
        yield inbox


def received(inbox: Inbox) -> dict[str, EmailMessage]:
    found = {}
    for to, data in inbox.accepted:
        assert max(map(len, data.split(b"\r\n"))) <= 998
        parsed = email.message_from_bytes(data, policy=default)
        assert isinstance(parsed, EmailMessage)
        assert not [defect for part in parsed.walk() for defect in part.defects]
        found[to] = parsed
    return found


def part(message: EmailMessage, kind: str) -> EmailMessage:
    (only,) = (each for each in message.walk() if each.get_content_type() == kind)
    assert isinstance(only, EmailMessage)
    return only


def test_each_reader_gets_their_own_choice_of_one_closed_issue(meetings: Meetings, inbox: Inbox) -> None:
    assert meetings("digest", "--week", WEEK, "--send").code == 0
    mails = received(inbox)
    assert Counter(to for to, _ in inbox.accepted) == Counter(
        ["full@example.org", "short@example.org", "Late.Short@example.org", "leaders@example.org", "border@example.org"]
    )
    pages = {to: part(mail, "text/html").get_content() for to, mail in mails.items()}
    assert pages["short@example.org"] == pages["Late.Short@example.org"]
    assert len(pages["short@example.org"]) < len(pages["full@example.org"])
    assert mails["leaders@example.org"]["Subject"].startswith("No meetings within your choice")
    assert "Wang Yi" in mails["full@example.org"]["Subject"]
    assert len({mail["Message-ID"] for mail in mails.values()}) == 5
    assert len({mail["Date"] for mail in mails.values()}) == 1
    closed = (meetings.home / "issues" / WEEK / "digest.md").read_text()
    assert part(mails["full@example.org"], "text/plain").get_content().replace("\r\n", "\n") == closed


def test_who_is_served_later_reads_what_was_closed(meetings: Meetings, inbox: Inbox, tmp_path: Path) -> None:
    assert meetings("digest", "--week", WEEK, "--send").code == 0
    before = received(inbox)
    new = tmp_path / "new.txt"
    new.write_text(
        "Title: Li Qiang meets Pham Minh Chinh in Hanoi\nDate: Dec 12, 2024\n\nHANOI, Dec. 12 (Xinhua) -- Chinese "
        "Premier Li Qiang met with Vietnamese Prime Minister Pham Minh Chinh in Hanoi on Thursday.\n"
    )
    assert meetings("import", new).code == 0
    meetings("ingest")
    with (tmp_path / "recipients.toml").open("a") as file:
        file.write('[[recipient]]\naddress = "late@example.org"\ndetail = "short"\n')
        file.write('[[recipient]]\naddress = "later@example.org"\n')
    assert "2 accepted, 0 refused, 0 unknown, 0 to be tried again, 5 served before" in (
        meetings("digest", "--week", WEEK, "--send").out
    )
    after = received(inbox)
    for late, early in (("late@example.org", "short@example.org"), ("later@example.org", "full@example.org")):
        assert after[late]["Subject"] == before[early]["Subject"]
        assert part(after[late], "text/plain").get_content() == part(before[early], "text/plain").get_content()
        assert part(after[late], "text/html").get_content() == part(before[early], "text/html").get_content()
    with Archive.open(meetings.home) as archive, archive.read() as session:
        kept = issues.get_issue(session, WEEK, ZONE)
    assert kept is not None
    assert kept.context is not None
    assert kept.context["week"] == WEEK


def test_one_click_unsubscribing(meetings: Meetings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"https://lists.example.net/{'long/' * 40}leave?t={{token}}"
    monkeypatch.setenv("MEETINGS_UNSUBSCRIBE_URL", address)
    ran = meetings("digest", "--week", WEEK, "--send")
    assert (ran.code, inbox.accepted) == (2, [])
    assert "unsubscribe_secret" in ran.err
    monkeypatch.setenv("MEETINGS_UNSUBSCRIBE_SECRET", "s3cret")
    monkeypatch.setenv("MEETINGS_UNSUBSCRIBE_MAILTO", "leave@example.net")
    assert meetings("digest", "--week", WEEK, "--send").code == 0
    for to, data in inbox.accepted:
        # as sent, since a parser would read encoded words that a mail program does not
        field = re.search(rb"\r\nList-Unsubscribe: (.*?)\r\n(?=\S)", data, re.DOTALL)
        assert field
        https, mailto = re.findall(rb"<(.*?)>", field[1])
        assert https.decode() == address.replace("{token}", token(to.lower(), "s3cret"))
        assert to.split("@")[0].lower().encode() not in field[1].lower()
        assert mailto == b"mailto:leave@example.net?subject=unsubscribe"
        assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in data


def snapshot(home: Path) -> list[tuple[str, str]]:
    with Archive.open(home) as archive, archive.read() as session:
        return [(issue.week, issue.state) for issue in issues.closed_issues(session)]


def test_a_test_mail_goes_to_one_address_and_leaves_no_trace(meetings: Meetings, inbox: Inbox) -> None:
    ran = meetings("digest", "--week", WEEK, "--test-send", "me@example.org")
    assert (ran.code, ran.err) == (0, "")
    assert "accepted the message to me@example.org" in ran.out
    again = meetings("digest", "--week", WEEK, "--test-send", "SHORT@example.org")
    assert again.code == 0
    mails = received(inbox)
    assert sorted(mails) == ["me@example.org", "short@example.org"]
    assert mails["me@example.org"]["Subject"].startswith("[Test] Wang Yi")
    assert "This is the short form" in " ".join(part(mails["short@example.org"], "text/plain").get_content().split())
    assert snapshot(meetings.home) == []
    assert meetings("digest", "--week", WEEK, "--send").code == 0
    sent = received(inbox)
    assert len({mail["Message-ID"] for mail in (*mails.values(), *sent.values())}) == 2 + 5
    assert meetings("digest", "--week", WEEK, "--test-send", "me@example.org").code == 0
    assert "5 served before" in meetings("digest", "--week", WEEK, "--send").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        pytest.param(("--test-send", "nobody"), 2, "the address is not a mail address", id="no address"),
        pytest.param(("--test-send", "a@b.example\nBcc: c@d.example"), 2, "is not a mail address", id="line break"),
        pytest.param(("--test-send", "a@b.example", "--send"), 2, "exclude each other", id="with --send"),
        pytest.param(("--test-send", "a@b.example", "--dry-run"), 2, "exclude each other", id="with --dry-run"),
        pytest.param(("--test-send", "full@example.org"), 1, "refused the recipient", id="refused"),
    ],
)
def test_a_test_mail_that_cannot_be_sent(
    meetings: Meetings, inbox: Inbox, words: tuple[str, ...], code: int, told: str
) -> None:
    inbox.recipients = {"full@example.org": "550 5.1.1 no such user"}
    ran = meetings("digest", "--week", WEEK, *words)
    assert (ran.code, inbox.accepted, ran.out) == (code, [], ""), "nothing is written for it first"
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_a_test_mail_without_a_mail_server_is_refused(meetings: Meetings) -> None:
    ran = meetings("digest", "--test-send", "me@example.org")
    assert (ran.code, "no mail server is set" in ran.err) == (2, True)


def test_a_wrong_recipients_file_stops_the_sending_before_anything_is_closed(
    meetings: Meetings, inbox: Inbox, tmp_path: Path
) -> None:
    (tmp_path / "recipients.toml").write_text('[[recipient]]\naddress = "a@b.example"\ntopics = ["trad"]\n')
    ran = meetings("digest", "--week", WEEK, "--send")
    assert (ran.code, inbox.accepted, snapshot(meetings.home)) == (2, [], [])
    assert "recipient 1: topics has 'trad' (do you mean trade?)" in ran.err


def test_preview_opens_the_page_in_the_browser_that_is_named(
    meetings: Meetings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del inbox
    opened = tmp_path / "opened"
    script = tmp_path / "browser"
    # it stays, as a browser does, and the command does not wait for it
    script.write_text(f'#!/bin/sh\necho "$1" > {opened}.part && mv {opened}.part {opened}\nsleep 5\n')
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(script))
    ran = meetings("digest", "--week", WEEK, "--preview")
    assert ran.code == 0
    page = meetings.home / "issues" / WEEK / "digest.html"
    assert str(page) in ran.out
    for _ in range(1200):
        if opened.exists():
            break
        time.sleep(0.05)
    assert opened.read_text().strip() == page.resolve().as_uri()


def test_preview_without_a_browser_says_where_the_page_is(
    meetings: Meetings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    del inbox
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    ran = meetings("digest", "--week", WEEK, "--preview")
    assert (ran.code, ran.err) == (0, "")
    page = (meetings.home / "issues" / WEEK / "digest.html").resolve()
    assert f"There is no browser here; open {page} in one." in ran.out.replace("\n", " ").replace("  ", " ")


def test_the_chart_travels_with_the_page_that_shows_it(meetings: Meetings, inbox: Inbox) -> None:
    assert meetings("digest", "--week", WEEK, "--send").code == 0
    mails = received(inbox)
    full = mails["full@example.org"]
    assert [each.get_content_type() for each in full.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    chart = part(full, "image/png")
    picture = chart.get_content()
    assert (chart["Content-ID"], chart.get_content_disposition()) == (
        f"<chart.{hashlib.sha256(picture).hexdigest()[:32]}@china-vietnam-meetings>",
        "inline",
    )
    assert re.findall(r'src="(.*?)"', part(full, "text/html").get_content()) == [f"cid:{chart['Content-ID'][1:-1]}"]
    folder = meetings.home / "issues" / WEEK
    assert (folder / "chart.png").read_bytes() == picture
    assert re.findall(r'src="(.*?)"', (folder / "digest.html").read_text()) == ["chart.png"]
    assert [each.get_content_type() for each in mails["short@example.org"].walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    with Archive.open(meetings.home) as archive, archive.read() as session:
        kept = issues.get_issue(session, WEEK, ZONE)
    assert kept is not None
    assert kept.chart == picture


def charted(ctx: IssueContext) -> tuple[IssueContext, bytes]:
    """The issue with figures and a chart of half a year."""
    week = Week(2024, 50)
    counts = [
        WeekCount(each, {Rank.LEADER: at % 7 == 3, Rank.MINISTER: at % 4, Rank.LOCAL: at % 3}, at % 3)
        for at, each in enumerate(weeks_before(week, WEEKS + 1))
    ]
    told = replace(ctx, figures=figures(counts), average_weeks=average_of(counts), chart_text=chart_text(counts))
    return told, weekly_chart(counts)


MAILS = {
    "rich": (rich, EVERYTHING),
    "quiet": (quiet, EVERYTHING),
    "hostile": (hostile, EVERYTHING),
    "short": (rich, Choice(short=True)),
    "leaders": (rich, Choice(least_level=Rank.LEADER)),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def delivered() -> dict[str, EmailMessage]:
    """Every mail of `MAILS` as it came out of a real mail server."""
    inbox = Inbox()
    with mail_server(inbox) as port:
        for name, (week, choice) in MAILS.items():
            whole, chart = charted(week())
            ctx = variant(whole, choice)
            message = build_message(
                render_forms(ctx),
                subject=ctx.subject,
                sender="China–Viet Nam Meetings <digest@example.org>",
                recipient=Recipient(f"{name}@example.org"),
                date=at("2024-12-16T00:00"),
                message_id=f"<{name}@example.org>",
                chart=chart if ctx.chart_text else None,
            )
            sent = send(message, SmtpSettings("127.0.0.1", port, security="none"))
            assert sent.state is DeliveryState.ACCEPTED
    return {to.split("@")[0]: message for to, message in received(inbox).items()}


def shown(browser: Browser, message: EmailMessage, width: int, scheme: Literal["light", "dark"]) -> Page:
    """The mail as a program shows it: the page, with each `cid:` address replaced by the part of that Content-ID."""
    parts = {each["Content-ID"]: each for each in message.walk() if each["Content-ID"]}

    def inline(match: re.Match[str]) -> str:
        picture = parts[f"<{match[1]}>"]
        return f'src="data:{picture.get_content_type()};base64,{base64.b64encode(picture.get_content()).decode()}"'

    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_content(re.sub(r'src="cid:(.*?)"', inline, part(message, "text/html").get_content()))
    return page


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 600, 1280])
@pytest.mark.parametrize("name", MAILS)
def test_the_mail_as_received_shows_its_chart_and_asks_for_nothing(
    browser: Browser, delivered: dict[str, EmailMessage], name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = shown(browser, delivered[name], width, scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pictures = page.eval_on_selector_all(
        "img", "all => all.map(e => [e.complete && e.naturalWidth, e.clientWidth, e.alt.length > 20])"
    )
    if name in ("short", "leaders"):
        assert pictures == []
    else:
        ((natural, wide, has_text),) = pictures
        assert natural == 1088
        assert 0.75 * min(width, 600) <= wide <= 544
        assert has_text
    assert asked == []
    page.close()


def test_the_styles_that_stay_fit_what_gmail_keeps(delivered: dict[str, EmailMessage]) -> None:
    styles = re.findall(r"<style.*?</style>", part(delivered["rich"], "text/html").get_content(), re.DOTALL)
    assert sum(map(len, styles)) < 16_000
