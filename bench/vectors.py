"""Payloads of script injection in every field of all that we write, opened in Chromium: no script may run.

The payloads are DOMPurify's (cure53/DOMPurify, test/fixtures/expect.mjs), read from a copy outside the project. Each
stands in every text of a meeting, its people, place, forum and topics, of its articles, outlets and sources, and once
more in every text of the finished records that the templates lay out, past all cleaning. What was written is opened as
a reader's program would open it: HTML as it is, Markdown through a CommonMark renderer with raw HTML off and on. Beside
scripts that run, markup that could run one (handlers, script addresses, frames) and requests count as `planted`.
"""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lxml import etree
from markdown_it import MarkdownIt
from playwright.sync_api import BrowserContext, Dialog, Page

from archive import articles, meetings
from archive.records import StoredMeeting
from archive.store import Archive
from flows.publishing import FOLDER, build_site
from flows.settings import Settings
from meetings.detect import detect
from meetings.records import Codes, Detection, Evidence, Forum, Place, Plover, Status, Topic
from meetings.tracing import Trace
from parsers.records import Article, InputError, Side, article_key
from reports.atom import export_atom
from reports.calendar_export import export_ics
from reports.clean import one_line, safe_url
from reports.explain_page import render_explanation
from reports.explanation import explain
from reports.export import export_csv
from reports.records import IssueContext
from reports.render import render_html, render_markdown
from reports.week import Week
from tests.browser import chromium
from tests.report_parts import meeting, mention, person, stored, stored_article
from tests.report_weeks import context, rich

TRAP = """
for (const name of ["alert", "confirm", "prompt", "print", "xss"])
  Object.defineProperty(window, name, {value: () => window.caught(name), writable: false});
"""
# the prototypes' own methods, since payloads put names such as `attributes` in their place
PLANTED = """() => {
  const [all, names, value] = [Document.prototype.querySelectorAll,
    Element.prototype.getAttributeNames, Element.prototype.getAttribute];
  const tag = Object.getOwnPropertyDescriptor(Element.prototype, "localName").get;
  const frames = "iframe frame object embed base applet portal isindex foreignobject".split(" ");
  const leads = /^(href|src|action|formaction|xlink:href|data|srcdoc|poster|background|srcset)$/i;
  const found = [];
  for (const element of all.call(document, "*")) {
    const called = tag.call(element).toLowerCase();
    const at = (name) => value.call(element, name) ?? "";
    if (frames.includes(called)) found.push(called);
    const ours = /^[./]*assets\\/(search\\/)?[\\w.-]+$/.test(at("src"));
    if (called === "script" && !ours) found.push(`script ${at("src")}`);
    if (called === "meta" && /refresh/i.test(at("http-equiv"))) found.push("refresh");
    for (const name of names.call(element)) {
      const runs = /^(java|vb|live)script:|^data:(?!image\\/png)/i.test(at(name).replace(/[\\u0000-\\u0020]/g, ""));
      if (/^on/i.test(name) || (runs && leads.test(name))) found.push(`${called} ${name}=${at(name).slice(0, 200)}`);
    }
  }
  return found;
}"""
# what pages of ours ask for, and what the trap itself does
OURS = ("file:", "data:image/png", "data:text/javascript,export", "cid:chart")
ADDRESSES = ("url", "page", "web")
# values of a vocabulary, by which templates choose what to lay out; nothing from outside comes in them
WORDS = ("side", "kind", "kinds", "told_by", "level", "channel", "week", "zone", "language")


@dataclass(slots=True)
class Caught:
    """What came of opening pages: how many, what ran and what could run, each with the page's name."""

    pages: int = 0
    executed: list[str] = field(default_factory=list)
    planted: list[str] = field(default_factory=list)


class Trap:
    """A browser that notes every script that runs."""

    def __init__(self, browser: BrowserContext, folder: Path) -> None:
        self.caught = Caught()
        self._folder = folder
        self._name = ""
        browser.expose_binding("caught", lambda _, name: self.caught.executed.append(f"{self._name}: {name}"))
        browser.add_init_script(TRAP)
        self._page = browser.new_page()
        self._page.on("dialog", self._note_dialog)
        self._page.on("pageerror", lambda error: self.caught.executed.append(f"{self._name}: {error}"))
        self._page.on("request", lambda request: self._note_request(request.url))

    def open(self, name: str, content: str, ending: str = "html") -> None:
        """Open text as a file of that ending."""
        file = self._folder / f"page.{ending}"
        file.write_text(content, encoding="utf-8", errors="surrogatepass" if ending == "txt" else "replace")
        self.visit(name, file)

    def visit(self, name: str, file: Path) -> Page:
        """Open a file; the page."""
        self._name = name
        self._page.goto(file.as_uri(), wait_until="load")
        self.caught.pages += 1
        self.look()
        return self._page

    def look(self) -> None:
        """Note what stands on the page at present and could run."""
        self.caught.planted += [f"{self._name}: {each}" for each in self._page.evaluate(PLANTED)]

    def evaluate(self, script: str, value: str) -> Any:
        """What a script of ours makes of a text, on an empty page."""
        self._page.goto("about:blank")
        return self._page.evaluate(script, value)

    def _note_dialog(self, dialog: Dialog) -> None:
        self.caught.executed.append(f"{self._name}: {dialog.message}")
        dialog.dismiss()

    def _note_request(self, url: str) -> None:
        if not url.startswith(OURS):
            self.caught.planted.append(f"{self._name}: request of {url[:200]}")


