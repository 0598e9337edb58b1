"""Set phrases, figures and speakers in three languages, and what the loaders of their lexicons refuse."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings import lexicon, marks, phrases, quantities
from meetings.information import LANGUAGES
from meetings.lexicon import LexiconError
from meetings.marks import find_marks
from reports.speakers import speakers
from reports.tellings import telling
from tests.report_parts import meeting, mention, person, stored_article

Rewrite = Callable[[str, str, str], None]
CACHED = (phrases.terms, phrases.phrases, marks._matcher,
          quantities._scales, quantities._units, quantities._patterns)  # fmt: skip

PHRASES = [
    pytest.param("en", "He upheld the one-China principle.", ["one_china_principle"], id="principle"),
    pytest.param("en", "They keep to the “one China” policy.", ["one_china_policy"], id="policy, quoted"),
    pytest.param("en", "a community with a shared future for mankind", ["future_mankind"], id="longest wins"),
    pytest.param("en", "the east sea of the lake", [], id="small letters are no name"),
    pytest.param("en", "the South China Sea", ["south_china_sea"], id="sea"),
    pytest.param("vi", "vấn đề trên biển và BIỂN ĐÔNG", ["maritime_issues", "east_sea"], id="vietnamese"),
    pytest.param("vi", "biển đông người", [], id="a crowded beach"),
    pytest.param("vi", "phương châm 16 chữ và tinh thần 4 tốt", ["sixteen_words", "sixteen_words"], id="16 and 4"),
    pytest.param("vi", "chính sách “Một Trung Quốc”", ["one_china_policy"], id="policy in Vietnamese"),
    pytest.param("zh", "具有战略意义的中越命运共同体", ["future_strategic"], id="chinese"),
    pytest.param("zh", "具有戰略意義的中越命運共同體", ["future_strategic"], id="traditional characters"),
    pytest.param("zh", "构建人类命运共同体，走六个更", ["future_mankind", "six_mores"], id="chinese, two"),
]


@pytest.mark.parametrize(("language", "text", "expected"), PHRASES)
def test_phrases_are_found(language: str, text: str, expected: list[str]) -> None:
    assert [hit.value.id for hit in find_marks(text, language).phrases] == expected


FIGURES = [
    pytest.param("en", "US$205.2 billion", ["US$205.2 billion"], id="dollars before"),
    pytest.param("en", "205.2 bln USD and $1,200", ["US$205.2 billion", "US$1,200"], id="dollars after and before"),
    pytest.param("vi", "205,2 tỷ USD", ["US$205.2 billion"], id="vietnamese comma"),
    pytest.param("vi", "1.240 tấn", ["1,240 tonnes"], id="vietnamese thousands"),
    pytest.param("zh", "2052亿美元", ["US$205.2 billion"], id="hundred millions"),
    pytest.param("zh", "12.5万人次", ["125,000 visitors"], id="ten thousands"),
    pytest.param("en", "45 bilateral cooperation documents", ["45 documents"], id="words between"),
    pytest.param("vi", "ký 45 văn kiện hợp tác", ["45 documents"], id="documents in Vietnamese"),
    pytest.param("zh", "签署45份双边合作文本", ["45 documents"], id="documents in Chinese"),
    pytest.param("en", "up 14 percent; up 14%", ["14%", "14%"], id="percent"),
    pytest.param("en", "a 390.9-kilometre line", ["390.9 km"], id="hyphen"),
    pytest.param("en", "in 2030, on page 12 of 300", [], id="numbers without unit"),
    pytest.param("en", "Covid-19 percent", [], id="not within a word"),
    pytest.param("en", "after the talks\n45 documents", ["45 documents"], id="first on a line"),
    pytest.param("en", "3.14.159 percent and .5 percent", [], id="no number"),
]


@pytest.mark.parametrize(("language", "text", "expected"), FIGURES)
def test_figures_are_read(language: str, text: str, expected: list[str]) -> None:
    assert [quantity.label for quantity in quantities.find_quantities(text, language)] == expected


def test_figures_of_one_thing_are_told_from_others() -> None:
    def of(text: str) -> quantities.Quantity:
        return quantities.find_quantities(text, "en")[0]

    assert of("205 billion dollars").same(of("205.2 billion dollars"))
    assert not of("205 billion dollars").same(of("215 billion dollars"))
    assert not of("205 km").same(of("205 tonnes"))
    assert of("14 agreements").same(of("16 documents"))


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.text(st.characters() | st.sampled_from("0123456789.,$%亿万 "), max_size=200))
def test_hits_cut_their_own_words_out_of_any_text(language: str, text: str) -> None:
    for hits in find_marks(text, language):
        spans = [(hit.start, hit.end) for hit in hits]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert all(one[1] <= next_[0] for one, next_ in pairwise(spans))
    for quantity in quantities.find_quantities(text, language):
        assert text[quantity.start : quantity.end].strip()
        assert quantity.label


SPEECH = [
    pytest.param("en", "Wang said trade grew.", ["Wang Yi"], id="name and verb"),
    pytest.param(
        "en", "Wang Yi, member of the Political Bureau and minister, stressed trade.", ["Wang Yi"], id="office"
    ),
    pytest.param("en", "Trade grew, said Wang.", ["Wang Yi"], id="verb and name"),
    pytest.param("en", "Wang told Son that trade grew.", ["Wang Yi"], id="whom it was told"),
    pytest.param("en", "Wang thanked Son for coming and noted that trade grew.", ["Wang Yi"], id="still the subject"),
    pytest.param("en", "Wang said yes, and Son added no.", ["Wang Yi", "Bui Thanh Son"], id="both"),
    pytest.param("en", "Wang spoke. He added more.", ["Wang Yi"], id="he after a name"),
    pytest.param("en", "Wang said yes. It rained. He added more.", ["Wang Yi"], id="he after some sentences"),
    pytest.param("en", "They said so.", [], id="nobody named"),
    pytest.param("en", "Wang met Son.", [], id="nobody speaks"),
    pytest.param("en", "Sonya said yes.", [], id="another name"),
    pytest.param("vi", "Bộ trưởng Bùi Thanh Sơn đề nghị mở cửa. Ông nhấn mạnh điều đó.", ["Bui Thanh Son"], id="vi"),
    pytest.param("zh", "王毅对裴青山表示欢迎。他强调合作。裴青山说，同意。", ["Wang Yi", "Bui Thanh Son"], id="zh"),
]


@pytest.mark.parametrize(("language", "text", "expected"), SPEECH)
def test_who_is_quoted(language: str, text: str, expected: list[str]) -> None:
    written = {"en": ("Wang Yi", "Bui Thanh Son"), "vi": ("Vương Nghị", "Bùi Thanh Sơn"), "zh": ("王毅", "裴青山")}
    china, vietnam = written[language]
    base = meeting("m", None, [person("Wang Yi", None, china)], [person("Bui Thanh Son", None, vietnam)])
    told = telling(mention(base, stored_article(1, "xinhua", language, None, "Title", text), {}))
    assert [speaker.name for speaker in speakers([told], base)] == expected


def test_a_short_name_of_two_people_is_nobodys() -> None:
    base = meeting("m", None, [person("Wang Yi", None), person("Wang Wentao", None)], [])
    told = telling(mention(base, stored_article(1, "xinhua", "en", None, "Title", "Wang said yes."), {}))
    assert speakers([told], base) == ()


@pytest.fixture
def rewrite(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rewrite]:
    """Replaces words of a lexicon file for one test, and forgets what was read before and after."""
    real = lexicon.read.__wrapped__

    def change(name: str, old: str, new: str) -> None:
        text = Path(str(resources.files("meetings").joinpath("lexicons", *name.split("/")))).read_text(encoding="utf-8")
        assert old in text
        changed = tomllib.loads(text.replace(old, new, 1))
        monkeypatch.setattr(lexicon, "read", lambda asked: changed if asked == name else real(asked))

    forget()
    yield change
    monkeypatch.undo()
    forget()


def forget() -> None:
    for function in CACHED:
        function.cache_clear()


REFUSED = [
    pytest.param("phrases.toml", 'whose = "vietnam"', 'whose = "laos"', "laos", id="whose"),
    pytest.param("phrases.toml", 'term = "sea"', 'term = "lake"', "lake", id="unknown term"),
    pytest.param("phrases.toml", 'topic = "south_china_sea"\nen', 'topic = "serpents"\nen', "serpents", id="topic"),
    pytest.param("phrases.toml", 'id = "unclos"', 'id = "east_sea"', "east_sea", id="same id"),
    pytest.param("phrases.toml", '"Bien Dong Sea"', '"South China Sea"', "South China Sea", id="one form of two"),
    pytest.param("phrases.toml", "minor = true\n", "mino = true\n", "mino", id="misspelt key"),
    pytest.param("quantities.toml", 'label = "{} km"', 'label = "km"', "km.label", id="label without number"),
    pytest.param("quantities.toml", "gap = 4", "gap = 40", "documents.gap", id="wide gap"),
    pytest.param("quantities.toml", "thousand = 1e3", 'thousand = "1e3"', "scales.en", id="scale as text"),
    pytest.param("en/information.toml", 'speech = [', 'speach = [', "speach", id="misspelt kind"),
    pytest.param("en/information.toml", '"photo by"', '"signed"', "signed", id="one word of two kinds"),
]  # fmt: skip


def read_all() -> None:
    for language in LANGUAGES:
        find_marks("x", language)
        quantities.find_quantities("x", language)


@pytest.mark.parametrize(("name", "old", "new", "told"), REFUSED)
def test_a_mistake_is_answered_with_file_and_key(rewrite: Rewrite, name: str, old: str, new: str, told: str) -> None:
    rewrite(name, old, new)
    with pytest.raises(LexiconError) as raised:
        read_all()
    assert name in str(raised.value)
    assert told in str(raised.value)
