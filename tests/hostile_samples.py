"""A week in which every field that comes from outside is hostile."""

from __future__ import annotations

import dataclasses

from archive.records import StoredMeeting
from meetings.records import Forum, Place, Status
from parsers.records import Side
from reports.records import IssueContext
from reports.week import Week
from tests.report_parts import meeting, mention, person, stored, stored_article
from tests.report_weeks import context

HOSTILE_TEXTS = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(2)> & <b>bold</b> --> <![endif]-->",
    "attribute": '" onmouseover="alert(3)" style=\'position:fixed\' x="',
    "markdown": "# *not* _a_ **heading** [link](javascript:alert(4)) ![i](http://t.example/p.gif) `code` "
    "<https://t.example> | a |",
    "autolink": "www.phish.example http://phish.example/x?a=1&copy; user@phish.example "
    "~~gone~~ &lt;b&gt; &#106;avascript",
    "bidi": "safe\u202etxt.exe\u202c \u2066isolated\u2069 \u200fright \u061cmark",
    "control": "bell\x07null\x00escape\x1b[31mred\x1b[0m\r\nSubject: injected\r\n\r\n"
    "body\u2028line\u2029para\x85next\ud800half",
    "long": "x" * 3000,
    "long-zh": "会" * 3000,
    "formula": '=HYPERLINK("http://t.example","x")',
    "template": "{{ 7 * 7 }} {% raw %} ${7*7} {# c #}",
    "block": "- item\n\n> quote\n\n1. one\n\n---\n\n```\ncode",
    "combining": "Z" + "\u0337" * 200 + "algo 👩‍👩‍👧‍👦 🇻🇳",
}


def hostile_meetings() -> list[StoredMeeting]:
    """Each hostile text in every field that comes from outside, one meeting a text."""
    found = []
    for number, (name, text) in enumerate(HOSTILE_TEXTS.items(), start=100):
        base = meeting(
            f"m-{name}",
            "2024-12-10" if number % 2 else None,
            [person(text, text, text), *(person(f"Delegate {index}", text) for index in range(12))],
            [person(text, text, text)] if number % 3 else [],
            status=Status.ANNOUNCED if number % 4 == 0 else Status.HELD,
            place=Place(text, text, text),
            forum=Forum(text, number),
        )
        article = stored_article(
            number, None, None, "2024-12-11", text, f"{text} said so.", "Marker sentence stands here."
        )
        plain = dataclasses.replace(
            article.article, url=f"javascript:alert({number})//{text}", outlet=text, side=Side.CHINA, language="vi"
        )
        linked = dataclasses.replace(plain, url=f"https://news.example/{text}?a=(1)&b=[2]", side=Side.VIETNAM)
        mentions = [
            mention(
                base,
                dataclasses.replace(article, article=each),
                {"date": "Marker sentence", "china": "said so"},
                {text: "so."},
            )
            for each in (plain, linked, *([plain] * 9))
        ]
        found.append(stored(base, *mentions))
    return found


def hostile() -> IssueContext:
    return context(hostile_meetings(), Week(2024, 50), "2024-12-16T00:00", articles_read=1)
