"""The lexicons: what is in them, what the loader refuses, screening, and that a word added in TOML is read."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from meetings import countries, forums, lexicon, names, officials, places, screen, topics, vocabulary
from meetings.detect import detect
from meetings.lexicon import LexiconError
from parsers.records import Side
from tests.meeting_articles import article

CACHED = (
    lexicon.read,
    officials.load,
    officials.posts,
    forums.load,
    forums._social,
    places.load,
    names.surnames,
    vocabulary.load,
    topics.contexts,
    topics._matcher,
    screen._matcher,
    screen._matters,
)


@pytest.fixture
def rewrite(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Replaces words of a lexicon file for one test, and forgets what was read before and after."""
    changed: dict[str, str] = {}
    real = lexicon.read.__wrapped__

    def read(name: str) -> object:
        return tomllib.loads(changed[name]) if name in changed else real(name)

    def change(name: str, old: str, new: str) -> None:
        text = Path(str(resources.files("meetings").joinpath("lexicons", *name.split("/")))).read_text(encoding="utf-8")
        assert old in text
        changed[name] = text.replace(old, new, 1)

    forget()
    monkeypatch.setattr(lexicon, "read", read)
    yield change
    monkeypatch.undo()
    forget()


def forget() -> None:
    for function in CACHED:
        function.cache_clear()


def test_officials_cover_both_sides_and_the_years() -> None:
    people = officials.load()
    assert sum(p.side is Side.CHINA for p in people) > 60
    assert sum(p.side is Side.VIETNAM for p in people) > 60
    for year in range(2004, 2027):
        for side in (Side.CHINA, Side.VIETNAM):
            for post in ("party_chief", "president", "premier", "foreign_minister", "defence_minister"):
                day = dt.date(year, 6, 30) if (year, post) != (2024, "party_chief") else dt.date(2024, 12, 1)
                assert any(p.side is side and p.held(post, day) for p in people), (year, side, post)


REFUSED = [
    pytest.param("officials.toml", 'side = "china"', 'side = "japan"', "side", id="unknown side"),
    pytest.param("officials.toml", "also = [", "als = [", "als", id="misspelt key"),
    pytest.param("officials.toml", 'post = "party_chief"', 'post = "emperor"', "emperor", id="unknown post"),
    pytest.param("officials.toml", "from = 2002-11-15", "from = 2022-11-15", "2012-11-15", id="ends before it begins"),
    pytest.param("officials.toml", "to = 2013-03-14", "to = 2019-03-14", "president", id="two presidents at once"),
    pytest.param("officials.toml", '"习近平"', '"胡锦涛"', "胡锦涛", id="one name for two"),
    pytest.param("posts.toml", 'rank = "leader"', 'rank = "king"', "king", id="unknown rank"),
    pytest.param("forums.toml", "\nsocial = true", "\nsozial = true", "sozial", id="misspelt forum key"),
    pytest.param("places.toml", 'country = "CN"', 'land = "CN"', "land", id="place without country"),
    pytest.param("en/verbs.toml", 'kind = "meet"', 'kind = "hug"', "hug", id="unknown kind of verb"),
    pytest.param("en/offices.toml", 'post = "premier"', 'post = "primier"', "primier", id="office of no post"),
    pytest.param("en/patterns.toml", "had = '''had", "had = '''(had", "had", id="broken pattern"),
    pytest.param("en/grammar.toml", "also = [", "als0 = [", "als0", id="unknown cue list"),
]


@pytest.mark.parametrize(("name", "old", "new", "named"), REFUSED)
def test_a_wrong_lexicon_is_refused_by_file_and_key(rewrite, name: str, old: str, new: str, named: str) -> None:  # type: ignore[no-untyped-def]  # the fixture is a function
    rewrite(name, old, new)
    with pytest.raises(LexiconError) as refused:
        vocabulary.load("en")
    assert name in str(refused.value)
    assert named in str(refused.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(LexiconError, match=r"xx/verbs\.toml"):
        lexicon.read("xx/verbs.toml")


def test_an_added_forum_is_read(rewrite) -> None:  # type: ignore[no-untyped-def]  # the fixture is a function
    text = "The 3rd Red River Council of China and Vietnam was held in Hanoi on May 3, 2024 by officials of both sides."
    assert detect(article("Council", text, "2024-05-04")).meetings == ()
    rewrite(
        "forums.toml", "[[forum]]", '[[forum]]\nname = "Red River Council"\nwords = ["Red River Council"]\n\n[[forum]]'
    )
    forget_words()
    forum = detect(article("Council", text, "2024-05-04")).meetings[0].forum
    assert (forum.name, forum.ordinal) == ("Red River Council", 3) if forum else pytest.fail("the forum was not read")


def test_an_added_official_is_read(rewrite) -> None:  # type: ignore[no-untyped-def]  # the fixture is a function
    text = "Zorba Quux held talks with Vietnamese Prime Minister Pham Minh Chinh in Hanoi on May 3, 2024."
    assert detect(article("Talks", text, "2024-05-04")).meetings == ()
    person = 'name = "Zorba Quux"\nside = "china"\nposts = [{ post = "minister", from = 2020-01-01 }]'
    added = f"[[official]]\n{person}\n\n[[official]]"
    rewrite("officials.toml", "[[official]]", added)
    forget_words()
    assert [p.name for p in detect(article("Talks", text, "2024-05-04")).meetings[0].china] == ["Zorba Quux"]


def forget_words() -> None:
    for function in CACHED[1:]:
        function.cache_clear()


SCREENED = [
    pytest.param("Xi meets Vietnam's leader", "", Side.OTHER, False, id="Xi alone says nothing of China"),
    pytest.param("China and Vietnam hold talks", "", Side.OTHER, True, id="both names"),
    pytest.param("Trung Quốc - Việt Nam", "", Side.OTHER, True, id="vietnamese"),
    pytest.param("中国越南举行会谈", "", Side.OTHER, True, id="chinese"),
    pytest.param("中越兩國", "", Side.CHINA, True, id="traditional, one word, chinese outlet"),
    pytest.param("列车跨越南通大桥", "", Side.CHINA, False, id="nantong is not viet nam"),
    pytest.param("Tô Lâm tiếp khách", "", Side.CHINA, True, id="the other's official in a chinese outlet"),
    pytest.param("PM receives guest", "from Beijing", Side.VIETNAM, True, id="the other's capital in the teaser"),
    pytest.param("Patrols in the South China Sea", "", Side.VIETNAM, False, id="a sea is no country"),
    pytest.param("Liu Ning in Lang Son", "", Side.OTHER, True, id="official and province"),
    pytest.param("Japan's economy grows", "", Side.CHINA, False, id="neither"),
    pytest.param("中越签署文件", "", Side.OTHER, True, id="a pair names both"),
    pytest.param("Hiệp ước biên giới Việt - Trung", "", Side.OTHER, True, id="a pair with spaces"),
]


@pytest.mark.parametrize(("title", "teaser", "side", "both"), SCREENED)
def test_screen(title: str, teaser: str, side: Side, both: bool) -> None:
    assert screen.concerns_both(title, teaser, side=side) is both


def test_every_country_word_is_listed_once() -> None:
    words = [word for word, _ in countries.entries()]
    assert len(words) == len(set(words))
