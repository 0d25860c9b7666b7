"""Settings: one TOML file and PROVENANCE_* variables, validated; only the command line reads them.

A variable overrides the file: PROVENANCE_IMAGES_TIMEOUT_SECONDS is `timeout_seconds` under `[images]`.
Unknown keys and unknown variables are refused, for a mistyped one would otherwise be ignored in silence.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from provenance.core.delivery import Way, target
from provenance.errors import SettingsError

_PREFIX = "PROVENANCE_"
_PASSWORD = "PROVENANCE_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
_PLACES = {"PROVENANCE_ARCHIVE", "PROVENANCE_CONFIG", _PASSWORD}

OFF = "off"

Positive = Annotated[int, msgspec.Meta(ge=1)]


class Images(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits under which a hostile image is decoded."""

    workers: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """Worker processes; 0 means one for each processor."""
    timeout_seconds: Annotated[int, msgspec.Meta(ge=1, le=600)] = 20
    memory_mb: Annotated[int, msgspec.Meta(ge=256)] = 1024
    """Address space of one worker beyond what it needs at rest, in MiB."""
    max_pixels: Positive = 120_000_000
    max_mb: Positive = 256
    """The largest image file that is taken in, in MiB."""
    model: str = ""
    """ONNX file of the network that finds altered copies; a relative path is taken from the archive's folder. Empty:
    the one that `provenance model install` fetched. "off": none, and altered copies are not looked for."""


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another MTProto data centre in place of Telegram's own: its test servers, or one in this house."""

    dc: Positive
    address: str
    """HOST:PORT"""
    public_key_file: str | None = None
    """PEM file (PKCS#1) of the server's RSA key; a relative path is taken from the archive's folder."""


class Telegram(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to speak to Telegram, and what is kept of what it sends."""

    api_id: int | None = None
    api_hash: str | None = None
    """Both from my.telegram.org; `login` asks for them where they are not set here."""
    session: str = "telegram/provenance.session"
    """A relative path is taken from the archive's folder."""
    server: Server | None = None
    proxy: str | None = None
    """socks5://[USER:PASSWORD@]HOST:PORT, socks4://…, http://…, or mtproxy://HOST:PORT?secret=HEX."""
    requests_per_minute: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 40
    """Own pace of asking for history: Telegram tells no limit, and about 60 are reported as the edge."""
    downloads: Annotated[int, msgspec.Meta(ge=1, le=32)] = 4
    """Files downloaded side by side."""
    keep_self_destructing: bool = False
    """Keep images that the sender wants to disappear."""
    keep_protected: bool = False
    """Keep images of chats that do not allow saving."""


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The daemon."""

    reconcile_every: Annotated[float, msgspec.Meta(gt=0)] = 900
    """Seconds after which each channel is compared with its history on Telegram again."""
    recheck_posts: Annotated[int, msgspec.Meta(ge=0)] = 100
    """How many of the newest posts are looked at again each time, for edits and deletions."""
    backfill: bool = True
    """Fetch the history of the channels as well, newest posts first."""
    min_free_mb: Annotated[int, msgspec.Meta(ge=0)] = 1024
    """Free disk space in MiB below which downloads wait."""


class Smtp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server that takes the reports."""

    host: str = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    """0: 465 with "ssl", else 587."""
    security: Literal["starttls", "ssl", "none"] = "starttls"
    """"none" sends no password."""
    sender: str = ""
    """The address in whose name the mail goes."""
    user: str | None = None
    password_file: str | None = None
    """A file that holds the password alone; a relative path is taken from the archive's folder. Without it, the
    variable PROVENANCE_SMTP_PASSWORD is taken. It is never kept in the settings or in the archive."""
    ca_file: str | None = None
    """Certificates (PEM) to trust instead of the public authorities: a mail server in this house."""
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=300)] = 30
    """How long one answer of the server may take."""


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weekly report."""

    timezone: str = "UTC"
    """IANA name; the week begins on Monday at midnight there."""
    language: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,8}([_-][A-Za-z0-9]{2,8})*$")] = "en"
    """Of the pages, if the program has a catalogue of it; else they are in English."""
    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    """The day on which the daemon makes the report of the last complete week."""
    time: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "06:00"
    """The time of that day, in the time zone above."""
    browser: str = ""
    """The Chromium (or WeasyPrint) that makes PDFs; empty: one in PATH."""
    smallest_side: Annotated[int, msgspec.Meta(ge=0)] = 64
    """Images whose shorter side has fewer pixels (emoji, icons) are left out."""
    repeated_by_one: Annotated[int, msgspec.Meta(ge=2)] = 3
    """From so many posts on, a picture that one channel alone has ever shown stands in a list of its own."""
    fast_channels: Annotated[int, msgspec.Meta(ge=2)] = 3
    """The fastest spread is the time until so many channels had shown a picture."""
    deliver_to: tuple[str, ...] = ()
    """Where the daemon delivers each report: "folder:/path", "mailto:editor@example.org", "telegram:me" (Saved
    Messages), "telegram:@name" (a channel or group that the account may write to)."""
    deliver_pdf: bool = False
    """A PDF is made as well, and goes with the page."""
    smtp: Smtp = Smtp()


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set in `provenance.toml`."""

    images: Images = Images()
    telegram: Telegram = Telegram()
    watch: Watch = Watch()
    report: Report = Report()


