"""One issue, the web archive and its search, out of 10,000 meetings and 100,000 articles of five years.

Each is timed in a process of its own, imports left out: an issue composed from the archive and rendered in all forms,
chart included (median of three); every page of the site; the site again when one more article has told of one more
meeting. Every closed week holds an issue as large as the one that is timed. Search is measured inside the page, from a
query to its results laid out.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import update

from archive import articles, issues, meetings
from archive.models import IssueRow
from archive.store import Archive
from bench import telling
from bench.big_archive import ZONE, fill
from meetings.detect import RULES_VERSION
from meetings.records import Detection, Status
from parsers.records import Side
from reports.week import Week, last_complete_week
from tests.browser import chromium

BUDGETS = {"issue_s": 2.0, "site_s": 60.0, "site_incremental_s": 5.0, "search_ms": 50.0, "mail_kb": 100.0}
ROUNDS, QUERIES = 3, 50

ISSUE = """
import gc, json, sys, time
from pathlib import Path
import matplotlib.backends.backend_agg, matplotlib.figure, matplotlib.font_manager
from flows.issuing import compose, message
from flows.settings import Settings
from flows.opening import open_archive
from flows.steps import load_catalogue
from reports.jsonform import context_to_dict
from reports.recipients import Recipient
from reports.week import parse_week
settings = Settings(home=Path(sys.argv[1]), zone=sys.argv[3])
gc.collect()  # what the imports left is theirs
started, spent = time.perf_counter(), time.process_time()
with open_archive(settings) as archive:
    issue = compose(settings, archive, load_catalogue(settings).sources, parse_week(sys.argv[2]))
seconds, cpu = time.perf_counter() - started, time.process_time() - spent
mail = message(settings, issue, Recipient("reader@example.org"))
html = next(part for part in mail.walk() if part.get_content_type() == "text/html")
print(json.dumps({"seconds": seconds, "cpu": cpu, "html": len(html.get_content().encode()), "subject": issue.subject,
    "context": context_to_dict(issue.context), "markdown": issue.forms.markdown, "page": issue.forms.html}))
"""

SITE = """
import json, resource, sys, time
from pathlib import Path
from flows.publishing import build_site
from flows.settings import Settings
started = time.perf_counter()
report = build_site(Settings(home=Path(sys.argv[1]), zone=sys.argv[2]))
seconds = time.perf_counter() - started
spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"seconds": seconds, "cpu": sum(each.ru_utime + each.ru_stime for each in spent),
    "files": report.files, "written": report.written}))
"""

# from the event to the frame after it: what a person waits for
ANSWER = """async (query) => {
  const field = document.getElementById("q");
  const started = performance.now();
  field.value = query;
  field.dispatchEvent(new Event("input", {bubbles: true}));
  document.body.getBoundingClientRect();
  return performance.now() - started;
}"""


def main() -> dict[str, object]:
    """The five figures, beside their budgets."""
    week = last_complete_week(dt.datetime.now(dt.UTC), ZONE)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        started = time.perf_counter()
        with Archive.open(home) as archive:
            fill(archive, last=week)
            print(f"an archive made in {time.perf_counter() - started:.0f} s")
            rounds = [run(ISSUE, home, week.label, ZONE.key) for _ in range(ROUNDS)]
            print(rounds[0]["subject"])
            print("an issue:", ", ".join(f"{each['seconds']:.2f} s ({each['cpu']:.2f} s of work)" for each in rounds))
            give_issues(archive, rounds[0])
            whole = run(SITE, home, ZONE.key)
            one_more(archive, week)
        again = run(SITE, home, ZONE.key)
        print(f"a site of {whole['files']} files in {whole['cpu']:.0f} s of work on all cores together")
        print(f"one more meeting: {again['written']} files, {again['cpu']:.1f} s of work")
        waits = answers(home / "site")
    found: dict[str, object] = {
        "issue_s": statistics.median(each["seconds"] for each in rounds),
        "site_s": whole["seconds"],
        "site_incremental_s": again["seconds"],
        "search_ms": statistics.quantiles(waits, n=20)[-1],
        "mail_kb": rounds[0]["html"] / 1000,
    }
    print("budgets:", ", ".join(f"{name} < {limit:g}" for name, limit in BUDGETS.items()))
    return found


def run(script: str, *arguments: object) -> dict[str, Any]:
    """What a script prints in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def give_issues(archive: Archive, made: Mapping[str, Any]) -> None:
    """Every closed week gets the forms of the issue that was made, about its own meetings."""
    with archive.read() as session:
        closed = [issues.get_issue(session, each.week, each.zone) for each in issues.closed_issues(session)]
    for issue in filter(None, closed):
        ids = zip(made["context"]["meetings"], issue.meeting_ids, strict=False)
        shown = [{**view, "id": id_} for view, id_ in ids]
        values = {
            "context": {**made["context"], "week": issue.week, "meetings": shown},
            "markdown": made["markdown"],
            "html": made["page"],
        }
        own = IssueRow.week == issue.week, IssueRow.zone == issue.zone
        with archive.write() as session:
            session.execute(update(IssueRow).where(*own).values(**values))


def one_more(archive: Archive, week: Week) -> None:
    """One more article tells of one more meeting in the week."""
    day = week.days()[0]
    event = telling.Event(
        day=day,
        status=Status.HELD,
        china=telling.holders(Side.CHINA, day.replace(day=1))[5],
        vietnam=telling.holders(Side.VIETNAM, day.replace(day=1))[7],
        city=telling.CITIES[0],
        forum=None,
        topics=("trade",),
        told_day=True,
    )
    article, told = telling.tell(
        random.Random(1), event, url="https://xinhua.example/one-more", language="en", side=Side.CHINA, published=day
    )
    now = dt.datetime.now(dt.UTC)
    with archive.write() as session:
        before = meetings.count_meetings(session)
        stored, _ = articles.add_article(session, replace(article, outlet="xinhua"), now=now)
        meetings.record_detection(session, stored, Detection("en", (told,)), rules_version=RULES_VERSION, now=now)
        assert meetings.count_meetings(session) == before + 1


def answers(site: Path) -> list[float]:
    """Milliseconds that the search page takes for each of many queries, typed letter by letter."""
    with chromium() as browser:
        page = browser.new_page()
        page.goto((site / "search" / "index.html").as_uri())
        page.wait_for_selector("form[data-ready]", timeout=60_000)
        waits = [page.evaluate(ANSWER, query) for query in queries()]
        assert page.locator("#results li").count(), "the last query finds nothing"
    print(f"search: median {statistics.median(waits):.1f} ms, slowest {max(waits):.1f} ms")
    return waits


def queries() -> list[str]:
    """Names, places, forums and dates, with marks, without, in Chinese, and one letter alone."""
    day = dt.date(2024, 12, 1)
    names = [
        person.written[language]
        for side in (Side.CHINA, Side.VIETNAM)
        for person in telling.holders(side, day)[:6]
        for language in telling.LANGUAGES
    ]
    others = ["a", "Hà Nội", "ha noi", "trade", "Lạng Sơn", "2024-12", "steering committee", "border 2023", "zzzz"]
    found = [*others, *names, "xi jinping hanoi", "Ho Chi Minh City railways", "習近平", "陈", "Kunming", "beijing"]
    return [*found[: QUERIES - 1], "Wang"]
