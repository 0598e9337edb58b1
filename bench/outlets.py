"""Pages per second of the outlets' parsers and of trafilatura with metadata, on the same pages in the same run.

The pages are those of `tests/data/`, each with the head, menus, lists of stories, scripts and footer around it that
make an outlet's page about 100 kB. Ours reads bytes and decodes them, trafilatura is given the text decoded. Seconds
are those that one core spent; the best of several rounds counts, the two taking turns. That each page is read by its
outlet's layout is checked first: the generic reader is trafilatura itself.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import trafilatura

from parsers.articles import extract_article
from parsers.records import Article, Entry
from parsers.text import decode
from tests.outlet_pages import OutletPage
from tests.test_outlets import PAGES

SEED, ROUNDS = 20_260_706, 5
SIZE = 100_000
BUDGET = 3.0
WORDS = ("border", "visit", "rail", "trade", "port", "river", "school", "market", "season", "team", "film", "rice")


def main() -> dict[str, object]:
    """Both speeds and their ratio."""
    pages = [(page, padded(page.body, random.Random(f"{SEED} {page.file}"))) for page in PAGES]
    for page, body in pages:
        article = read(page, body)
        assert article is not None, page.file
        assert article.method == f"outlet:{page.layout}", page.file
    texts = [decode(body, page.content_type, page.source.language) for page, body in pages]
    ours, peer = [], []
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: [read(page, body) for page, body in pages]))
        peer.append(seconds(lambda: [trafilatura.bare_extraction(text, with_metadata=True) for text in texts]))
    mean = sum(len(body) for _, body in pages) / len(pages)
    print(f"{len(pages)} pages of {mean / 1000:.0f} kB on average; budget vs_trafilatura >= {BUDGET}")
    return {
        "vs_trafilatura": min(peer) / min(ours),
        "pages_per_s": len(pages) / min(ours),
        "trafilatura_per_s": len(pages) / min(peer),
    }


def read(page: OutletPage, body: bytes) -> Article | None:
    """One page as the poller reads it."""
    return extract_article(
        body, url=page.url, content_type=page.content_type, source=page.source, entry=Entry(page.url, "Title")
    )


def seconds(work: Callable[[], object]) -> float:
    """Processor time of some work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def padded(body: bytes, chance: random.Random) -> bytes:
    """The page with what stands around an article: menus before, lists after; in ASCII, so that it fits any charset."""
    spare = max(SIZE - len(body), 0)
    head = styles(spare * 15 // 100, chance) + scripts(spare * 25 // 100, chance)
    before, after = menus(spare * 15 // 100, chance), lists(spare * 30 // 100, chance)
    end = after + scripts(spare * 15 // 100, chance)
    top, rest = body.split(b"</head>", 1)
    opened = rest.index(b">", rest.index(b"<body")) + 1
    closed = rest.rindex(b"</body>")
    parts = (top, head.encode(), b"</head>", rest[:opened], before.encode(), rest[opened:closed], end.encode())
    return b"".join((*parts, rest[closed:]))


def styles(size: int, chance: random.Random) -> str:
    """Inline rules of style."""
    rules = filled(size, lambda n: f".{chance.choice(WORDS)}-{n}{{margin:{n % 9}px auto;color:#{n % 999:03d}}}\n")
    return f"<style>{rules}</style>"


def scripts(size: int, chance: random.Random) -> str:
    """Inline scripts, some with data in them."""
    return filled(
        size,
        lambda n: (
            f"<script>(function(w){{w.q{n}=w.q{n}||[];w.q{n}.push({{id:{n},k:'{chance.choice(WORDS)}',"
            f"list:{[chance.randrange(1000) for _ in range(60)]}}});}})(window);</script>\n"
        ),
    )


def menus(size: int, chance: random.Random) -> str:
    """Navigation: lists of links, nested once."""
    items = filled(
        size,
        lambda n: (
            f'<li class="nav-item"><a class="nav-link" href="/{chance.choice(WORDS)}/index-{n}.html" '
            f'title="{chance.choice(WORDS)}">{chance.choice(WORDS).title()}</a></li>\n'
        ),
    )
    return f'<div class="site-head"><ul class="nav">{items}</ul></div>'


def lists(size: int, chance: random.Random) -> str:
    """Lists of other stories with picture, headline, teaser and time, and a footer."""
    stories = filled(
        size,
        lambda n: (
            f'<div class="story-item" data-id="{n}"><a class="thumb" href="/s-{n}.html"><img data-src="/{n}.jpg">'
            f'</a><h3><a href="/s-{n}.html">{words(chance, 9)}</a></h3><p class="teaser">{words(chance, 18)}.</p>'
            f'<span class="when">{n % 12 + 1} hours ago</span></div>\n'
        ),
    )
    return f'<div class="more-stories">{stories}</div><div class="site-foot"><p>{words(chance, 30)}</p></div>'


def words(chance: random.Random, count: int) -> str:
    """So many words as a headline."""
    return " ".join(chance.choice(WORDS) for _ in range(count)).capitalize()


def filled(size: int, piece: Callable[[int], str]) -> str:
    """Pieces until they have the size."""
    pieces: list[str] = []
    length = number = 0
    while length < size:
        pieces.append(piece(number))
        length += len(pieces[-1])
        number += 1
    return "".join(pieces)
