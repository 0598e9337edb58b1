"""The Chinese outlets' pages: rows of the table in test_outlets.py."""

from __future__ import annotations

from tests.outlet_pages import OutletPage, chinese

PAGES = (
    OutletPage(
        "xinhua/english.html",
        "xinhua",
        "https://english.news.cn/20260318/0123456789abcdef0123456789abcdef/c.html",
        chinese("xinhua"),
        "Sample minister meets Vietnamese counterpart",
        "2026-03-18T23:41:07+08:00",
        captions=1,
    ),
    OutletPage(
        "xinhua/chinese.html",
        "xinhua",
        "http://www.news.cn/world/20260318/0123456789abcdef0123456789abcde0/c.html",
        chinese("xinhua", "zh"),
        "样本部长会见越南样本部长",
        "2026-03-18T08:05:09+08:00",
        captions=1,
    ),
    OutletPage(
        "xinhua/chinese_older.html",
        "xinhua-2022",
        "http://www.xinhuanet.com/politics/2020-02/19/c_1125590000.htm",
        chinese("xinhua", "zh"),
        "样本副部长同越南样本副部长通电话",
        "2020-02-19T20:29:58+08:00",
    ),
)
