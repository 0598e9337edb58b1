"""Each side's account of a meeting: its key sentences and sources, copies of one text counted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from archive.records import Mention, StoredArticle, StoredMeeting
from meetings.records import Status
from parsers.records import Article, Side, Source
from reports import words
from reports.clean import one_line, safe_url
from reports.keysentences import KeySentence, key_sentences
from reports.records import AccountView, ArticleView, CopyView, QuoteView, SpeakerView
from reports.speakers import speakers
from reports.tellings import KEPT, telling

ARTICLES_LISTED = 6
QUOTES = 2
NAME_LIMIT = 80
TEXT_LIMIT = 200

_GROUPS = (
    (Side.CHINA, "Beijing’s account"),
    (Side.VIETNAM, "Hanoi’s account"),
    (Side.OTHER, "Third parties"),
    (None, "Outlet not known"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Outlets:
    """What the catalogue says of outlets, by outlet id: names for people, and sides."""

    names: Mapping[str, str]
    sides: Mapping[str, Side]

    @classmethod
    def of(cls, sources: Sequence[Source]) -> Outlets:
        """The outlets of the catalogue's sources."""
        return cls({s.outlet: s.outlet_name for s in sources}, {s.outlet: s.side for s in sources})

    def name(self, article: Article) -> str:
        """The outlet's name, as the article or its address gives it where the catalogue knows none.

        Empty for an imported file.
        """
        known = self.names.get(article.outlet or "") or article.outlet
        return one_line(known or urlsplit(safe_url(article.url) or "").hostname or "", NAME_LIMIT)

    def side(self, article: Article) -> Side | None:
        """Whose account the article is part of; None for an imported file."""
        return article.side or self.sides.get(article.outlet or "")


def originals(mentions: Sequence[Mention]) -> list[tuple[Mention, tuple[Mention, ...]]]:
    """Each text once, with the articles that print it too: the article whose text it is stands for all of them.

    English ones first, since the issue is; then as the archive numbered the articles.
    """
    groups: dict[int, list[Mention]] = {}
    for mention in ordered(mentions):
        groups.setdefault(mention.article.copy_of or mention.article.number, []).append(mention)
    found = []
    for number, group in groups.items():
        first = next((mention for mention in group if mention.article.number == number), group[0])
        found.append((first, tuple(mention for mention in group if mention is not first)))
    return found


def ordered(mentions: Sequence[Mention]) -> list[Mention]:
    """English first, since the issue is; then as the archive numbered the articles."""
    return sorted(
        mentions, key=lambda mention: (mention.article.article.language not in ("en", None), mention.article.number)
    )


def accounts(stored: StoredMeeting, outlets: Outlets, zone: ZoneInfo, as_of: date | None) -> tuple[AccountView, ...]:
    """Beijing's and Hanoi's account always, third parties' and unknown outlets' where there are any.

    A copy belongs to the account of the article whose text it prints, as "also on …".
    """
    by_side: dict[Side | None, list[tuple[Mention, tuple[Mention, ...]]]] = {side: [] for side, _ in _GROUPS}
    for mention, copies in originals(stored.mentions):
        by_side[outlets.side(mention.article.article)].append((mention, copies))
    missing = missing_account(stored, outlets, as_of)
    return tuple(
        _account(stored, side, label, by_side[side], missing, outlets, zone)
        for side, label in _GROUPS
        if by_side[side] or side in (Side.CHINA, Side.VIETNAM)
    )


def missing_account(stored: StoredMeeting, outlets: Outlets, as_of: date | None) -> str:
    """The sentence that a side gave no account, dated if `as_of` is given."""
    missing = "No account found"
    if any(outlets.side(mention.article.article) is None for mention in stored.mentions):
        missing += " among the articles whose outlet is known,"
    return f"{missing} as of {words.plain_day(as_of)}." if as_of else f"{missing.rstrip(',')}."


def _account(
    stored: StoredMeeting,
    side: Side | None,
    label: str,
    texts: Sequence[tuple[Mention, tuple[Mention, ...]]],
    missing: str,
    outlets: Outlets,
    zone: ZoneInfo,
) -> AccountView:
    mentions = [mention for mention, _ in texts]
    keys = key_sentences(mentions, limit=QUOTES)
    quoted = {key.mention.article.number for key in keys}
    sources = sorted(texts, key=lambda text: text[0].article.number not in quoted)
    return AccountView(
        side=side.value if side else "unknown",
        label=label,
        quotes=_quotes(keys, outlets, zone),
        speakers=_speakers(stored, mentions, outlets, zone),
        articles=tuple(article_view(first, outlets, zone, copies) for first, copies in sources[:ARTICLES_LISTED]),
        more=words.more(len(sources) - ARTICLES_LISTED, "article"),
        missing="" if mentions else missing,
        only_before=bool(texts) and not any(_tells_as_held(first, *copies) for first, copies in texts),
    )


def _tells_as_held(*printings: Mention) -> bool:
    return any(mention.meeting.status is Status.HELD for mention in printings)


def _speakers(
    stored: StoredMeeting, mentions: Sequence[Mention], outlets: Outlets, zone: ZoneInfo
) -> tuple[SpeakerView, ...]:
    """Who is quoted, with the weightiest sentence."""
    return tuple(
        SpeakerView(
            name=one_line(speaker.name, NAME_LIMIT),
            sentences=len(speaker.sentences),
            quote=QuoteView(
                speaker.sentences[0].quote,
                article_view(speaker.sentences[0].mention, outlets, zone),
            ),
        )
        for speaker in speakers([telling(mention) for mention in mentions], stored.meeting)
    )


def _quotes(keys: Sequence[KeySentence], outlets: Outlets, zone: ZoneInfo) -> tuple[QuoteView, ...]:
    """One quotation an article; what was left out between its sentences is marked."""
    quotes = []
    for _, group in groupby(keys, key=lambda key: key.mention.article.number):
        first, *others = group
        text = first.quote
        before = first
        for key in others:
            gap = key.mention.article.article.text[before.end : key.start]
            text += (" […] " if gap.strip() else gap and " ") + key.quote
            before = key
        quotes.append(QuoteView(text, article_view(first.mention, outlets, zone)))
    return tuple(quotes)


@lru_cache(maxsize=KEPT)
def article_view(mention: Mention, outlets: Outlets, zone: ZoneInfo, copies: tuple[Mention, ...] = ()) -> ArticleView:
    """One article as a source, with those that print its text too. Kept for a while: a page shows it several times."""
    stored, article = mention.article, mention.article.article
    url = safe_url(article.url)
    language = article.language or ""
    return ArticleView(
        title=one_line(article.title, TEXT_LIMIT) or "Untitled",
        outlet=outlets.name(article),
        published=_published(article, zone),
        language=language,
        language_name=words.LANGUAGES.get(language, "") if language != "en" else "",
        url=url,
        file_name="" if url else one_line(_file_name(stored), TEXT_LIMIT),
        also=tuple(_copy(copy, outlets) for copy in copies),
    )


def _file_name(stored: StoredArticle) -> str:
    return stored.old_name or PurePosixPath(stored.path or f"article {stored.number}").name


def _copy(mention: Mention, outlets: Outlets) -> CopyView:
    article = mention.article.article
    return CopyView(outlets.name(article) or one_line(article.title, NAME_LIMIT), safe_url(article.url))


def _published(article: Article, zone: ZoneInfo) -> str:
    day = article.published_on or (article.published.astimezone(zone).date() if article.published else None)
    return words.short_day(day) if day else "undated"
