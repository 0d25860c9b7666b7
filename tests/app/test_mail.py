"""Mail that arrives at a real SMTP server: plain, encrypted, with a login; servers that refuse, hang or are gone."""

import asyncio
import gc
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from provenance.app import mail
from provenance.app.mail import Sender
from provenance.app.parcel import Parcel
from provenance.errors import DeliveryFailed

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
"""The server leaves its end of a connection to the collector when it is stopped."""

EDITOR = "editor@example.org"
SECRET, WRONG = "correct horse", "another animal"
PAGE = "<p>Überall</p>\n.\n" * 2000
PARCEL = Parcel(
    "report-2024-W52", "Week 2024-W52 — «Överview»", "The week.\n.\nIts end.\n",
    (("report-2024-W52.html", PAGE.encode()), ("report-2024-W52.pdf", b"%PDF-1.7\0\xff")), "a" * 40,
)  # fmt: skip


@dataclass
class Post:
    """A mail server's hand: keeps what comes, or answers what it is told to."""

    answer: str = "250 OK"
    came: list[Envelope] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.came.append(envelope)
        return self.answer

    @property
    def mails(self) -> list[EmailMessage]:
        contents = [each.content for each in self.came]
        return [message_from_bytes(each, policy=policy.default) for each in contents if isinstance(each, bytes)]


@contextmanager
def server(post: Post, **more: Any) -> Iterator[Sender]:
    """A mail server on a port of its own, and how to reach it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield Sender("127.0.0.1", port, "archive@example.org", "none", seconds=5)
    finally:
        controller.stop()
        gc.collect()


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"archive", SECRET.encode())
    return AuthResult(success=known)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def encrypted(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def send(sender: Sender, parcel: Parcel = PARCEL) -> None:
    asyncio.run(mail.send(sender, EDITOR, parcel))


def test_a_mail_arrives_with_its_files() -> None:
    post = Post()
    with server(post) as sender:
        send(sender)
    (envelope,) = post.came
    assert (envelope.mail_from, envelope.rcpt_tos) == ("archive@example.org", [EDITOR])
    (came,) = post.mails
    assert (came["Subject"], came["To"], came["From"]) == (PARCEL.subject, EDITOR, "archive@example.org")
    assert came["Message-ID"] == f"<{'a' * 40}@example.org>"
    body = came.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == PARCEL.text
    attached = list(came.iter_attachments())
    assert [each.get_filename() for each in attached] == [name for name, _ in PARCEL.files]
    assert [each.get_content_type() for each in attached] == ["text/html", "application/pdf"]
    assert [each.get_payload(decode=True) for each in attached] == [data for _, data in PARCEL.files]


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd sees no TLS that came before SMTP
@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_encrypted_and_with_a_login(security: str, encrypted: ssl.SSLContext, trusted: Path) -> None:
    post = Post()
    more: dict[str, Any] = {"authenticator": authenticate, "auth_required": True}
    if security == "ssl":
        more |= {"ssl_context": encrypted, "auth_require_tls": False}
    else:
        more |= {"tls_context": encrypted, "require_starttls": True}
    with server(post, **more) as sender:
        right = replace(sender, security=security, user="archive", password=SECRET, ca_file=trusted)
        send(right)
        assert len(post.came) == 1
        with pytest.raises(DeliveryFailed) as refused:
            send(replace(right, password=WRONG))
        assert WRONG not in str(refused.value)
    assert len(post.came) == 1


def test_a_server_that_nobody_vouches_for_gets_nothing(encrypted: ssl.SSLContext) -> None:
    post = Post()
    with server(post, ssl_context=encrypted) as sender, pytest.raises(DeliveryFailed, match=r"(?i)certificate"):
        send(replace(sender, security="ssl"))
    assert post.came == []


def test_nothing_goes_unencrypted_where_encryption_is_wished() -> None:
    post = Post()
    with server(post) as sender, pytest.raises(DeliveryFailed, match="STARTTLS"):
        send(replace(sender, security="starttls"))
    assert post.came == []


def test_a_server_that_refuses_is_quoted_without_the_password() -> None:
    with server(Post(f"554 no\x1b[31m room for {SECRET}")) as sender, pytest.raises(DeliveryFailed) as refused:
        send(replace(sender, password=SECRET))
    assert "554" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(replace(sender, password=SECRET))


def test_a_server_that_is_down() -> None:
    with server(Post()) as sender:
        pass
    with pytest.raises(DeliveryFailed, match=r"mail server 127\.0\.0\.1"):
        send(sender)


def test_a_server_that_hangs() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        sender = Sender("127.0.0.1", silent.getsockname()[1], "archive@example.org", "none", seconds=0.3)
        with pytest.raises(DeliveryFailed, match=r"(?i)time"):
            send(sender)


@pytest.mark.parametrize("evil", ["week\r\nBcc: victim@example.org", "week\nX: y", "week\r\n\r\nbody"])
def test_a_subject_cannot_become_a_header(evil: str) -> None:
    post = Post()
    with server(post) as sender, pytest.raises(DeliveryFailed):
        send(sender, replace(PARCEL, subject=evil))
    assert post.came == []