@contextmanager
def trap() -> Iterator[Trap]:
    """A trap with a folder of its own for what it opens."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser, browser.new_context() as own:
        yield Trap(own, Path(folder))


def payloads_of(browser: Trap, file: Path) -> tuple[str, ...]:
    """The payloads of a module that exports a list of objects, read as a browser reads it."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    text = text.replace("module.exports =", "export default", 1)
    found = browser.evaluate(
        "async (text) => (await import('data:text/javascript,' + encodeURIComponent(text))).default", text
    )
    return tuple(str(each["payload"]) for each in found)


def hostile_meeting(number: int, text: str) -> StoredMeeting:
    """A meeting of which every text is `text`; its day, number and status make it one of many in a week."""
    statuses = (Status.HELD, Status.HELD, Status.ANNOUNCED, Status.CANCELLED)
    base = meeting(
        f"m-{text}",
        "2024-12-10" if number % 2 else None,
        [person(text, text, text), person(None, text)],
        [person(f"{text}{number}", text, text)],
        status=statuses[number % 4],
        place=Place(text, text, text),
        forum=Forum(text, number),
    )
    topic = Topic(text, Evidence(text, text, 0, len(text)))
    base = replace(base, topics=(topic,), codes=Codes(text, Plover(text, text, (text,))))
    article = stored_article(number, None, None, "2024-12-11", text, f"{text} they said.", "Marker stands here.")
    article = replace(article, path=text, old_name=text)
    plain = replace(article.article, outlet=text, source_id=text, method=text, language=text)
    addresses = (f"javascript:alert({number})//{text}", text, f"https://news.example/{text}", f"https://{text}/")
    sides = (Side.CHINA, Side.VIETNAM, Side.CHINA, None)
    mentions = []
    for at, (url, side) in enumerate(zip(addresses, sides, strict=True)):
        told = replace(article, number=number * 10 + at, article=replace(plain, url=url, side=side))
        mentions.append(mention(base, told, {"date": "Marker", "china": "they said"}, {}))
    return stored(base, *(replace(each, meeting=replace(each.meeting, topics=(topic,))) for each in mentions))


def filled(record: Any, text: str) -> Any:
    """The same record with `text` for every text in it; addresses hold it as far as one may."""
    if type(record) is str:
        return one_line(text)
    if isinstance(record, (tuple, list)):
        return type(record)(filled(each, text) for each in record)
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        return record
    changed: dict[str, Any] = {}
    for each in dataclasses.fields(record):
        value = getattr(record, each.name)
        if each.name in ADDRESSES:
            changed[each.name] = value and safe_url(f"https://news.example/{text}")
        elif each.name not in WORDS:
            changed[each.name] = filled(value, text)
    return replace(record, **changed)


def small(ctx: IssueContext) -> IssueContext:
    """An issue of few meetings with all parts, so that its HTML leaves nothing out."""
    meeting = replace(ctx.meetings[0], accounts=ctx.meetings[0].accounts[:2])
    return replace(ctx, meetings=(meeting,), late=(), ahead=ctx.ahead[:1], health=ctx.health[:1])


def open_all(browser: Trap, payloads: Sequence[str]) -> None:
    """Everything that we write, with each payload in it."""
    finished = small(rich())
    for number, text in enumerate(payloads, start=1):
        told = [hostile_meeting(number * 4 + at, text) for at in (1, 2)]
        written = context(told, Week(2024, 50), "2024-12-16T00:00", articles_read=1)
        for form, ctx in (("read", written), ("finished", filled(finished, text))):
            open_issue(browser, f"{form} {number}", ctx)
        open_explanation(browser, f"explain {number}", text)
        open_feed(browser, f"feed {number}", told)
        check_tables(told)


def open_issue(browser: Trap, name: str, ctx: IssueContext) -> None:
    """An issue as HTML, and as Markdown through a renderer with raw HTML off and on."""
    browser.open(f"{name} html", render_html(ctx))
    markdown = render_markdown(ctx)
    bodies = [MarkdownIt("commonmark", {"html": raw}).enable("table").render(markdown) for raw in (False, True)]
    browser.open(f"{name} markdown", f"<!doctype html><meta charset=utf-8>{'<hr>'.join(bodies)}")


