"""Settings: environment (`MEETINGS_*`), `.env`, `meetings.toml`, in that order of precedence; unknown keys are refused.

The table of all keys is in docs/settings.md; a test holds it to this class.
"""

from __future__ import annotations

import difflib
import io
import os
import tomllib
from collections.abc import Iterable, Mapping
from email.utils import parseaddr
from importlib import metadata, resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from flows.runners import parse_runner
from parsers.records import InputError
from reports.clean import safe_url
from reports.recipients import check_address
from reports.unsubscribe import check_template

PREFIX = "MEETINGS_"
TOML_FILE = "meetings.toml"
ENV_FILE = ".env"
Seconds = Annotated[float, Field(gt=0, le=3600)]


class Settings(BaseSettings):
    """Everything a person can set. Durations are seconds; zones are IANA names."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    home: Path = Field(Path("data"), description="folder that holds everything that is written")
    database_url: SecretStr | None = Field(None, description="SQLAlchemy URL of the catalogue; default SQLite in home")
    backup_dir: Path = Field(Path("backups"), description="folder for backups; not inside home")
    zone: str = Field("Asia/Ho_Chi_Minh", description="time zone of the digest's weeks and times")
    sources_file: Path | None = Field(None, description="catalogue of sources; default ./sources.toml, else ours")
    recipients_file: Path = Field(Path("recipients.toml"), description="who gets the digest")
    contact: str = Field("", description="address or URL in the User-Agent, so that a site's keeper can reach you")
    workers: int = Field(24, ge=1, le=64, description="sources polled side by side")
    task_runner: str = Field("processes", description="who works on a backfill's chunks under `meetings serve`")
    host_delay: float = Field(1.0, ge=0, le=120, description="least time between two requests to one host")
    pages_per_host: int = Field(40, ge=1, le=1000, description="most article pages fetched per host and run")
    pages_per_run: int = Field(400, ge=1, le=10_000, description="most article pages fetched per run")
    seconds_per_source: Seconds = Field(600.0, description="no new page is begun after this long with one source")
    connect_timeout: Seconds = Field(10.0, description="longest wait for a connection")
    read_timeout: Seconds = Field(20.0, description="longest wait for the next bytes")
    total_timeout: Seconds = Field(60.0, description="longest time for one request with its redirects")
    allow_private_addresses: bool = Field(False, description="let sources live on private addresses (tests only)")
    poll_first_timeout: Seconds = Field(900.0, description="longest time the digest flow polls before it writes")
    smtp_host: str | None = Field(None, description="mail server; without one nothing is sent")
    smtp_port: int = Field(587, ge=1, le=65535, description="its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="how the connection is secured: starttls (port 587), tls (port 465) or none (port 25)"
    )
    smtp_username: str | None = Field(None, description="login, when the server wants one")
    smtp_password: SecretStr | None = Field(None, description="its password; from the environment or .env alone")
    smtp_ca_file: Path | None = Field(None, description="certificate authority of a server with its own certificate")
    smtp_timeout: Seconds = Field(30.0, description="longest wait for one answer of the mail server")
    mail_from: str = Field("China–Viet Nam Meetings <meetings@localhost>", description="sender of the digest")
    mail_per_minute: int = Field(60, ge=0, le=100_000, description="most messages begun in any minute; 0: no limit")
    mail_retry_for: float = Field(
        172_800.0, ge=0, le=2_678_400, description="a message that is put off for so long counts as refused"
    )
    mail_unknown: Literal["resend", "hold"] = Field(
        "resend", description="what may have arrived: resend it under its Message-ID, or hold it for a person"
    )
    mail_unknown_after: float = Field(900.0, ge=0, le=604_800, description="it is sent again after so long")
    unsubscribe_url: str = Field("", description="https address for one-click unsubscribing, with {token} in it")
    unsubscribe_secret: SecretStr | None = Field(None, description="key of its tokens; from environment or .env alone")
    unsubscribe_mailto: str = Field("", description="address to which a reader may write to leave the list")
    site_url: str = Field("", description="address at which the web archive stands, for the links in a mail")
    prefect_host: str = Field("127.0.0.1", description="address on which `meetings serve` listens")
    prefect_port: int = Field(4200, ge=1, le=65535, description="its port")
    prefect_database_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL of the Prefect server's own database; default SQLite in home"
    )
    alert_to: str = Field("", description="address of the operator, who is mailed what needs a person")
    overdue_after: float = Field(
        25_200.0, ge=600, le=2_678_400, description="`meetings status` objects when nothing has run for so long"
    )
    disk_free_mb: int = Field(500, ge=1, description="`meetings status` objects when fewer megabytes are free")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone is called {value!r}; use an IANA name such as Asia/Ho_Chi_Minh") from error
        return value

    @field_validator("prefect_database_url")
    @classmethod
    def _as_prefect_takes_it(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith("postgresql+asyncpg://"):
            raise ValueError("give a URL such as postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE")
        return value

    @field_validator("task_runner")
    @classmethod
    def _a_runner(cls, value: str) -> str:
        parse_runner(value)
        return value

    @field_validator("contact")
    @classmethod
    def _fit_for_a_header(cls, value: str) -> str:
        if not (value.isascii() and value.isprintable()) or any(c in value for c in "()\\"):
            raise ValueError("give a mail address or URL in ASCII, without brackets; it goes into every request")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sendable(cls, value: str) -> str:
        address = parseaddr(value)[1]
        if "@" not in address or any(c in value for c in "\r\n"):
            raise ValueError("give a sender such as: Meetings <meetings@example.org>")
        return value

    @field_validator("unsubscribe_url")
    @classmethod
    def _one_click(cls, value: str) -> str:
        if value:
            check_template(value)
        return value

    @field_validator("unsubscribe_mailto", "alert_to")
    @classmethod
    def _an_address(cls, value: str) -> str:
        try:
            return check_address(value, where="the address") if value else value
        except InputError as error:
            raise ValueError(str(error)) from error

    @field_validator("site_url")
    @classmethod
    def _linkable(cls, value: str) -> str:
        if value and (safe_url(value) != value or any(c in value for c in "?#")):
            raise ValueError("give an address such as https://example.org/meetings")
        return value.rstrip("/")

    @property
    def tz(self) -> ZoneInfo:
        """The digest's zone."""
        return ZoneInfo(self.zone)

    @property
    def archive_url(self) -> str | None:
        """`database_url` with its password in it; None for the database in the home folder."""
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def user_agent(self) -> str:
        """How we present ourselves to servers (RFC 9110 §10.1.5)."""
        return f"china-vietnam-meetings/{version()} ({self.contact or 'contact not set'})"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line over environment over `.env` over `meetings.toml`."""
        # pydantic's own readers of the two files pass over what they cannot read
        del file_secret_settings, dotenv_settings
        files = (InitSettingsSource(settings_cls, read()) for read in (_in_env_file, _in_toml_file))
        return init_settings, env_settings, *files


def load_settings(
    home: Path | None = None, sources_file: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Settings from everywhere, the command line's `home` and `sources_file` on top.

    Raises `InputError` that names every wrong key, and where it was written.
    """
    named = {key.upper() for key in environ if key.upper().startswith(PREFIX)}
    _require_known("environment", named, _names())
    given = {"home": home, "sources_file": sources_file}
    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(_problem(each, named) for each in error.errors())
        raise InputError(f"{problems}; see docs/settings.md") from error


