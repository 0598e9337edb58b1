"""One-to-one folding of text for matching: lower case, no diacritics, plain quotes, dashes and spaces.

Folding keeps the length and every offset, so that a hit in the folded text cuts the same words out of the original.
Han characters, digits and unknown scripts stay as they are; half a surrogate pair becomes U+FFFD. Input is expected
in NFC.
"""

from __future__ import annotations

import re
import unicodedata

_PLAIN = {
    "’": "'", "‘": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "‒": "-", "―": "-", "‑": "-", "‐": "-", "−": "-",
    "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u3000": " ", "\t": " ", "\u200b": " ", "\ufeff": " ",
    "đ": "d", "Đ": "d", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "ı": "i",
}  # fmt: skip


def _base(char: str) -> str:
    """The lower-case base letter of a precomposed letter, or the letter itself when it has no single one."""
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char


_TABLE = {
    **{
        code: _base(chr(code))
        for start, end in ((0x41, 0x5B), (0xC0, 0x250), (0x1E00, 0x1F00))
        for code in range(start, end)
    },
    **{ord(odd): plain for odd, plain in _PLAIN.items()},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
_MARKS = re.compile(r"[\u0300-\u036f]")
_NOT_WORD = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """`text` lower-cased and without diacritics, of the same length."""
    return text.lower() if text.isascii() else text.translate(_TABLE)


def key(text: str) -> str:
    """`text` as a comparison key: NFC, folded, marks dropped, words parted by single spaces. Its length may differ."""
    folded = _MARKS.sub("", fold(unicodedata.normalize("NFC", text)))
    return _NOT_WORD.sub(" ", folded).strip()


def plain(text: str) -> str:
    """`text` without diacritics but with its capitals: the Latin form in which names are recorded."""
    bare = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    return unicodedata.normalize("NFC", _MARKS.sub("", bare))