def open_explanation(browser: Trap, name: str, text: str) -> None:
    """The page of `meetings explain`, of an article with the payload around a meeting."""
    said = "Chinese Foreign Minister Wang Yi met Vietnamese Foreign Minister Bui Thanh Son in Beijing on Tuesday."
    article = Article("0" * 16, text, (f"{text} {said} {text}", text))
    trace: Trace = []
    explanation = explain(text, article, detect(article, trace=trace), trace)
    browser.open(name, render_explanation(explanation))
    browser.open(f"{name} finished", render_explanation(filled(explanation, text)))


def open_feed(browser: Trap, name: str, told: Sequence[StoredMeeting]) -> None:
    """The Atom feed as a document, and every text of it as a feed reader shows it."""
    feed = export_atom(told)
    browser.open(name, feed, "xml")
    root = etree.fromstring(feed.encode())
    shown = [_shown(each) for each in root.iter("{*}title", "{*}summary", "{*}content", "{*}name")]
    links = [f'<a href="{html.escape(value)}">link</a>' for value in root.xpath("//@href")]
    page = "".join(f"<p>{each}" for each in (*links, *shown))
    browser.open(f"{name} shown", f"<!doctype html><meta charset=utf-8>{page}")


def _shown(element: Any) -> str:
    """RFC 4287 §3.1.1: text is to be escaped by the reader, html is markup already."""
    text = "".join(element.itertext())
    return text if element.get("type") == "html" else html.escape(text)


def open_site(browser: Trap, payloads: Sequence[str]) -> None:
    """Every page of the web archive of all these meetings, and all that its search lays out."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        catalogue = home / "sources.toml"
        catalogue.write_text("".join(_source(at, text) for at, text in enumerate(payloads)), encoding="utf-8")
        settings = Settings(home=home / "data", sources_file=catalogue)
        with Archive.open(settings.home) as archive:
            for number, text in enumerate(payloads):
                _store(archive, hostile_meeting(number * 4 + 1, text), f"outlet-{number}")
        build_site(settings)
        site = settings.home / FOLDER
        for file in sorted(site.rglob("*.html")):
            browser.visit(file.relative_to(site).as_posix(), file)
        page = browser.visit("search", site / "search" / "index.html")
        page.wait_for_selector("form[data-ready]")
        while page.locator("#more").is_visible():
            page.locator("#more").click()
        assert page.locator("#results li").count() >= len(payloads) / 2, "the search lays out too little"
        for text in payloads:
            page.locator("#q").fill(text)
        browser.look()


def _source(number: int, text: str) -> str:
    """A source of an outlet of that name; in TOML a basic string is written as in JSON."""
    clean = json.dumps(one_line(text, 200) or "none", ensure_ascii=True)
    return (
        f'[[source]]\nid = "source-{number}"\noutlet = "outlet-{number}"\noutlet_name = {clean}\nside = "china"\n'
        f'language = "en"\nzone = "UTC"\nkind = "rss"\nurl = "https://outlet-{number}.example/feed"\n'
        f'interval = "3h"\nnote = {clean}\n\n'
    )


def _store(archive: Archive, told: StoredMeeting, outlet: str) -> None:
    """Keep a meeting as its articles tell it, half of them by an outlet of the catalogue."""
    with archive.write() as session:
        for at, each in enumerate(told.mentions):
            key = article_key(f"{outlet} {at}")
            article = replace(each.article.article, key=key, outlet=outlet if at % 2 else each.article.article.outlet)
            kept, _ = articles.add_article(session, article, now=told.first_seen)
            found = Detection("en", (replace(each.meeting, id=""),))
            meetings.record_detection(session, kept, found, rules_version="vectors", now=told.first_seen)


def check_tables(told: Sequence[StoredMeeting]) -> None:
    """No cell of the CSV is a formula, and no line of the calendar was put there by a text."""
    for row in csv.reader(io.StringIO("".join(export_csv(told)))):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell[:100]
    lines = export_ics(told).replace("\r\n ", "").splitlines()
    assert len({line for line in lines if line.startswith("BEGIN:")}) <= 2, "a component that is none of ours"


def control(browser: Trap, payloads: Iterable[str]) -> int:
    """How many payloads the trap catches when nothing is escaped: it must not be blind."""
    before = browser.caught
    seen = 0
    for number, text in enumerate(payloads):
        browser.caught = Caught()
        browser.open(f"control {number}", f"<!doctype html><body><p>{text}</p><a href='{quote(text)}'>x</a>")
        seen += bool(browser.caught.executed or browser.caught.planted)
    browser.caught = before
    return seen


def main(file: str) -> dict[str, object]:
    """How many payloads on how many pages, what ran, what could, and how many the trap sees unescaped."""
    with trap() as browser:
        payloads = payloads_of(browser, Path(file))
        open_all(browser, payloads)
        open_site(browser, payloads)
        caught = browser.caught
        seen = control(browser, payloads)
    for line in dict.fromkeys((*caught.executed, *caught.planted)):
        print(line)
    return {
        "payloads": len(payloads),
        "pages": caught.pages,
        "unescaped": seen,
        "planted": len(caught.planted),
        "executed": len(caught.executed),
    }