def archive_directory(option: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the archive's folder: the option, else PROVENANCE_ARCHIVE, else the XDG data folder."""
    if option is not None:
        return option
    if named := environ.get("PROVENANCE_ARCHIVE"):
        return Path(named)
    import platformdirs  # only where neither the option nor the variable is given

    return Path(platformdirs.user_data_dir("provenance"))


def load(directory: Path, option: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read `provenance.toml` of the archive in `directory` (or the file named), then the variables.

    Raises SettingsError for a file that cannot be read, an unknown name or a value of the wrong kind.
    """
    named = option or (Path(environ["PROVENANCE_CONFIG"]) if environ.get("PROVENANCE_CONFIG") else None)
    path = named or directory / "provenance.toml"
    values: dict[str, Any] = {}
    if named is not None or path.is_file():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(where=path, what=error) from error
    settings = _convert(values, str(path))
    overrides = _from_environment(environ)
    if overrides:
        for section, keys in overrides.items():
            values.setdefault(section, {}).update(keys)
        settings = _convert(values, "PROVENANCE_* variables", strict=False)
    try:
        ZoneInfo(settings.report.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(where="report.timezone", what=f"no such time zone: {settings.report.timezone}") from error
    _check_delivery(settings.report)
    return settings


def smtp_password(smtp: Smtp, directory: Path, environ: Mapping[str, str] = os.environ) -> str | None:
    """The password for the mail server, from its file or the variable. Raises SettingsError."""
    if smtp.password_file is None:
        return environ.get(_PASSWORD)
    path = directory / Path(smtp.password_file).expanduser()
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise SettingsError(where="report.smtp.password_file", what=f"{path} cannot be read") from error


def _check_delivery(report: Report) -> None:
    smtp = report.smtp
    try:
        ways = {target(each).way for each in report.deliver_to}
        if smtp.sender:
            target(f"mailto:{smtp.sender}")
    except ValueError as error:
        raise SettingsError(where="report.deliver_to", what=error) from error
    if Way.MAIL in ways and not (smtp.host and smtp.sender):
        raise SettingsError(where="report.smtp", what="mail needs at least its host and sender")
    if smtp.user is not None and smtp.security == "none":
        raise SettingsError(where="report.smtp", what="a password is sent with starttls or ssl only")


def _convert(values: object, where: str, *, strict: bool = True) -> Settings:
    try:
        return msgspec.convert(values, Settings, strict=strict)
    except msgspec.ValidationError as error:
        raise SettingsError(where=where, what=error) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, dict[str, str | list[str]]]:
    sections = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    known = {
        f"{_PREFIX}{section}_{key}".upper(): (section, key)
        for section, struct in sections.items()
        for key in struct.__struct_fields__
    }
    found: dict[str, dict[str, str | list[str]]] = {}
    for name, value in environ.items():
        if not name.startswith(_PREFIX) or name in _PLACES:
            continue
        if name not in known:
            raise SettingsError(where=name, what="there is no such setting")
        section, key = known[name]
        is_list = isinstance(getattr(sections[section](), key), tuple)
        found.setdefault(section, {})[key] = [each.strip() for each in value.split(",")] if is_list else value
    return found
