"""Issues composed and closed from an archive: whose week an article is, what has no date at all, who closes first."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from archive import deliveries, meetings
from archive.records import DeliveryState, IssueState
from flows import delivering, issuing
from flows.steps import alone, detect_new
from meetings.detect import detect
from meetings.records import Detection, Rank
from parsers.records import Article
from reports.recipients import EVERYTHING, Choice, Recipient
from reports.records import IssueContext
from reports.render import Forms
from reports.smtp import SendResult, SmtpSettings
from reports.week import week_of
from tests.archive_samples import HOUR, day, store
from tests.issuekit import CLOSED_AT, NOBODY, Desk, statements

MET = (
    "Chinese Foreign Minister Wang Yi met with Vietnamese Deputy Prime Minister and Foreign Minister Bui Thanh Son in "
    "Beijing."
)


@pytest.mark.parametrize(
    ("published_on", "read"),
    [("2024-12-08", 0), ("2024-12-09", 1), ("2024-12-15", 1), ("2024-12-16", 0)],
)
def test_an_article_whose_day_alone_is_known_counts_in_that_days_week(desk: Desk, published_on: str, read: int) -> None:
    store(desk.archive, published=None, published_on=day(published_on))
    assert f"{read} article{'' if read else 's'} read for this week" in desk.compose().forms.markdown


def test_a_meeting_without_any_date_is_new_in_the_week_in_which_it_was_first_seen(desk: Desk) -> None:
    store(desk.archive, title="Ministers meet", paragraphs=(MET,), published=None, published_on=None)
    (found,) = detect_new(desk.archive).new_meetings
    assert (found.meeting.date, found.placed_on) == (None, None)
    seen = week_of(found.first_seen, desk.settings.tz)
    assert desk.compose(seen.label).meeting_ids == (found.meeting.id,)
    assert desk.compose().meeting_ids == ()


def test_of_two_that_close_an_issue_both_go_on_with_what_the_first_one_closed(desk: Desk) -> None:
    slower = desk.compose()
    store(desk.archive, published=None, published_on=day("2024-12-10"))
    faster = desk.close(desk.compose(), now=datetime(2024, 12, 16, tzinfo=UTC))
    assert faster.forms != slower.forms
    late = desk.close(slower, now=datetime(2024, 12, 17, tzinfo=UTC))
    assert (late, late.state) == (faster, IssueState.FINAL)


def test_after_a_change_of_zone_nothing_that_was_mailed_is_new_again(desk: Desk) -> None:
    desk.tell("one", MET, "2024-12-10")
    mailed = desk.close(desk.compose())
    assert len(mailed.meeting_ids) == 1
    for week in ("2024-W50", "2024-W51"):
        assert desk.compose(week, zone="Asia/Shanghai").meeting_ids == ()


class Post:
    """A mail server's answers, one for each message, and what it was sent."""

    def __init__(self, *answers: DeliveryState) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []

    def __call__(self, message: EmailMessage, _smtp: SmtpSettings) -> SendResult:
        self.sent.append(message.as_bytes())
        return SendResult(self.answers.pop(0), "")


def other_program(ctx: IssueContext) -> Forms:
    return Forms(f"Written anew: {ctx.subject}", f"<p>Written anew: {ctx.subject}</p>")


SHORT, LEADERS = Choice(short=True), Choice(least_level=Rank.LEADER)
PUT_OFF, ACCEPTED, UNKNOWN = DeliveryState.PLANNED, DeliveryState.ACCEPTED, DeliveryState.UNKNOWN


