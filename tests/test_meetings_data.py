"""Lexicons are data: an official and a forum added in TOML alone, in a copy of them, make a new article pass."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

OFFICIAL = """
[[official]]
name = "Qiu Mengting"
side = "china"
also = ["丘梦婷", "Khâu Mộng Đình"]
posts = [{ post = "vice_minister", from = 2024-02-01 }]
"""
FORUM = """
[[forum]]
name = "Limestone Caves Working Group"
words = ["Limestone Caves Working Group", "Nhóm công tác hang động đá vôi", "喀斯特洞穴工作组"]
"""

# none of these names an office, so that only the list can tell who Qiu Mengting is
ARTICLES = {
    "en": """Caves bring China and Vietnam together

Qiu Mengting and Vietnamese Foreign Minister Bui Thanh Son co-chaired the fourth meeting of the Limestone Caves Working
Group in Hanoi on May 3, 2024.""",
    "vi": """Việt Nam và Trung Quốc bàn về hang động

Ngày 3/5/2024, tại Hà Nội, bà Khâu Mộng Đình và Bộ trưởng Ngoại giao Việt Nam Bùi Thanh Sơn đã đồng chủ trì cuộc họp lần
thứ tư Nhóm công tác hang động đá vôi giữa Việt Nam và Trung Quốc.""",
    "zh": """中越商谈洞穴合作

2024年5月3日,丘梦婷同越南外交部长裴青山在河内共同主持中越喀斯特洞穴工作组第四次会议。""",
}

# the folder has to be in place before the first import that reads from it
READER = """
import json, sys
from pathlib import Path
from meetings import lexicon
lexicon.root = lambda: Path(sys.argv[1])
from meetings.detect import RULES_VERSION, detect
from meetings.jsonform import meeting_to_dict
from parsers.seedfile import seed_article
found = detect(seed_article(Path(sys.argv[2]).read_bytes(), name="x.txt"))
print(json.dumps({"rules": RULES_VERSION, "meetings": [meeting_to_dict(m) for m in found.meetings]}))
"""


def read_with(folder: Path, article: Path) -> Mapping[str, Any]:
    command = [sys.executable, "-c", READER, str(folder), str(article)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def copied(folder: Path, *, official: str = "", forum: str = "") -> Path:
    """The lexicons as they are, with something added at the end of two files."""
    shutil.copytree(Path(str(resources.files("meetings").joinpath("lexicons"))), folder)
    for name, added in (("officials.toml", official), ("forums.toml", forum)):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(added)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    base = tmp_path_factory.mktemp("lexicons")
    return {"plain": copied(base / "plain"), "added": copied(base / "added", official=OFFICIAL, forum=FORUM)}


@pytest.mark.parametrize("language", ARTICLES)
def test_an_article_passes_only_with_what_was_added(folders: Mapping[str, Path], tmp_path: Path, language: str) -> None:
    title, body = ARTICLES[language].split("\n\n")
    article = tmp_path / "article.txt"
    article.write_text(f"Title: {title}\nDate: May 4, 2024\n\n{body.replace(chr(10), ' ')}\n", encoding="utf-8")

    before, after = (read_with(folders[name], article) for name in ("plain", "added"))

    assert not any(person["name"] == "Qiu Mengting" for m in before["meetings"] for person in m["china"])
    assert not any(m["forum"] for m in before["meetings"])
    [meeting] = after["meetings"]
    assert [person["name"] for person in meeting["china"]] == ["Qiu Mengting"]
    assert [person["name"] for person in meeting["vietnam"]] == ["Bui Thanh Son"]
    assert meeting["forum"] == {"name": "Limestone Caves Working Group", "ordinal": 4}
    assert (meeting["date"], meeting["place"]["city"]) == ("2024-05-03", "Hanoi")
    assert before["rules"] != after["rules"]


def test_nothing_that_was_added_is_known_to_the_program() -> None:
    words = ("Qiu Mengting", "丘梦婷", "Mộng Đình", "Limestone Caves", "喀斯特洞穴")
    files = [path for path in (ROOT / "meetings").rglob("*") if path.suffix in (".py", ".toml")]
    assert len(files) > 30
    assert not [path for path in files if any(word in path.read_text(encoding="utf-8") for word in words)]
