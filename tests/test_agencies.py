"""Whose account an imported article is, by its dateline."""

from __future__ import annotations

from pathlib import Path

import pytest

from parsers.agencies import agency_of
from parsers.records import Side
from parsers.seedfile import seed_article
from tests.commandline import SEEDS

XINHUA, VNA = ("xinhua", Side.CHINA), ("vietnamplus", Side.VIETNAM)


@pytest.mark.parametrize(
    ("paragraphs", "expected"),
    [
        pytest.param(["JAKARTA, July 13 (Xinhua) -- China is willing"], XINHUA, id="city, day, agency"),
        pytest.param(
            ["Wang Yi meets a guest. (Xinhua/A B)", "HANOI, Dec. 12 (Xinhua) -- Talks"], XINHUA, id="caption first"
        ),
        pytest.param(["Hanoi (VNA) – The two sides"], VNA, id="city and agency"),
        pytest.param(["VGP - High-level talks took place"], ("vgp", Side.VIETNAM), id="agency alone"),
        pytest.param(["(VOVWORLD) - President"], ("vov", Side.VIETNAM), id="agency in brackets"),
        pytest.param(["新华社北京5月17日电（记者）王毅"], XINHUA, id="Xinhua in Chinese"),
        pytest.param(["（越通社）越通社河内电"], VNA, id="VNA in Chinese"),
        pytest.param(["Hà Nội (TTXVN) - Chiều 13/7"], VNA, id="VNA in Vietnamese"),
        pytest.param(["Talks in a photo. (Xinhua/A B)"], None, id="photo credit only"),
        pytest.param(["The news agency Xinhua (Xinhua) reported"], None, id="agency named, no dateline"),
        pytest.param(["BEIJING (AP) — When he met"], None, id="another agency"),
        pytest.param(["a", "b", "c", "d", "HANOI (VNA) – late"], None, id="too far down"),
        pytest.param([], None, id="no text"),
    ],
)
def test_agency_by_dateline(paragraphs: list[str], expected: tuple[str, Side] | None) -> None:
    assert agency_of(paragraphs) == expected


@pytest.mark.parametrize(
    ("name", "outlet", "side"),
    [("002_9ca21a4b430166cb.txt", "xinhua", Side.CHINA), ("000_b277efd025430153.txt", None, None)],
)
def test_founding_articles(name: str, outlet: str | None, side: Side | None) -> None:
    article = seed_article(Path(SEEDS / name).read_bytes(), name=name)
    assert (article.outlet, article.side) == (outlet, side)
