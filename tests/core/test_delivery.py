"""What users write as targets, and what is none."""

import pytest

from provenance.core.delivery import Target, Way, target


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/desk/reports", Target(Way.FOLDER, "/desk/reports")),
        ("~/desk", Target(Way.FOLDER, "~/desk")),
        ("out", Target(Way.FOLDER, "out")),
        ("folder:/desk/a@b", Target(Way.FOLDER, "/desk/a@b")),
        ("mailto:editor+week@example.org", Target(Way.MAIL, "editor+week@example.org")),
        ("MailTo: editor@localhost ", Target(Way.MAIL, "editor@localhost")),
        ("telegram:me", Target(Way.TELEGRAM, "me")),
        ("Telegram", Target(Way.TELEGRAM, "me")),
        ("telegram:", Target(Way.TELEGRAM, "me")),
        ("telegram:@our_desk", Target(Way.TELEGRAM, "@our_desk")),
        ("telegram:-1001500000002", Target(Way.TELEGRAM, "-1001500000002")),
    ],
)
def test_targets(text: str, found: Target) -> None:
    assert target(text) == found
    assert target(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "folder:",
        "mailto:",
        "mailto:nobody",
        "mailto:a@b,c@d",
        "mailto:a@b?bcc=c@d",
        "mailto:Editor <a@b>",
        "mailto:a@b\r\nBcc: c@d",
        "/desk\x1b[31m",
        "/desk\nmore",
        "editor@example.org",
        "telegram:+AbCdEfGhIjKl",
        "telegram:@a b",
        "ftp://host/path",
        "mailt:a@b",
    ],
)
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(ValueError, match=r"none of|characters|write mailto"):
        target(text)


def test_a_bare_address_is_told_what_it_lacks() -> None:
    with pytest.raises(ValueError, match=r"write mailto:editor@example\.org"):
        target("editor@example.org")
