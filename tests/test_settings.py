"""Settings: precedence, refusals, and the page that documents them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.settings import Settings, load_settings
from parsers.records import InputError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the checkout's own .env or meetings.toml."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MEETINGS_{name.upper()}", raising=False)


def test_command_line_wins_over_environment_over_dotenv_over_toml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meetings.toml").write_text('home = "toml"\ncontact = "toml"\nsmtp_host = "toml"\nworkers = 3\n')
    (tmp_path / ".env").write_text("MEETINGS_HOME=dotenv\nMEETINGS_CONTACT=dotenv\nMEETINGS_SMTP_HOST=dotenv\n")
    monkeypatch.setenv("MEETINGS_HOME", "environment")
    monkeypatch.setenv("MEETINGS_CONTACT", "environment")
    settings = load_settings(home=Path("command"))
    assert (settings.home, settings.contact, settings.smtp_host, settings.workers) == (
        Path("command"),
        "environment",
        "dotenv",
        3,
    )


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        pytest.param({"MEETINGS_WORKES": "3"}, ("MEETINGS_WORKES",), id="misspelt name"),
        pytest.param({"MEETINGS_ZONE": "Asia/Hanoi"}, ("zone", "Asia/Hanoi"), id="unknown zone"),
        pytest.param({"MEETINGS_SMTP_HOSTT": "x"}, ("HOSTT (do you mean MEETINGS_SMTP_HOST?)",), id="misspelt name"),
        pytest.param({"MEETINGS_SMTP_PORT": "mail"}, ("smtp_port", "integer"), id="port that is a word"),
        pytest.param({"MEETINGS_MAIL_FROM": "nobody"}, ("mail_from", "example.org"), id="sender without address"),
        pytest.param({"MEETINGS_SMTP_SECURITY": "ssl"}, ("smtp_security", "starttls"), id="unknown security"),
        pytest.param({"MEETINGS_UNSUBSCRIBE_URL": "http://a.example/{token}"}, ("unsubscribe_url", "https"), id="http"),
        pytest.param({"MEETINGS_UNSUBSCRIBE_MAILTO": "nobody"}, ("unsubscribe_mailto", "reader@"), id="no mailbox"),
        pytest.param(
            {"MEETINGS_SITE_URL": "example.org"}, ("site_url", "https://example.org/meetings"), id="no address"
        ),
        pytest.param({"MEETINGS_SITE_URL": "https://a.example/?x"}, ("site_url",), id="an address with a query"),
        pytest.param({"MEETINGS_WORKERS": "0", "MEETINGS_PREFECT_PORT": "0"}, ("workers", "prefect_port"), id="two"),
    ],
)
def test_wrong_environment_is_one_sentence_that_names_the_key(
    environment: dict[str, str], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(InputError) as caught:
        load_settings()
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("meetings.toml", 'hoem = "x"\n', id="unknown key in toml"),
        pytest.param("meetings.toml", "home = \n", id="broken toml"),
        pytest.param(".env", "MEETINGS_HOEM=x\n", id="unknown key in dotenv"),
    ],
)
def test_wrong_file_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        load_settings()
    assert "settings" in str(caught.value)


def test_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEETINGS_SMTP_PASSWORD", "hunter2")
    settings = load_settings()
    assert "hunter2" not in repr(settings)
    monkeypatch.setenv("MEETINGS_WORKERS", "none")
    with pytest.raises(InputError) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_user_agent_carries_the_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEETINGS_CONTACT", "desk@example.org")
    assert "desk@example.org" in load_settings().user_agent


@pytest.mark.parametrize("contact", ["Nguyễn Văn A", "desk@example.org\nX-Other: 1", "desk (night)"])
def test_a_contact_that_no_request_could_carry_is_refused(monkeypatch: pytest.MonkeyPatch, contact: str) -> None:
    monkeypatch.setenv("MEETINGS_CONTACT", contact)
    with pytest.raises(InputError, match="contact: give a mail address or URL in ASCII"):
        load_settings()


def test_page_and_settings_agree() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| `MEETINGS_[A-Z_]+` \| (?:`(.*?)`|–) \|", page, re.MULTILINE))
    defaults = {
        name: "" if field.default is None else str(field.default) for name, field in Settings.model_fields.items()
    }
    assert rows == defaults
