"""Which of the three languages a text is written in."""

from __future__ import annotations

import re

from meetings import vocabulary

SAMPLE = 6000
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_VIETNAMESE = re.compile(r"[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")
_WORD = re.compile(r"[a-z]+")


def recognise(text: str) -> str | None:
    """`en`, `vi`, `zh`, or None for another language or too little text. Only the beginning is looked at."""
    sample = text[:SAMPLE]
    han, latin = len(_HAN.findall(sample)), len(_LATIN.findall(sample))
    if han * 3 > latin:
        return "zh" if han >= 4 else None
    words = _WORD.findall(sample.lower())
    if not words:
        return None
    frequent = vocabulary.load("en").grammar.frequent
    english = sum(word in frequent for word in words) / len(words)
    vietnamese = len(_VIETNAMESE.findall(sample)) / max(1, latin)
    if vietnamese > 0.06 and english < 0.2:
        return "vi"
    return "en" if english > 0.1 or (len(words) < 12 and vietnamese < 0.06 and text.isascii()) else None
