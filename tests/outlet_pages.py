"""What a row of the table of outlets' pages is; the rows are in china_pages.py, vietnam_pages.py, third_party_pages.py.

The pages under tests/data/<outlet>/ were written for this project in the outlets' structure; no outlet's text is in
them. A row says by hand what is right; the golden record beside the page has the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from parsers.articles import extract_article
from parsers.records import Article, Entry, Kind, Side, Source

DATA = Path(__file__).parent / "data"
LISTED = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)


def source(outlet: str, side: Side, language: str, zone: str) -> Source:
    return Source(
        id=f"{outlet}-{language}",
        outlet=outlet,
        outlet_name=outlet.title(),
        side=side,
        language=language,
        zone=zone,
        kind=Kind.RSS,
        url=f"https://{outlet}.example/feed",
        interval=timedelta(hours=3),
    )


def chinese(outlet: str, language: str = "en") -> Source:
    return source(outlet, Side.CHINA, language, "Asia/Shanghai")


def vietnamese(outlet: str, language: str = "en") -> Source:
    return source(outlet, Side.VIETNAM, language, "Asia/Ho_Chi_Minh")


@dataclass(frozen=True)
class OutletPage:
    """`published` is ISO 8601 in the outlet's zone: with a time where the page gives one, else a bare day, else ''.

    `captions`: how many of the article's first paragraphs are captions.
    """

    file: str
    layout: str
    url: str
    source: Source
    title: str
    published: str
    captions: int = 0
    content_type: str | None = "text/html; charset=utf-8"

    @property
    def body(self) -> bytes:
        return (DATA / self.file).read_bytes()

    def extract(self, body: bytes | None = None) -> Article | None:
        return extract_article(
            self.body if body is None else body,
            url=self.url,
            content_type=self.content_type,
            source=self.source,
            entry=Entry(self.url, "Title in the feed"),
        )

    def article(self) -> Article:
        article = self.extract()
        assert article is not None
        return article
