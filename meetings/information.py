"""Words by which a sentence is worth quoting or is not, and words that report somebody's words (information.toml)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from meetings import lexicon
from meetings.folding import fold, lowered
from meetings.matching import Hit, Matcher

LANGUAGES = ("en", "vi", "zh")
KINDS = (
    "outcome", "agreement", "proposal", "warning", "first", "plan", "named",
    "courtesy", "boilerplate", "ceremony", "caption",
)  # fmt: skip
"""What a word tells of its sentence; the last four speak against it. The head of en/information.toml says more."""
SPEECH = ("speech", "he")
"""Words that report somebody's words, and words for whoever was quoted last."""


def folding(language: str) -> Callable[[str], str]:
    """How words of a language are made alike: Vietnamese ones that differ in their marks only are different words."""
    return lowered if language == "vi" else fold


def find_signals(text: str, language: str) -> list[Hit[str]]:
    """The words of KINDS in a text of a language of LANGUAGES, in order, none overlapping."""
    return _matcher(language, KINDS).find(text, folding(language)(text))


def find_speech(text: str, language: str) -> list[Hit[str]]:
    """The words of SPEECH in a text of a language of LANGUAGES, in order, none overlapping."""
    return _matcher(language, SPEECH).find(text, folding(language)(text))


@cache
def _matcher(language: str, kinds: tuple[str, ...]) -> Matcher[str]:
    name = f"{language}/information.toml"
    table = lexicon.read(name)
    lexicon.only(name, table, (*KINDS, *SPEECH))
    forms: dict[str, str] = {}
    for kind in kinds:
        for word in lexicon.words(name, table, kind):
            if word in forms:
                raise lexicon.LexiconError(f"Lexicon {name}: key {kind}: {word!r} stands under {forms[word]} already.")
            forms[word] = kind
    return Matcher(forms.items(), folding(language))
