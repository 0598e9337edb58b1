"""`meetings explain`: marks, fields with their rules, rejections with reasons; on the terminal and as a page."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from meetings.detect import detect
from meetings.tracing import Step, Trace
from parsers.records import Article, Dialect
from parsers.seedfile import Seed, seed_article, write_seed
from reports.explain_page import render_explanation
from reports.explanation import Explanation, explain
from tests.browser import chromium
from tests.commandline import SEEDS, Meetings
from tests.gold_score import GOLD
from tests.meeting_articles import article
from tests.test_digest_browser import TOO_FAINT

SEED = "000_b277efd025430153.txt"
ARTICLES = {
    "seed": SEEDS / SEED,
    "several meetings": GOLD / "g1-004.txt",
    "told only": GOLD / "g1-009.txt",
    "phone, vietnamese": GOLD / "g4-007.txt",
}


def explained(given_article: Article, name: str = "x.txt") -> Explanation:
    trace: Trace = []
    return explain(name, given_article, detect(given_article, trace=trace), trace)


def of_file(path: Path) -> Explanation:
    return explained(seed_article(path.read_bytes(), name=path.name), path.name)


def steps(text: str, published: str = "2024-05-04") -> list[Step]:
    trace: Trace = []
    detect(article("News", text, published), trace=trace)
    return trace


REJECTIONS = [
    pytest.param(
        "Chinese President Xi Jinping may meet Vietnamese President To Lam in Beijing.",
        "meet",
        "only wished for, guessed at or denied",
        id="a wish",
    ),
    pytest.param(
        "China and Vietnam agree. Since Xi Jinping met Vietnamese President To Lam in 2024, trade has grown.",
        "met",
        "words around it show that it is the past, not the news",
        id="the past",
    ),
    pytest.param(
        "Wang Yi of China met Vietnamese spokesperson Pham Thu Hang in Hanoi on May 3, 2024.",
        "Vietnamese spokesperson Pham Thu Hang",
        "no office told or known that represents the state",
        id="a spokesperson",
    ),
    pytest.param(
        "Chinese Foreign Minister Wang Yi met Lao Foreign Minister Saleumxay Kommasith. Vietnam was not there.",
        "met",
        "who is met is of another country",
        id="another country",
    ),
    pytest.param(
        "Xi Jinping sent a message of congratulations on the meeting with Vietnamese President To Lam in Hanoi.",
        "meeting with",
        "the sentence is about a message, not about talks",
        id="a message",
    ),
]


@pytest.mark.parametrize(("text", "words", "reason"), REJECTIONS)
def test_a_rejection_is_noted_with_its_words_and_reason(text: str, words: str, reason: str) -> None:
    told = article("News", text, "2024-05-04").text
    assert (words, reason) in [(told[s.start : s.end], s.reason) for s in steps(text) if not s.kept]


def test_a_trace_changes_nothing() -> None:
    for path in ARTICLES.values():
        read = seed_article(path.read_bytes(), name=path.name)
        assert detect(read, trace=[]) == detect(read)


def test_every_meeting_has_one_step_for_its_day_and_one_for_its_place() -> None:
    for path in sorted(GOLD.glob("g1-*.txt")):
        trace: Trace = []
        found = detect(seed_article(path.read_bytes(), name=path.name), trace=trace)
        for subject in ("date", "place"):
            kept = [step.kept for step in trace if step.subject == subject]
            told = [m.date if subject == "date" else m.place.country for m in found.meetings]
            assert kept == [value is not None for value in told], path.name


def test_rules_of_a_trace_exist() -> None:
    for path in ARTICLES.values():
        trace: Trace = []
        detect(seed_article(path.read_bytes(), name=path.name), trace=trace)
        for step in trace:
            module, *names = step.rule.split(".")
            found: object = importlib.import_module(f"meetings.{module}")
            for name in names:
                found = getattr(found, name)
            assert callable(found)


def test_the_pieces_are_the_text_and_each_mark_opens_and_closes() -> None:
    for path in ARTICLES.values():
        shown = of_file(path)
        read = seed_article(path.read_bytes(), name=path.name)
        told = ["".join(piece.text for piece in paragraph) for paragraph in shown.paragraphs]
        assert told == [line for line in read.text.split("\n") if line.strip()]
        for paragraph in shown.paragraphs:
            assert sum(p.opens for p in paragraph) == sum(len(p.labels) for p in paragraph)


def test_a_meeting_is_told_field_by_field_with_words_and_rule() -> None:
    first, second = of_file(SEEDS / SEED).meetings
    facts = {fact.name: fact for fact in first.facts}
    assert facts["China"].words == ("Wang",)
    assert facts["China"].why == "a name of officials.toml"
    assert facts["day"].value == "2024-12-10, from the weekday named in the text"
    assert facts["place"].rule == "wheres.Compass._told"
    assert facts["forum"].value == "Steering Committee for Bilateral Cooperation, no. 16"
    assert {fact.name: fact for fact in second.facts}["place"].why == "told with the article's main meeting"


@given(st.text(max_size=200), st.text(max_size=400))
def test_any_text_can_be_explained_and_shown(title: str, body: str) -> None:
    render_explanation(explained(article(title, f"China and Vietnam. {body}")))


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_escapes_the_article_and_needs_nothing_else() -> None:
    markup = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    hostile = f"{markup} \x1b[31m Wang Yi met To Lam in \u202eHanoi, Vietnam & China."
    page = render_explanation(explained(article(hostile, hostile), 'a"<b>.txt'))
    read = _Texts()
    read.feed(page)
    assert {"script", "img", "link", "iframe"}.isdisjoint(read.tags)
    assert "<script>alert(1)</script>" in read.text
    assert "http" not in page.replace("http-equiv", "")
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_command_prints_marks_that_need_no_colour(meetings: Meetings) -> None:
    ran = meetings("explain", SEEDS / SEED)
    assert ran.code == 0
    assert "[Beijing]P1,2" in ran.out
    assert "[called on]X2" in ran.out
    assert "no official of Viet Nam stands with these words" in ran.out
    assert "\x1b" not in ran.out


def test_the_command_writes_a_page(meetings: Meetings, tmp_path: Path) -> None:
    ran = meetings("explain", SEEDS / SEED, "--html", tmp_path / "page.html")
    assert (ran.code, ran.out.strip()) == (0, str(tmp_path / "page.html"))
    assert "<h2>Meeting 2</h2>" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_terminal_is_not_disturbed(meetings: Meetings, tmp_path: Path) -> None:
    seed = Seed("China \x1b[2J Vietnam", None, ("Wang Yi met To Lam in \x1b]0;x\x07 Hanoi.",), Dialect.LABELLED)
    path = tmp_path / "x.txt"
    path.write_bytes(write_seed(seed))
    assert "\x1b" not in meetings("explain", path).out


WRONG = [
    pytest.param(("missing.txt",), "does not exist", id="missing"),
    pytest.param((".",), "is a folder", id="folder"),
    pytest.param((SEEDS / SEED, "--html", "nowhere/page.html"), "cannot be written", id="page nowhere"),
]


@pytest.mark.parametrize(("arguments", "sentence"), WRONG)
def test_wrong_input_is_one_sentence(meetings: Meetings, arguments: tuple[str | Path, ...], sentence: str) -> None:
    ran = meetings("explain", *arguments)
    assert ran.code == 2
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("name", ARTICLES)
def test_a_page_fits_and_can_be_read(browser: Browser, name: str, width: int, scheme: Scheme) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_content(render_explanation(of_file(ARTICLES[name])))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(TOO_FAINT) == []
    page.close()
