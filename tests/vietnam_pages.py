"""The Vietnamese and third parties' pages: rows of the table in test_outlets.py."""

from __future__ import annotations

from tests.outlet_pages import OutletPage, vietnamese

PAGES = (
    OutletPage(
        "vietnamplus/english.html",
        "vna",
        "https://en.vietnamplus.vn/an-older-slug-post300123.vnp",
        vietnamese("vietnamplus"),
        "Made-up envoy calls on made-up minister",
        "2026-05-06T20:15:42+07:00",
        captions=1,
    ),
    OutletPage(
        "nhandan/chinese.html",
        "vna",
        "https://cn.nhandan.vn/made-up-post140000.html",
        vietnamese("nhandan", "zh"),
        "虚构省委书记会见虚构代表团",
        "2026-07-07T00:20:00+07:00",
        captions=1,
    ),
    OutletPage(
        "vovworld/chinese.html",
        "vna",
        "https://vovworld.vn/zh-CN/made-up/made-up-1306093.vov",
        vietnamese("vovworld", "zh"),
        "虚构的越中海关会谈",
        "2026-07-08T09:05:10+07:00",
    ),
    OutletPage(
        "vgp/english.html",
        "vgp",
        "https://en.baochinhphu.vn/made-up-111260904103625767.htm",
        vietnamese("vgp"),
        "Viet Nam, China hold made-up border talks",
        "2026-09-04T09:33:00+07:00",
        captions=1,
    ),
)
