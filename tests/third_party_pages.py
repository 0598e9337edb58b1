"""The third parties' pages: rows of the table in test_outlets.py."""

from __future__ import annotations

from parsers.records import Side, Source
from tests.outlet_pages import OutletPage, source


def third_party(outlet: str, zone: str) -> Source:
    return source(outlet, Side.OTHER, "en", zone)


PAGES = (
    OutletPage(
        "scmp/english.html",
        "scmp",
        "https://www.scmp.com/news/china/diplomacy/article/3400001/china-and-vietnam-hold-made-talks-rare-trains",
        third_party("scmp", "Asia/Hong_Kong"),
        "China and Vietnam hold made-up talks on rare trains",
        "2026-09-04T21:30:12+08:00",
        captions=1,
    ),
    OutletPage(
        "diplomat/english.html",  # shows the day, its metadata have the time
        "diplomat",
        "https://thediplomat.com/2026/09/why-china-and-vietnam-keep-holding-made-up-talks/",
        third_party("diplomat", "UTC"),
        "Why China and Vietnam Keep Holding Made-Up Talks",
        "2026-09-04T12:48:00+00:00",
        captions=1,
    ),
    OutletPage(
        "nikkei/english.html",
        "nikkei",
        "https://asia.nikkei.com/politics/vietnam-and-china-hold-made-up-talks-on-batteries",
        third_party("nikkei", "Asia/Tokyo"),
        "Vietnam and China hold made-up talks on batteries",
        "2026-09-04T16:15:00+09:00",
    ),
    OutletPage(
        "rfa/english_older.html",
        "rfa-2024",
        "https://www.rfa.org/english/news/vietnam/made-up-talks-05082024141302.html",
        third_party("rfa", "America/New_York"),
        "Vietnam, China hold made-up talks on fishing",
        "2024-05-08",
        captions=1,
    ),
)
