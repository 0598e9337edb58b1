"""One-to-one folding of text for matching: lower case, no diacritics (or all of them), plain quotes, dashes, spaces.

Folding keeps the length and every offset, so that a hit in the folded text cuts the same words out of the original.
Traditional Han characters become simplified (by OpenCC), wide punctuation and digits become narrow; unknown
scripts stay as they are; half a surrogate pair becomes U+FFFD. Input is expected in NFC.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from opencc import OpenCC

_PLAIN = {
    "’": "'", "‘": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "‒": "-", "―": "-", "‑": "-", "‐": "-", "−": "-",
    "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u3000": " ", "\t": " ", "\u200b": " ", "\ufeff": " ",
    "đ": "d", "Đ": "d", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "ı": "i",
    **{chr(code): chr(code - 0xFEE0).lower() for code in range(0xFF01, 0xFF5F)},
}  # fmt: skip


def _base(char: str) -> str:
    """The lower-case base letter of a precomposed letter, or the letter itself when it has no single one."""
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char


def _simplified() -> dict[int, str]:
    """Traditional characters by code with their simplified form, as OpenCC has them, one for one."""
    han = [chr(code) for start, end in ((0x3400, 0x4DC0), (0x4E00, 0xA000)) for code in range(start, end)]
    # line by line, so that no two characters are read as one word
    forms = OpenCC("t2s").convert("\n".join(han)).split("\n")
    return {ord(char): form for char, form in zip(han, forms, strict=True) if form != char and len(form) == 1}


def _flat(table: Mapping[int, str]) -> list[int]:
    """The table as codes by code point, in which `translate` misses no letter: misses are slow, and so are strings."""
    flat = list(_CODES)
    for code, char in table.items():
        flat[code] = ord(char)
    return flat


_CODES = list(range(0x10000))
_SIMPLIFIED = _simplified()
_TABLE = {
    **_SIMPLIFIED,
    **{
        code: _base(chr(code))
        for start, end in ((0x41, 0x5B), (0xC0, 0x250), (0x1E00, 0x1F00))
        for code in range(start, end)
    },
    **{ord(odd): plain for odd, plain in _PLAIN.items()},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
_LETTERS = (*range(0x41, 0x5B), *range(0xC0, 0x250), *range(0x1E00, 0x1F00))
_LOWER = {
    **{code: low for code in _LETTERS if len(low := chr(code).lower()) == 1},
    **{ord(odd): plain for odd, plain in _PLAIN.items() if not odd.isalpha()},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
_FOLDED, _LOWERED = _flat(_TABLE), _flat(_LOWER)
WHOLE, KEPT = 500, 32
"""From so many characters on a text is an article's, which one list of words after the other is looked for in."""
_AFTER = {"a": "àáảãạ", "e": "èéẻẽẹ", "y": "ỳýỷỹỵ"}
_OLD_TONE = re.compile("[òóỏõọùúủũụ](?:(?<=[òóỏõọ])[ae]|(?<=[ùúủũụ])y)")
_MARKS = re.compile(r"[\u0300-\u036f]")
_NOT_WORD = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """`text` lower-cased and without diacritics, of the same length."""
    if text.isascii():
        return text.lower()
    return text.translate(_FOLDED) if len(text) < WHOLE else _fold_whole(text)


def simplified(text: str) -> str:
    """`text` as it stands, but in simplified characters: of the same length."""
    return text if text.isascii() else text.translate(_SIMPLIFIED)


def lowered(text: str) -> str:
    """`text` lower-cased with its diacritics, tones of Vietnamese set in one way, of the same length."""
    return respelt(text.translate(_LOWERED)) if len(text) < WHOLE else _lower_whole(text)


@lru_cache(maxsize=KEPT)
def _fold_whole(text: str) -> str:
    return text.translate(_FOLDED)


@lru_cache(maxsize=KEPT)
def _lower_whole(text: str) -> str:
    return respelt(text.translate(_LOWERED))


def respelt(text: str) -> str:
    """`text` with the tone of Vietnamese "oa", "oe", "uy" on the second vowel: both ways of writing are in use."""
    return _OLD_TONE.sub(_second_vowel, text)


def _second_vowel(match: re.Match[str]) -> str:
    first, second = match[0][0], match[0][1]
    tone = "òóỏõọ".find(first) if second != "y" else "ùúủũụ".find(first)
    return ("u" if second == "y" else "o") + _AFTER[second][tone]


def key(text: str) -> str:
    """`text` as a comparison key: NFC, folded, marks dropped, words parted by single spaces. Its length may differ."""
    folded = _MARKS.sub("", fold(unicodedata.normalize("NFC", text)))
    return _NOT_WORD.sub(" ", folded).strip()


def plain(text: str) -> str:
    """`text` without diacritics but with its capitals: the Latin form in which names are recorded."""
    bare = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    return unicodedata.normalize("NFC", _MARKS.sub("", bare))
