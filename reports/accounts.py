"""Each side's account of a meeting: its key sentences and sources, copies of one text counted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from archive.records import Mention, StoredMeeting
from parsers.records import Article, Side, Source
from reports import words
from reports.clean import one_line, safe_url
from reports.keysentences import KeySentence, key_sentences
from reports.records import AccountView, ArticleView, QuoteView

ARTICLES_LISTED = 6
QUOTES = 2
NAME_LIMIT = 80
TEXT_LIMIT = 200
QUOTE_LIMIT = 420

_GROUPS = (
    (Side.CHINA, "Beijing’s account"),
    (Side.VIETNAM, "Hanoi’s account"),
    (Side.OTHER, "Third parties"),
    (None, "Outlet not known"),
)


@dataclass(frozen=True, slots=True)
class Outlets:
    """What the catalogue says of outlets, by outlet id: names for people, and sides."""

    names: Mapping[str, str]
    sides: Mapping[str, Side]

    @classmethod
    def of(cls, sources: Sequence[Source]) -> Outlets:
        """The outlets of the catalogue's sources."""
        return cls({s.outlet: s.outlet_name for s in sources}, {s.outlet: s.side for s in sources})

    def name(self, article: Article) -> str:
        """The outlet's name, as the article gives it where the catalogue knows none; empty for an imported file."""
        return one_line(self.names.get(article.outlet or "", article.outlet or ""), NAME_LIMIT)

    def side(self, article: Article) -> Side | None:
        """Whose account the article is part of; None for an imported file."""
        return article.side or self.sides.get(article.outlet or "")


def ordered(mentions: Sequence[Mention]) -> list[Mention]:
    """English first, since the issue is; then as the archive numbered the articles."""
    return sorted(
        mentions, key=lambda mention: (mention.article.article.language not in ("en", None), mention.article.number)
    )


def accounts(stored: StoredMeeting, outlets: Outlets, zone: ZoneInfo, as_of: date | None) -> tuple[AccountView, ...]:
    """Beijing's and Hanoi's account always, third parties' and unknown outlets' where there are any."""
    by_side: dict[Side | None, list[Mention]] = {side: [] for side, _ in _GROUPS}
    for mention in ordered(stored.mentions):
        by_side[outlets.side(mention.article.article)].append(mention)
    missing = "No account found"
    if by_side[None]:
        missing += " among the articles whose outlet is known,"
    missing = f"{missing} as of {words.plain_day(as_of)}." if as_of else f"{missing.rstrip(',')}."
    return tuple(
        _account(side, label, by_side[side], missing, outlets, zone)
        for side, label in _GROUPS
        if by_side[side] or side in (Side.CHINA, Side.VIETNAM)
    )


def _account(
    side: Side | None, label: str, mentions: Sequence[Mention], missing: str, outlets: Outlets, zone: ZoneInfo
) -> AccountView:
    keys = key_sentences(mentions, limit=QUOTES)
    quoted = {key.mention.article.number for key in keys}
    sources = sorted(mentions, key=lambda mention: mention.article.number not in quoted)
    return AccountView(
        side=side.value if side else "unknown",
        label=label,
        quotes=_quotes(keys, outlets, zone),
        speakers=(),
        articles=tuple(article_view(mention, outlets, zone) for mention in sources[:ARTICLES_LISTED]),
        more=words.more(len(sources) - ARTICLES_LISTED, "article"),
        missing="" if mentions else missing,
    )


def _quotes(keys: Sequence[KeySentence], outlets: Outlets, zone: ZoneInfo) -> tuple[QuoteView, ...]:
    """One quotation an article; what was left out between its sentences is marked."""
    quotes = []
    for _, group in groupby(keys, key=lambda key: key.mention.article.number):
        first, *others = group
        text = one_line(first.text, QUOTE_LIMIT)
        before = first
        for key in others:
            gap = key.mention.article.article.text[before.end : key.start]
            text += (" […] " if gap.strip() else gap and " ") + one_line(key.text, QUOTE_LIMIT)
            before = key
        quotes.append(QuoteView(text, article_view(first.mention, outlets, zone)))
    return tuple(quotes)


def article_view(mention: Mention, outlets: Outlets, zone: ZoneInfo) -> ArticleView:
    """One article as a source."""
    stored, article = mention.article, mention.article.article
    url = safe_url(article.url)
    file_name = stored.old_name or PurePosixPath(stored.path or f"article {stored.number}").name
    language = article.language or ""
    return ArticleView(
        title=one_line(article.title, TEXT_LIMIT) or "Untitled",
        outlet=outlets.name(article),
        published=_published(article, zone),
        language=language,
        language_name=words.LANGUAGES.get(language, ""),
        url=url,
        file_name="" if url else one_line(file_name, TEXT_LIMIT),
    )


def _published(article: Article, zone: ZoneInfo) -> str:
    day = article.published_on or (article.published.astimezone(zone).date() if article.published else None)
    return words.short_day(day) if day else "undated"
