"""Words by which a sentence is worth quoting or is not, and words that report somebody's words (information.toml)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from meetings import lexicon
from meetings.folding import fold, lowered

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


def words(language: str, kinds: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    """The words of these kinds in a language of LANGUAGES, each with its kind. Raises LexiconError."""
    name = f"{language}/information.toml"
    table = lexicon.read(name)
    lexicon.only(name, table, (*KINDS, *SPEECH))
    forms: dict[str, str] = {}
    for kind in kinds:
        for word in lexicon.words(name, table, kind):
            if word in forms:
                raise lexicon.LexiconError(f"Lexicon {name}: key {kind}: {word!r} stands under {forms[word]} already.")
            forms[word] = kind
    return forms.items()
