"""Names that no list holds, by their shape: Vietnamese and Chinese family names and the syllables that may follow."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from meetings import lexicon
from meetings.folding import fold, lowered
from parsers.records import Side

FILE = "names.toml"
KEYS = (
    "vietnamese", "chinese", "vietnamese_middle", "historical", "sino_vietnamese",
    "han", "han_vietnam", "han_only_vietnam",
)  # fmt: skip
_INITIAL_VI = "ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|b|c|d|g|h|k|l|m|n|p|r|s|t|v|x|"
_RIME_VI = (
    "uyen|uyet|uynh|uych|uyt|uya|uyu|uy|uan|uat|uang|uac|uai|uay|uam|uap|uo|uoi|uou|uon|uot|uong|uoc|uom|uop|ue|uen|uet|uech|uenh|"
    "oan|oat|oang|oac|oai|oay|oam|oap|oanh|oach|oao|oe|oen|oet|oeo|oa|iem|iep|ien|iet|ieng|iec|ieu|ia|yen|yet|yem|yeu|"
    "anh|ach|ang|ac|an|at|am|ap|ai|ao|au|ay|a|enh|ech|eng|ec|en|et|em|ep|eo|eu|e|inh|ich|in|it|im|ip|iu|i|"
    "ong|oc|on|ot|om|op|oi|o|ung|uc|un|ut|um|up|ui|uu|ua|u|y|ynh"
)
_INITIAL_ZH = "zh|ch|sh|b|p|m|f|d|t|n|l|g|k|h|j|q|x|r|z|c|s|y|w|"
_RIME_ZH = (
    "iang|iong|uang|ueng|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ao|ou|an|en|in|un|ia|ie|iu|ua|uo|ui|ue|er|a|o|e|i|u|v"
)
_VI = re.compile(rf"(?:{_INITIAL_VI})(?:{_RIME_VI})")
_ZH = re.compile(rf"(?:(?:{_INITIAL_ZH})(?:{_RIME_ZH})'?){{1,2}}")
_ZH_ONE = re.compile(rf"(?:{_INITIAL_ZH})(?:{_RIME_ZH})")


class Surnames(NamedTuple):
    """Family names in lower case, with diacritics and without."""

    vietnam: frozenset[str]
    china: frozenset[str]
    middle: frozenset[str]
    historical: frozenset[str]
    sino_vietnamese: frozenset[str]
    han: frozenset[str]
    han_vietnam: frozenset[str]
    han_only_vietnam: frozenset[str]


@cache
def surnames() -> Surnames:
    """names.toml."""
    table = lexicon.read(FILE)
    lexicon.only(FILE, table, KEYS)
    return Surnames(
        *(
            frozenset(form for word in lexicon.words(FILE, table, key) for form in (fold(word), lowered(word)))
            for key in KEYS
        )
    )


def split_names(words: list[str], *, exact: bool = False) -> list[tuple[int, int, Side]]:
    """Names in a run of capitalised words: [first, last) and the side their shape tells.

    `exact`: family names are told apart by their diacritics, and pinyin has none.
    """
    found = []
    known = [lowered(word) if exact else fold(word) for word in words]
    index = 0
    while index < len(words):
        length, side = _name_at(known, index)
        if length:
            found.append((index, index + length, side))
        index += length or 1
    return found


def _name_at(words: list[str], index: int) -> tuple[int, Side]:
    """How many words from `index` make a name, 0 for none."""
    known = surnames()
    first, rest = words[index], [fold(word) for word in words[index + 1 : index + 5]]
    pinyin = next((n for n, word in enumerate(words[index + 1 : index + 5]) if word != fold(word)), len(rest))
    vietnamese = _vietnamese_length(rest) if first in known.vietnam else 0
    chinese = _chinese_length(rest[:pinyin]) if first in known.china else 0
    if first in known.sino_vietnamese and first != fold(first) and (given := min(_vietnamese_length(rest), 2)):
        return given + 1, Side.CHINA
    if chinese and vietnamese == 1 and len(rest[0]) > 5:
        vietnamese = 0
    if vietnamese >= 2 or (vietnamese and not chinese):
        return vietnamese + 1, Side.VIETNAM
    if chinese:
        return chinese + 1, Side.CHINA
    return 0, Side.OTHER


def _vietnamese_length(rest: list[str]) -> int:
    length = 0
    while length < len(rest) and length < 4 and _VI.fullmatch(rest[length]):
        length += 1
    return length


def _chinese_length(rest: list[str]) -> int:
    """Given name: one word of one or two syllables, or two words of one syllable each."""
    if not rest or not _ZH.fullmatch(rest[0]):
        return 0
    if len(rest) > 1 and _ZH_ONE.fullmatch(rest[0]) and _ZH_ONE.fullmatch(rest[1]) and rest[1] not in surnames().middle:
        return 2
    return 1
