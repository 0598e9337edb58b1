"""Whether one article prints another's text: agencies' copy with its dateline, captions or some paragraphs changed.

Two accounts of one meeting share names and set phrases, but no long runs of words; a copy shares most of its words in
such runs. docs/decisions/0005-article-identity.md has the measurements behind the figures here.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from meetings.folding import fold
from meetings.language import recognise

SHORTEST = 30
"""Words (Han characters) below which a text is too short to be told from another's first sentence."""
LONGEST = 3000
"""Words that are compared: no agency's report is longer."""
RUN = 8
"""Words in a row that count as printed from the same text."""
SHARE = 0.6
"""Part of the shorter text that must stand in such runs."""
BRIEF = 130
"""Words below which two sentences that both sides print, as the news and a quotation, would reach SHARE."""
BRIEF_SHARE = 0.8
"""What SHARE is for texts that short."""
PROPORTION = 0.3
"""Length of the shorter text by the longer one below which it is a quotation, not a copy."""
SKETCH = 16
_SHINGLE = 6

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What of a text is compared: its words, folded, in their order, and the text itself, which tells its language."""

    words: tuple[str, ...]
    text: str

    @property
    def comparable(self) -> bool:
        """False when the text is too short to be compared with any."""
        return len(self.words) >= SHORTEST

    def sketch(self) -> frozenset[int]:
        """At most SKETCH numbers of 64 bits with sign: texts that are the same by `same_text` have some in common.

        They are the smallest hashes of its runs of words (Broder's bottom-k sketch): the more runs two texts share, the
        surer they share some of the smallest. The same in every process and on every machine.
        """
        runs = {" ".join(self.words[at : at + _SHINGLE]) for at in range(len(self.words) - _SHINGLE + 1)}
        digests = b"".join([hashlib.blake2b(run.encode(), digest_size=8).digest() for run in runs])
        hashes = sorted(struct.unpack(f">{len(runs)}q", digests))
        return frozenset(hashes[:SKETCH]) if self.comparable else frozenset()


def fingerprint(paragraphs: Sequence[str]) -> Fingerprint:
    """The fingerprint of a text without its title, which every house writes itself; leave captions out too."""
    text = "\n".join(paragraphs)
    return Fingerprint(tuple(_WORD.findall(fold(text))[:LONGEST]), text)


def same_text(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether one of the two prints the other's text; the same whichever comes first."""
    first, second = sorted((one.words, other.words), key=lambda words: (len(words), words))
    if len(first) < max(SHORTEST, PROPORTION * len(second)):
        return False
    share = BRIEF_SHARE if len(first) < BRIEF else SHARE
    blocks = Indel.opcodes(first, second).as_matching_blocks()
    if sum(block.size for block in blocks if block.size >= RUN) < share * len(first):
        return False
    # a page in two languages holds the whole of a text in one of them
    return recognise(one.text) == recognise(other.text)
