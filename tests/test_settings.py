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
        pytest.param(
            {"MEETINGS_PREFECT_DATABASE_URL": "postgresql://ann:hunter2@db.example/prefect"},
            ("prefect_database_url", "postgresql+asyncpg://"),
            id="a URL that Prefect does not take",
        ),
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
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("meetings.toml", 'hoem = "x"\n', "meetings.toml: no setting is called hoem (do you mean home?)"),
        ("meetings.toml", "workers = 3\nhome = \n", "meetings.toml is not valid TOML: Invalid value (at line 2"),
        ("meetings.toml", "\udcff", "settings file meetings.toml cannot be read: it is not UTF-8 text"),
        ("meetings.toml", 'smtp_port = "mail"\n', "meetings.toml: smtp_port: Input should be a valid integer"),
        (".env", "MEETINGS_HOEM=x\n", ".env: no setting is called MEETINGS_HOEM (do you mean MEETINGS_HOME?)"),
        (".env", "PORT=x\n", ".env: no setting is called PORT"),
        (".env", "MEETINGS_SMTP_PORT=mail\n", ".env: smtp_port: Input should be a valid integer"),
        (".env", "# ours\n\nMEETINGS_SMTP_PASSWORD hunter2\n", ".env, line 3: this is not of the form NAME=value"),
        (".env", "MEETINGS_HOME=x\n\nhunter2\n", ".env, line 3: this is not of the form NAME=value"),
        (".env", "MEETINGS_SMTP_PASSWORD='hunter2\n", ".env, line 1: this is not of the form NAME=value"),
    ],
    ids=[
        "unknown key", "broken toml", "not UTF-8", "wrong value", "unknown name", "another program's name",
        "wrong value in .env", "no equals sign", "a bare word", "an open quotation mark",
    ],
)  # fmt: skip
def test_a_wrong_file_is_named_with_line_or_key(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text, errors="surrogateescape")
    with pytest.raises(InputError) as caught:
        load_settings()
    assert str(caught.value).startswith(told)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["meetings.toml", ".env"])
def test_a_folder_in_the_place_of_a_settings_file_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=f"settings file {re.escape(name)} cannot be read: Is a directory"):
        load_settings()


@pytest.mark.parametrize(
    ("key", "value", "refused"),
    [
        ("smtp_password", "hunter2", True),
        ("unsubscribe_secret", "hunter2", True),
        ("database_url", "postgresql+psycopg://ann:hunter2@db.example/meetings", True),
        ("prefect_database_url", "postgresql+asyncpg://ann:hunter2@db.example/prefect", True),
        ("prefect_database_url", "postgresql+asyncpg://ann@db.example/prefect", False),
        ("database_url", "postgresql+psycopg://ann:hunter2@db.example:port/meetings", True),
        ("database_url", "postgresql+psycopg://ann@db.example/meetings", False),
        ("database_url", "sqlite:////srv/meetings.db", False),
        ("smtp_username", "hunter2", False),
    ],
    ids=[
        "password", "key", "URL with a password", "Prefect's with one", "Prefect's without", "broken URL with one",
        "URL without", "SQLite", "user",
    ],
)  # fmt: skip
def test_a_secret_has_no_place_in_the_toml_file(tmp_path: Path, key: str, value: str, *, refused: bool) -> None:
    (tmp_path / "meetings.toml").write_text(f'{key} = "{value}"\n')
    if refused:
        with pytest.raises(InputError) as caught:
            load_settings()
        assert f"meetings.toml: {key} holds a secret" in str(caught.value)
        assert f"MEETINGS_{key.upper()} in the environment" in str(caught.value)
        assert "hunter2" not in str(caught.value)
        (tmp_path / "meetings.toml").unlink()
    (tmp_path / ".env").write_text(f"MEETINGS_{key.upper()}={value}\n")
    given = getattr(load_settings(), key)
    assert (given if isinstance(given, str) else given.get_secret_value()) == value


def test_the_env_file_is_read_as_a_shell_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWN", "Hanoi")
    text = "export meetings_contact='a b'  # ours\n\nMEETINGS_SMTP_HOST=\nMEETINGS_SITE_URL=https://${TOWN}.example/\n"
    (tmp_path / ".env").write_text("\ufeff" + text + "MEETINGS_ROOT=/srv\n")
    settings = load_settings()
    assert (settings.contact, settings.smtp_host, settings.site_url) == ("a b", "", "https://Hanoi.example")


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
