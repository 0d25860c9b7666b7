"""Settings: defaults, the file, the variables over it, and what is refused."""

from pathlib import Path

import pytest

from provenance.config import (
    Images,
    Report,
    Server,
    Settings,
    Smtp,
    Telegram,
    Watch,
    archive_directory,
    load,
    smtp_password,
)
from provenance.errors import SettingsError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder whose provenance.toml sets one value of each section."""
    text = '[images]\ntimeout_seconds = 7\n[report]\ntimezone = "Europe/Kyiv"\n'
    (tmp_path / "provenance.toml").write_text(text, encoding="utf-8")
    return tmp_path


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "provenance.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_defaults_where_nothing_is_set(tmp_path: Path) -> None:
    assert load(tmp_path, environ={}) == Settings()
    assert Settings().report.timezone == "UTC"


def test_an_archive_that_does_not_exist_yet_has_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "later", environ={}) == Settings()


def test_the_file_of_the_archive_is_read(archive: Path) -> None:
    assert load(archive, environ={}) == Settings(Images(timeout_seconds=7), report=Report(timezone="Europe/Kyiv"))


def test_another_file_takes_its_place(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[images]\nworkers = 3\n")
    third = tmp_path / "third.toml"
    third.write_text("[images]\nworkers = 4\n")
    environ = {"PROVENANCE_CONFIG": str(other)}
    assert load(archive, environ=environ) == Settings(Images(workers=3))
    assert load(archive, third, environ=environ) == Settings(Images(workers=4))


def test_a_named_file_must_exist(archive: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load(archive, archive / "none.toml", environ={})
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load(archive, environ={"PROVENANCE_CONFIG": str(archive / "none.toml")})


def test_variables_override_the_file(archive: Path) -> None:
    environ = {"PROVENANCE_IMAGES_TIMEOUT_SECONDS": "9", "PROVENANCE_IMAGES_MAX_PIXELS": "1000", "PATH": "/bin"}
    expected = Settings(Images(timeout_seconds=9, max_pixels=1000), report=Report(timezone="Europe/Kyiv"))
    assert load(archive, environ=environ) == expected


def test_variables_need_no_file(tmp_path: Path) -> None:
    environ = {"PROVENANCE_REPORT_TIMEZONE": "Asia/Kolkata", "PROVENANCE_IMAGES_WORKERS": "2"}
    assert load(tmp_path, environ=environ) == Settings(Images(workers=2), report=Report(timezone="Asia/Kolkata"))


def test_what_the_collector_does_where_nothing_is_set(tmp_path: Path) -> None:
    told = load(tmp_path, environ={})
    assert (told.telegram.api_id, told.telegram.api_hash, told.telegram.server, told.telegram.proxy) == (None,) * 4
    assert told.telegram.session == "telegram/provenance.session"
    assert (told.telegram.keep_protected, told.telegram.keep_self_destructing) == (False, False)
    assert told.telegram.requests_per_minute < 60
    assert (told.watch.reconcile_every, told.watch.recheck_posts, told.watch.backfill) == (900, 100, True)
    assert (told.report.day, told.report.time) == ("monday", "06:00")


def test_what_the_collector_is_told_by_the_file(tmp_path: Path) -> None:
    written(
        tmp_path,
        "[telegram]\napi_id = 7\napi_hash = 'ab'\nsession = 'a/b.session'\nrequests_per_minute = 30\n"
        "server = {dc = 2, address = '127.0.0.1:443', public_key_file = 'dc.pem'}\nproxy = 'socks5://a:1'\n"
        "keep_protected = true\n[watch]\nreconcile_every = 0.5\nbackfill = false\n[report]\nday = 'friday'\n",
    )
    assert load(tmp_path, environ={}) == Settings(
        telegram=Telegram(
            7,
            "ab",
            "a/b.session",
            Server(2, "127.0.0.1:443", "dc.pem"),
            "socks5://a:1",
            30,
            keep_protected=True,
        ),
        watch=Watch(0.5, backfill=False),
        report=Report(day="friday"),
    )


def test_what_the_collector_is_told_by_variables(tmp_path: Path) -> None:
    written(tmp_path, "[telegram]\napi_id = 1\nserver = {dc = 2, address = '127.0.0.1:443'}\n")
    environ = {
        "PROVENANCE_TELEGRAM_API_ID": "12345",
        "PROVENANCE_TELEGRAM_API_HASH": "0123456789",
        "PROVENANCE_TELEGRAM_KEEP_PROTECTED": "true",
        "PROVENANCE_WATCH_RECONCILE_EVERY": "30",
        "PROVENANCE_WATCH_BACKFILL": "false",
        "PROVENANCE_WATCH_MIN_FREE_MB": "0",
        "PROVENANCE_REPORT_DAY": "sunday",
        "PROVENANCE_REPORT_TIME": "23:59",
    }
    assert load(tmp_path, environ=environ) == Settings(
        telegram=Telegram(12345, "0123456789", server=Server(2, "127.0.0.1:443"), keep_protected=True),
        watch=Watch(30, backfill=False, min_free_mb=0),
        report=Report(day="sunday", time="23:59"),
    )


def test_the_variables_that_name_places_are_no_settings(tmp_path: Path) -> None:
    assert load(tmp_path, environ={"PROVENANCE_ARCHIVE": "/x", "PROVENANCE_CONFIG": ""}) == Settings()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[images]\nworker = 3\n", "worker"),
        ("[imagse]\nworkers = 3\n", "imagse"),
        ("workers = 3\n", "workers"),
        ('[images]\nworkers = "3"\n', "workers"),
        ("[images]\nworkers = -1\n", "workers"),
        ("[images]\nworkers = 1.5\n", "workers"),
        ("[images]\nworkers = true\n", "workers"),
        ("[images]\ntimeout_seconds = 0\n", "timeout_seconds"),
        ("[images]\ntimeout_seconds = 601\n", "timeout_seconds"),
        ("[images]\nmemory_mb = 255\n", "memory_mb"),
        ("[images]\nmax_pixels = 0\n", "max_pixels"),
        ("[images]\nmax_mb = 0\n", "max_mb"),
        ("images = 3\n", "images"),
        ("images = []\n", "images"),
        ("[report]\ntimezone = 3\n", "timezone"),
        ('[report]\nlanguage = "../../etc"\n', "language"),
        ('[report]\nlanguage = ""\n', "language"),
        ('[report]\ntimezone = "Europe/Kiew"\n', "Europe/Kiew"),
        ('[report]\ntimezone = ""\n', "timezone"),
        ('[report]\ntimezone = "../../etc/passwd"\n', "timezone"),
        ('[report]\ntimezone = "/etc/localtime"\n', "timezone"),
        ('[report]\ntimezone = "Europe"\n', "timezone"),
        ('[report]\ntimezone = "a\\u0000b"\n', "timezone"),
        ('[report]\nday = "Monday"\n', "day"),
        ("[report]\nday = 1\n", "day"),
        ('[report]\ntime = "24:00"\n', "time"),
        ('[report]\ntime = "6:00"\n', "time"),
        ('[report]\ntime = "06:00:00"\n', "time"),
        ("[report]\ntime = 06:00:00\n", "time"),
        ('[telegram]\napi_id = "1"\n', "api_id"),
        ("[telegram]\napi_hash = 1\n", "api_hash"),
        ("[telegram]\nsession = 1\n", "session"),
        ("[telegram]\nphone = '+1'\n", "phone"),
        ("[telegram]\nrequests_per_minute = 0\n", "requests_per_minute"),
        ("[telegram]\ndownloads = 0\n", "downloads"),
        ("[telegram]\ndownloads = 33\n", "downloads"),
        ("[telegram]\nkeep_protected = 1\n", "keep_protected"),
        ("[telegram]\nserver = '127.0.0.1:1'\n", "server"),
        ("[telegram]\nserver = {dc = 2}\n", "address"),
        ("[telegram]\nserver = {dc = 0, address = 'a:1'}\n", "dc"),
        ("[telegram]\nserver = {dc = 2, address = 'a:1', key = 'x'}\n", "key"),
        ("[watch]\nreconcile_every = 0\n", "reconcile_every"),
        ("[watch]\nreconcile_every = -1.5\n", "reconcile_every"),
        ("[watch]\nrecheck_posts = -1\n", "recheck_posts"),
        ("[watch]\nrecheck_posts = 1.5\n", "recheck_posts"),
        ("[watch]\nbackfill = 'yes'\n", "backfill"),
        ("[watch]\nmin_free_mb = -1\n", "min_free_mb"),
        ("[watch]\nchannels = []\n", "channels"),
        ("[images\n", "line 1"),
        ("[images]\nworkers = 1\nworkers = 2\n", "line 3"),
        (b"[images]\nname = \xff\n", "utf-8"),
        (b"\xff\xfe[\0", "utf-8"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str | bytes, names: str) -> None:
    written(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, environ={})
    assert names in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load(tmp_path, tmp_path, environ={})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROVENANCE_IMAGES_WORKER", "3"),
        ("PROVENANCE_WORKERS", "3"),
        ("PROVENANCE_", "3"),
        ("PROVENANCE_ARCHIV", "/x"),
        ("PROVENANCE_images_workers", "3"),
        ("PROVENANCE_IMAGES_WORKERS", "three"),
        ("PROVENANCE_IMAGES_WORKERS", ""),
        ("PROVENANCE_IMAGES_WORKERS", "65"),
        ("PROVENANCE_IMAGES_WORKERS", "1.5"),
        ("PROVENANCE_REPORT_TIMEZONE", "Mars/Olympus"),
        ("PROVENANCE_REPORT_TIME", "noon"),
        ("PROVENANCE_TELEGRAM_API_ID", "abc"),
        ("PROVENANCE_TELEGRAM_APIID", "1"),
        ("PROVENANCE_TELEGRAM_SERVER", "127.0.0.1:443"),
        ("PROVENANCE_WATCH_RECONCILE_EVERY", "0"),
        ("PROVENANCE_WATCH_BACKFILL", "perhaps"),
    ],
)
def test_a_wrong_variable_is_refused(archive: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(archive, environ={name: value})
    assert "PROVENANCE_" in str(refused.value) or value in str(refused.value)


def test_a_variable_does_not_hide_what_is_wrong_in_the_file(tmp_path: Path) -> None:
    written(tmp_path, '[images]\nworkers = "many"\n')
    with pytest.raises(SettingsError):
        load(tmp_path, environ={"PROVENANCE_IMAGES_WORKERS": "3"})


def test_where_the_archive_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"PROVENANCE_ARCHIVE": str(tmp_path / "named")}
    assert archive_directory(tmp_path / "option", environ) == tmp_path / "option"
    assert archive_directory(None, environ) == tmp_path / "named"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert archive_directory(None, {}) == tmp_path / "data" / "provenance"
    assert archive_directory(None, {"PROVENANCE_ARCHIVE": ""}) == tmp_path / "data" / "provenance"


# Deliveries

MAIL = '[report]\ndeliver_to = ["mailto:a@example.org"]\n[report.smtp]\nhost = "localhost"\nsender = "b@example.org"\n'


def test_targets_and_the_mail_server(tmp_path: Path) -> None:
    written(tmp_path, MAIL)
    report = load(tmp_path, environ={}).report
    assert report.deliver_to == ("mailto:a@example.org",)
    assert report.smtp == Smtp(host="localhost", sender="b@example.org")
    environ = {"PROVENANCE_REPORT_DELIVER_TO": "folder:/desk, telegram:me"}
    assert load(tmp_path, environ=environ).report.deliver_to == ("folder:/desk", "telegram:me")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('[report]\ndeliver_to = ["ftp://x/y"]', "deliver_to"),
        ('[report]\ndeliver_to = ["mailto:a@b\\r\\nBcc: c@d"]', "deliver_to"),
        ('[report]\ndeliver_to = ["mailto:a@b"]', "report.smtp"),
        (MAIL + 'user = "b"\nsecurity = "none"', "starttls or ssl"),
        (MAIL + 'password = "secret"', "password"),
        (MAIL.replace("b@example.org", "nobody"), "nobody"),
    ],
)
def test_targets_that_are_none(text: str, names: str, tmp_path: Path) -> None:
    written(tmp_path, text)
    with pytest.raises(SettingsError, match=names) as refused:
        load(tmp_path, environ={})
    assert "secret" not in str(refused.value)


def test_the_password_comes_from_a_file_or_a_variable(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from the file\n")
    environ = {"PROVENANCE_SMTP_PASSWORD": "from the variable"}
    assert load(tmp_path, environ=environ) == Settings()
    assert smtp_password(Smtp(), tmp_path, environ) == "from the variable"
    assert smtp_password(Smtp(), tmp_path, {}) is None
    here, gone = (Smtp(password_file=name) for name in ("password", "none"))
    assert smtp_password(here, tmp_path, environ) == "from the file"
    with pytest.raises(SettingsError, match="password_file"):
        smtp_password(gone, tmp_path, environ)
