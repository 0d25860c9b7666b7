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

from provenance.errors import SettingsError

_PREFIX = "PROVENANCE_"
_PLACES = {"PROVENANCE_ARCHIVE", "PROVENANCE_CONFIG"}

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


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weekly report."""

    timezone: str = "UTC"
    """IANA name; the week begins on Monday at midnight there."""
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
    return settings


def _convert(values: object, where: str, *, strict: bool = True) -> Settings:
    try:
        return msgspec.convert(values, Settings, strict=strict)
    except msgspec.ValidationError as error:
        raise SettingsError(where=where, what=error) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    sections = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    known = {
        f"{_PREFIX}{section}_{key}".upper(): (section, key)
        for section, struct in sections.items()
        for key in struct.__struct_fields__
    }
    found: dict[str, dict[str, str]] = {}
    for name, value in environ.items():
        if not name.startswith(_PREFIX) or name in _PLACES:
            continue
        if name not in known:
            raise SettingsError(where=name, what="there is no such setting")
        section, key = known[name]
        found.setdefault(section, {})[key] = value
    return found