@pytest.mark.parametrize("first", [PUT_OFF, UNKNOWN])
@pytest.mark.parametrize(
    ("planned", "now"),
    [(SHORT, SHORT), (SHORT, LEADERS), (SHORT, EVERYTHING), (EVERYTHING, SHORT), (EVERYTHING, EVERYTHING)],
    ids=["same choice", "another choice", "all after all", "a choice after all", "the whole issue"],
)
def test_a_message_is_sent_again_with_the_same_bytes_by_another_program(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, planned: Choice, now: Choice, first: DeliveryState
) -> None:
    """Also when the reader has changed their choice since: it goes under the same Message-ID."""
    desk.tell("one", MET, "2024-12-10")
    desk.close(desk.compose())
    post = Post(first, ACCEPTED, ACCEPTED, ACCEPTED)
    monkeypatch.setattr(delivering, "send", post)
    monkeypatch.setattr(issuing, "_variant", issuing._variant.__wrapped__)
    desk.deliver(Recipient("ann@example.org", choice=planned))
    monkeypatch.setattr(issuing, "render_forms", other_program)
    desk.deliver(Recipient("ann@example.org", choice=now), now=CLOSED_AT + HOUR)
    assert post.sent[0] == post.sent[1]
    desk.deliver(Recipient("ben@example.org", choice=planned))
    desk.deliver(Recipient("eve@example.org", choice=Choice(topics=("trade",))))
    assert [b"Written anew" in message for message in post.sent] == [False, False, False, True]
    assert desk.deliver(Recipient("ann@example.org", choice=SHORT)) is None


@pytest.mark.parametrize("several", [False, True], ids=["all want everything", "every other one wants it short"])
def test_what_is_asked_of_the_archive_does_not_grow_with_the_readers(desk: Desk, several: bool) -> None:
    desk.tell("one", MET, "2024-12-10")
    issue, counts = desk.close(desk.compose()), []
    for number in (2, 40):
        choices = [SHORT if several and each % 2 else EVERYTHING for each in range(number)]
        readers = [Recipient(f"{at}of{number}@example.org", choice=choice) for at, choice in enumerate(choices)]
        with statements(desk.archive) as asked, desk.archive.write() as session:
            delivering.plan_all(desk.settings, session, issue, readers, now=CLOSED_AT)
        counts.append(len(asked))
    assert counts[0] >= counts[1] > 0
    with desk.archive.read() as session:
        planned = [each.choice for each in deliveries.deliveries(session)]
    assert set(planned) == ({"", SHORT.key} if several else {""})
    assert len(planned) == 42


def test_the_variants_of_an_issue_are_read_once_for_all_messages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.tell("one", MET, "2024-12-10")
    issue = desk.close(desk.compose())
    readers = [Recipient(f"{at}@example.org", choice=(SHORT, LEADERS, EVERYTHING)[at % 3]) for at in range(9)]
    post = Post(*[ACCEPTED] * len(readers))
    monkeypatch.setattr(delivering, "send", post)
    with desk.archive.write() as session:
        delivering.plan_all(desk.settings, session, issue, readers, now=CLOSED_AT)
    with alone(desk.archive, "send") as lease, statements(desk.archive) as asked:
        report = delivering.send_due(
            desk.settings, desk.archive, issue, readers, NOBODY, lease=lease, sleep=lambda _seconds: None
        )
    assert report.accepted == len(post.sent) == len(readers)
    assert sum("FROM issue_variants" in statement for statement in asked) == 1
    bodies = [message_from_bytes(sent, policy=policy.default).get_body(("plain",)) for sent in post.sent]
    assert len({body.get_content() for body in bodies if body}) == 3


def test_an_article_that_the_rules_cannot_bear_holds_up_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(article: Article) -> Detection:
        if article.title == "Odd":
            raise ZeroDivisionError("a defect of ours")
        return detect(article)

    monkeypatch.setattr("flows.steps.detect", failing)
    store(desk.archive, "odd", title="Odd")
    store(desk.archive, "even", title="Ministers meet", paragraphs=(MET,))
    report = detect_new(desk.archive)
    assert (report.articles, len(report.new_meetings)) == (2, 1)
    assert "ZeroDivisionError" in caplog.text
    assert detect_new(desk.archive).articles == 0
    with desk.archive.read() as session:
        assert meetings.count_meetings(session) == 1