def _problem(error: ErrorDetails, environment: Iterable[str]) -> str:
    key = ".".join(map(str, error["loc"])).lower().removeprefix(PREFIX.lower())
    places = {"environment": PREFIX + key.upper() in environment, ENV_FILE: key in _in_env_file(), TOML_FILE: True}
    where = next(place for place, stands_there in places.items() if stands_there)
    return f"{where}: {key}: {error['msg'].removeprefix('Value error, ')}"


def _require_known(where: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raises `InputError` that names those that no setting has, and the nearest that one has."""
    told = []
    for name in sorted(set(names) - set(known)):
        near = difflib.get_close_matches(name, sorted(known), n=1)
        told.append(f"{name} (do you mean {near[0]}?)" if near else name)
    if told:
        raise InputError(f"{where}: no setting is called {', '.join(told)}; see docs/settings.md")


# prefect.yaml reads it when `prefect deploy` runs (docs/operations.md)
_NO_SETTINGS = {PREFIX + "ROOT"}


def _names() -> set[str]:
    """The names that may stand in the environment and in `.env`."""
    return {PREFIX + key.upper() for key in Settings.model_fields} | _NO_SETTINGS


def _in_env_file() -> dict[str, Any]:
    """The settings in `.env`; raises `InputError` that names the line or the name at fault, and quotes no value."""
    text = _text_of(ENV_FILE)
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            read = binding.original.string
            line = binding.original.line + read[: len(read) - len(read.lstrip())].count("\n")
            raise InputError(f"{ENV_FILE}, line {line}: this is not of the form NAME=value; mend the line or remove it")
    found = {key.upper(): value for key, value in dotenv_values(stream=io.StringIO(text)).items()}
    _require_known(ENV_FILE, found, _names())
    return {key.removeprefix(PREFIX).lower(): value for key, value in found.items() if key not in _NO_SETTINGS}


def _in_toml_file() -> dict[str, Any]:
    """The settings in `meetings.toml`; raises `InputError` that names the line or the key at fault, or a secret."""
    try:
        found = tomllib.loads(_text_of(TOML_FILE))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{TOML_FILE} is not valid TOML: {error}") from error
    _require_known(TOML_FILE, found, Settings.model_fields)
    for key, value in found.items():
        if _is_secret(key, value):
            raise InputError(
                f"{TOML_FILE}: {key} holds a secret, which this file is no place for; take it out, and give it as "
                f"{PREFIX}{key.upper()} in the environment, or in a {ENV_FILE} that only you can read"
            )
    return found


def _is_secret(key: str, value: object) -> bool:
    """Whether a setting may not stand where others read it; the URL of a database may, but for its password."""
    if SecretStr not in get_args(Settings.model_fields[key].annotation):
        return False
    if not key.endswith("database_url") or not isinstance(value, str):
        return True
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(value).password is not None
    except (ArgumentError, ValueError):
        return "@" in value


def _text_of(name: str) -> str:
    """What stands in a settings file of this folder; nothing where there is none."""
    path = Path(name)
    return read_text(path, "settings file") if os.path.lexists(path) else ""


def version() -> str:
    """The installed distribution's version."""
    return metadata.version("china-vietnam-meetings")


def read_text(path: Path, what: str) -> str:
    """The UTF-8 text of a file that a person names; raises `InputError` with `what` and the path."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{what} {path} cannot be read: {reason}") from error


def shipped(name: str) -> Path:
    """The path of a data file of ours (`sources.toml`, `prefect.yaml`): in a checkout at its top, else in the wheel."""
    inside = Path(str(resources.files("flows") / "data" / name))
    return inside if inside.exists() else Path(__file__).resolve().parent.parent / name


def sources_path(settings: Settings) -> Path:
    """Which catalogue is in force: the one set, else `./sources.toml`, else the shipped one."""
    local = Path("sources.toml")
    return settings.sources_file or (local if local.exists() else shipped("sources.toml"))
