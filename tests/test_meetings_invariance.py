"""What must not matter does not: the header's dialect, diacritics in English, an unrelated paragraph.

Tried on every restated article of the gate, since these are as long and as varied as real ones.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest

from meetings.detect import detect
from meetings.jsonform import meeting_to_dict
from parsers.records import Article, Dialect
from parsers.seedfile import read_seed, seed_article, write_seed
from tests.gold_score import GOLD

NAMES = sorted(path.stem for path in GOLD.glob("*.txt"))
ENGLISH = [name for name in NAMES if name.startswith(("g1-", "g2-", "g3-"))]
UNRELATED = {
    "en": "The town's library will open an hour later on weekdays because its roof is being mended.",
    "vi": "Thư viện thị xã mở cửa muộn hơn một giờ vì mái nhà đang được sửa.",
    "zh": "因屋顶维修,镇图书馆工作日推迟一小时开放。",
}
# what stands in the text's own spelling
SPELT = ("as_written", "role", "venue")


def data(name: str) -> bytes:
    return (GOLD / f"{name}.txt").read_bytes()


def found(article: Article) -> list[dict[str, Any]]:
    """The meetings of an article without the words that they were read from."""
    return [without_spelling(meeting_to_dict(meeting)) for meeting in detect(article).meetings]


def without_spelling(value: Any) -> Any:
    """A record less evidence, offsets and spellings."""
    if isinstance(value, dict):
        return {key: without_spelling(part) for key, part in value.items() if key not in ("evidence", "part", *SPELT)}
    return [without_spelling(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", NAMES)
def test_the_dialect_of_the_header_does_not_matter(name: str) -> None:
    seed = read_seed(data(name), name=name)
    one, other = (write_seed(seed, dialect) for dialect in Dialect)
    assert one != other
    assert found(seed_article(one, name="a.txt")) == found(seed_article(other, name="b.txt"))


@pytest.mark.parametrize("name", ENGLISH)
def test_diacritics_in_english_do_not_matter(name: str) -> None:
    article = seed_article(data(name), name=name)
    bare = replace(article, title=folded(article.title), paragraphs=tuple(map(folded, article.paragraphs)))
    assert found(bare) == found(article)


def folded(text: str) -> str:
    """The text without diacritics, as many English outlets print Vietnamese names."""
    marks = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", marks).replace("đ", "d").replace("Đ", "D")


@pytest.mark.parametrize("name", NAMES)
def test_an_unrelated_paragraph_at_the_end_does_not_matter(name: str) -> None:
    article = seed_article(data(name), name=name)
    spoken = detect(article).language or "en"
    longer = replace(article, paragraphs=(*article.paragraphs, UNRELATED[spoken]))
    assert found(longer) == found(article)
