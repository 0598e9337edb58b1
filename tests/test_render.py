from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from archive.records import StoredMeeting
from meetings.records import Forum, Status
from parsers.records import AlarmKind, Outcome, SourceState
from reports import words
from reports.clean import one_line
from reports.context import build_context
from reports.records import IssueContext
from reports.render import HTML_LIMIT, escape_markdown, render_forms, render_html, render_markdown, with_chart, wrap
from reports.select import select_issue
from reports.views import headline
from reports.week import Week
from tests.hostile_samples import HOSTILE_TEXTS, hostile
from tests.report_catalogue import SOURCES, STATES, at
from tests.report_parts import FIRST_RUN, HANOI
from tests.report_samples import dialogue, imported
from tests.report_weeks import context, quiet, rich, rich_meetings

GOLDEN = Path(__file__).parent / "data" / "issues"
WEEKS = {"rich": rich, "quiet": quiet, "hostile": hostile}
# set once in an issue as an address, an id or a switch, not as words to read
NOT_SHOWN = {"id", "subject", "side", "language", "language_name", "back", "url", "zone", "web", "page"}
NOT_SHOWN |= {"level", "channel", "topic_ids", "visit", "meeting_id", "meeting_ids", "told_by", "gaps"}
BLOCKS = {"html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "th", "img"}
ELEMENTS = BLOCKS | {"h1", "h2", "h3", "h4", "p", "strong", "span", "a", "s"}
ATTRIBUTES = {"role", "class", "style", "width", "height", "cellpadding", "cellspacing", "align", "href", "lang"}
ATTRIBUTES |= {"valign", "src", "alt", "scope", "colspan"}


def facts(part: object) -> Iterator[str]:
    """Every text of a context that a reader is to see."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from facts(each)
    elif is_dataclass(part):
        for field in fields(part):
            if field.name not in NOT_SHOWN:
                yield from facts(getattr(part, field.name))


def read(text: str) -> str:
    return " ".join(text.split())


def markdown_page(text: str) -> BeautifulSoup:
    """As a CommonMark parser with GitHub's tables and strikethrough shows it."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    assert "html" not in {token.type.partition("_")[0] for token in parser.parse(text)}
    return BeautifulSoup(parser.render(text), "html.parser")


def html_text(html: str) -> str:
    """What an HTML form says, its pictures by their text."""
    page = BeautifulSoup(html, "html.parser")
    return read(page.get_text() + " ".join(str(picture["alt"]) for picture in page.find_all("img")))


def links(page: BeautifulSoup) -> list[str]:
    return [str(link["href"]) for link in page.find_all("a")]


@pytest.mark.parametrize("form", ["md", "html"])
@pytest.mark.parametrize("name", WEEKS)
def test_golden_issues(name: str, form: str, update_golden: bool) -> None:
    render: dict[str, Callable[[IssueContext], str]] = {"md": render_markdown, "html": render_html}
    rendered = render[form](WEEKS[name]())
    golden = GOLDEN / f"{name}.{form}"
    if update_golden:
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


def alone(part: str, at: int) -> IssueContext:
    """The hostile week with one of its meetings, short enough for the HTML to show all of it."""
    ctx = hostile()
    return dataclasses.replace(
        ctx,
        meetings=ctx.meetings[at : at + 1] if part == "meetings" else (),
        ahead=ctx.ahead[at : at + 1] if part == "ahead" else (),
    )


@pytest.mark.parametrize(
    "ctx",
    [
        pytest.param(rich(), id="rich"),
        pytest.param(quiet(), id="quiet"),
        *(pytest.param(alone("meetings", at), id=f"hostile meeting {at}") for at in range(9)),
        *(pytest.param(alone("ahead", at), id=f"hostile ahead {at}") for at in range(3)),
    ],
)
def test_all_forms_hold_the_same_facts(ctx: IssueContext) -> None:
    forms = render_forms(ctx)
    seen = {
        "markdown": read(markdown_page(forms.markdown).get_text()),
        "html": html_text(forms.html),
    }
    for fact in facts(ctx):
        for form, text in seen.items():
            assert read(fact) in text, f"{fact!r} is not in the {form}"


def test_markdown_and_html_link_the_same_addresses() -> None:
    forms = render_forms(rich())
    in_html = set(links(BeautifulSoup(forms.html, "html.parser")))
    assert in_html == set(links(markdown_page(forms.markdown)))
    assert len(in_html) == 28
    assert all(address in forms.markdown for address in in_html)


@pytest.mark.parametrize("name", WEEKS)
def test_no_form_holds_a_control_or_bidi_character(name: str) -> None:
    forms = render_forms(WEEKS[name]())
    for text in (forms.markdown, forms.html):
        odd = {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - set("\n\u200d")
        assert not odd
        assert not re.search(r"[ \t]$|\n\n\n", text, re.MULTILINE)
        text.encode()


@pytest.mark.parametrize("name", WEEKS)
def test_html_has_only_harmless_elements_and_links(name: str) -> None:
    html = render_html(WEEKS[name]())
    page = BeautifulSoup(html, "html.parser")
    assert {tag.name for tag in page.find_all(True)} <= ELEMENTS
    assert (
        {attribute for tag in page.body.find_all(True) for attribute in tag.attrs} <= ATTRIBUTES if page.body else False
    )
    assert all(address.startswith("https://") for address in links(page))
    assert "<script" not in html
    assert len(html.encode()) < HTML_LIMIT


def test_markdown_of_a_hostile_week_has_no_markup_but_ours() -> None:
    page = markdown_page(render_markdown(hostile()))
    allowed = {"h1", "h2", "h3", "h4", "h5", "p", "ul", "li", "strong", "em", "a", "blockquote"}
    assert {tag.name for tag in page.find_all(True)} <= allowed
    assert all(re.fullmatch(r"https://news\.example/[^<>\"'()\[\]\s]*", address) for address in links(page))
    headings = {tag.get_text() for tag in page.find_all(["h1", "h2"])}
    assert headings == {
        "China–Viet Nam Meetings: 9–15 December 2024",
        "Meetings of the week",
        "Ahead",
        "Forums that meet regularly",
        "What this issue rests on",
    }


@given(st.sampled_from(sorted(HOSTILE_TEXTS.values())) | st.text(max_size=60))
def test_escaped_markdown_reads_as_it_was_written(text: str) -> None:
    line = one_line(text)
    for source, shown in ((f"{escape_markdown(line)}", line), (f"> “{escape_markdown(line)}”", f"“{line}”")):
        page = markdown_page(source)
        assert not page.find_all(["a", "em", "strong", "code", "h1", "li", "s", "img", "table", "hr"])
        assert read(page.get_text()) == read(shown)


@given(
    st.lists(
        st.sampled_from(["-", "+", "#", "1.", "2024.", "=", "===", "---", ":-", "|", "word", "会" * 30, "_x_", "\\"])
    )
    | st.lists(st.text(min_size=1, max_size=20), max_size=30)
)
def test_wrapped_markdown_reads_as_on_one_line(words: list[str]) -> None:
    line = one_line(" ".join(["begun", *words] * 5))
    for prefix, first in (("", None), ("  ", "- "), ("> ", None)):
        wrapped = markdown_page(wrap(escape_markdown(line), prefix, first))
        assert read(wrapped.get_text()) == read(line)
        assert not wrapped.find_all(["h1", "h2", "table", "ol", "code", "em", "hr"])
        assert len(wrapped.find_all(["p", "li"])) == 1


def test_every_address_of_the_markdown_is_told_once_below_its_part() -> None:
    text = render_markdown(rich())
    told = re.findall(r"^\[(\d+)\]: (\S+)$", text, re.MULTILINE)
    assert [int(number) for number, _ in told] == list(range(1, len(told) + 1))
    assert len({address for _, address in told}) == len(told)
    assert set(re.findall(r"\]\[(\d+)\]", text)) == {number for number, _ in told}
    assert (
        max(len(line) for line in text.splitlines() if line.isascii() and "http" not in line and line[0:1] != "#") <= 78
    )


def test_the_chart_stands_where_the_form_says() -> None:
    html = render_html(rich())
    assert html.count('src="cid:chart"') == 1
    assert 'src="chart.png"' in with_chart(html, "chart.png")
    assert "cid:" not in with_chart(html, "chart.png")
    assert "<img" not in render_html(quiet())


def test_github_finds_no_address_to_link_in_escaped_text() -> None:
    escaped = escape_markdown("see www.phish.example, http://phish.example and user@phish.example")
    assert escaped == r"see www\.phish.example, http\://phish.example and user\@phish.example"


def many(number: int, web: str) -> IssueContext:
    """An issue of as many meetings, each with a long comparison."""
    ctx = rich()
    pattern = ctx.meetings[1]
    compared = dataclasses.replace(pattern.comparison, rows=(pattern.comparison.rows * 3)[:12])
    numbered = tuple(
        dataclasses.replace(pattern, headline=f"Meeting {index:04d} begins", visit="", page=web, comparison=compared)
        for index in range(number)
    )
    return dataclasses.replace(ctx, meetings=numbered, late=(), web=web)


@pytest.mark.slow
@pytest.mark.parametrize("web", ["https://archive.example", ""], ids=["on the web", "no web"])
@pytest.mark.parametrize(
    ("number", "notice"),
    [
        pytest.param(2, None, id="all in full"),
        pytest.param(5, r"(\d+) more {where}", id="comparisons cut"),
        pytest.param(40, r"(\d+) of 40 meetings are not shown in full here\. {all} has them all\.", id="some short"),
        pytest.param(900, r"(\d+) more {where}", id="some left out"),
    ],
)
def test_what_does_not_fit_into_the_html_is_counted_there_and_stands_in_the_text(
    number: int, notice: str | None, web: str
) -> None:
    ctx = many(number, web)
    html, text = render_html(ctx), render_markdown(ctx)
    assert len(html.encode()) < HTML_LIMIT
    assert "more in the" not in text
    shown = len(set(re.findall(r"Meeting \d{4} begins", html)))
    assert len(set(re.findall(r"Meeting \d{4} begins", text))) == number
    page = html_text(html)
    if notice is None:
        assert not re.search(r"more (on|in) the|has them all", page)
        return
    where, all_ = (r"on the web\.", "The web") if web else (r"in the text part of this mail\.", "The text part")
    found = re.search(notice.format(where=where, all=all_), page)
    assert found is not None
    if "all" in notice:
        assert shown == number
        assert html.count("Beijing’s account") == number - int(found[1])
    elif number == shown:
        rows = sum(len(view.comparison.rows) for view in ctx.meetings)
        assert html.count("compare-row") + int(found[1]) * number == rows
    else:
        assert int(found[1]) == number - shown


def test_rows_that_do_not_fit_are_counted() -> None:
    ctx = rich()
    crowded = dataclasses.replace(ctx, ahead=ctx.ahead * 200, settled=ctx.settled * 8, health=ctx.health * 5)
    page = html_text(render_html(crowded))
    assert {int(number) for number in re.findall(r"(\d+) more on the web\.", page)} == {388, 4, 3, 2}


def test_the_rich_week_says_what_happened() -> None:
    ctx = rich()
    assert ctx.subject == (
        "Wang Yi and 2 others meet Bui Thanh Son and 2 others in Beijing, and 7 more"
        " · China–Viet Nam Meetings, 9–15 December 2024"
    )
    assert [view.headline for view in ctx.meetings] == [
        "Wang Yi and 2 others meet Bui Thanh Son and 2 others in Beijing",
        "Wang Yi meets Bui Thanh Son in Beijing",
        "Liang Bo meets Bui Thanh Son in Guangzhou",
        "Li Wenhai speaks by phone with Tran Minh Duc",
        "Zhao Liming meets Nguyen Thu Ha in Vientiane",
        "He Wei meets Le Quang Vinh in Hanoi",
        "Chen Guoping meets a delegation of Mong Cai’s border guard in Dongxing",
    ]
    steering = ctx.meetings[1]
    assert steering.forum == "China-Vietnam Steering Committee for Bilateral Cooperation, 16th session"
    beijing, hanoi = steering.accounts
    assert "railways across the border" in beijing.quotes[0].text
    assert "differences in the East Sea" in hanoi.quotes[0].text
    assert [view.how for view in ctx.meetings][3] == "Held by phone"
    assert ctx.meetings[3].accounts[0].missing == "No account found as of 16 December 2024."
    imported = ctx.meetings[5].accounts
    assert imported[0].missing == ("No account found among the articles whose outlet is known, as of 16 December 2024.")
    assert imported[2].articles[0].url is None
    assert imported[2].articles[0].file_name.startswith("021_")
    assert ctx.sources_line == "5 of 8 sources are well; 1 fall-back stands by."
    assert [(row.name, row.words, row.since, row.meaning) for row in ctx.health] == [
        (
            "Chinese Foreign Ministry (mfa-zh)",
            "no answer in time",
            "since 12 December 2024, 12:00",
            "nothing from it since 12 December 2024, 09:00; mfa-google stands in for it",
        ),
        (
            "Báo Quảng Ninh (baoquangninh-vi)",
            "answer was not a feed",
            "since 2 December 2024, 09:00",
            "nothing from it yet",
        ),
        ("Lao News Agency (kpl-en)", "never polled", "", "nothing from it yet"),
    ]


def test_a_quiet_week_is_short_and_says_so() -> None:
    ctx = quiet()
    assert ctx.subject == "No meetings reported · China–Viet Nam Meetings, 16–22 December 2024"
    assert ctx.lead.startswith("No meeting between officials of China and Viet Nam is known for this week.")
    assert "3 of 8 sources are not well, so something may be missing." in ctx.lead
    assert len(render_markdown(ctx).splitlines()) < 25


@pytest.mark.parametrize(
    ("answering", "sentence"),
    [(0, ""), (1, "The one source is well."), (2, "All 2 sources are well.")],
)
def test_a_quiet_week_says_whether_that_may_be_for_want_of_sources(answering: int, sentence: str) -> None:
    selection = select_issue(
        (), week=Week(2024, 51), zone=HANOI, closed=(), first_run=FIRST_RUN, as_of=at("2024-12-23T00:00")
    )
    ctx = build_context(selection, sources=SOURCES[:answering], states=STATES, articles_read=0)
    assert ctx.lead == f"No meeting between officials of China and Viet Nam is known for this week. {sentence}".strip()


def test_a_week_in_which_no_source_answered_says_so_in_the_subject() -> None:
    selection = select_issue(
        (), week=Week(2024, 51), zone=HANOI, closed=(), first_run=FIRST_RUN, as_of=at("2024-12-23T00:00")
    )
    failed = {
        item.id: SourceState(item.id, Outcome.TIMEOUT, since=at("2024-12-16T00:00"), failures=1) for item in SOURCES[1:]
    }
    ctx = build_context(selection, sources=SOURCES, states=failed, articles_read=0)
    assert ctx.subject.startswith("No source answered · ")
    assert len(ctx.health) == len(SOURCES)


@pytest.mark.parametrize("chosen", [(), (imported(),)], ids=["fresh", "only imported"])
def test_an_archive_that_never_polled_says_so_once_and_lists_no_source(chosen: Sequence[StoredMeeting]) -> None:
    selection = select_issue(
        chosen, week=Week(2024, 50), zone=HANOI, closed=(), first_run=FIRST_RUN, as_of=at("2024-12-16T00:00")
    )
    ctx = build_context(selection, sources=SOURCES, states={}, articles_read=0)
    assert (ctx.sources_line, ctx.health) == ("No source has been polled yet.", ())
    assert ctx.lead.endswith("No source has been polled yet.") is not bool(chosen)
    assert ctx.subject.startswith("No source has been polled yet · ") is not bool(chosen)


def test_a_meeting_at_which_nobody_is_named_goes_by_its_forum() -> None:
    forum = Forum("3+3 Strategic Dialogue", 1)
    nobody = dataclasses.replace(dialogue().meeting, china=(), vietnam=(), forum=forum)
    assert headline(nobody) == "3+3 Strategic Dialogue, 1st session in Beijing"
    assert headline(dataclasses.replace(nobody, status=Status.CANCELLED)).endswith("called off")


def test_a_back_issue_does_not_depend_on_when_it_is_written() -> None:
    first_run = at("2025-06-01T00:00")
    one, other = (
        context(rich_meetings(), Week(2024, 50), moment, articles_read=3, first_run=first_run)
        for moment in ("2025-06-01T00:00", "2026-01-01T00:00")
    )
    assert one == other
    assert one.standing.startswith("Back issue")
    assert one.health == ()
    assert "as of" not in render_markdown(one)


def test_a_late_report_alone_is_named_in_the_subject() -> None:
    late = [each for each in rich_meetings() if each.meeting.id == "m-late"]
    ctx = context(late, Week(2024, 50), "2024-12-16T00:00")
    assert ctx.subject.startswith("Late report: Sun Jie meets Pham Hong Lan in Ho Chi Minh City ·")


def test_every_outcome_and_every_alarm_has_words() -> None:
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.ALARMS) == set(AlarmKind) - {AlarmKind.FAILING}
