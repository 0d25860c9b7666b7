"""A report as mail, over SMTP with or without encryption and login."""

import asyncio
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import aiosmtplib

from provenance.app import clock
from provenance.app.parcel import Parcel
from provenance.errors import DeliveryFailed


@dataclass(frozen=True, slots=True)
class Sender:
    """The mail server that takes our mail, and in whose name."""

    host: str
    port: int
    address: str
    security: str = "starttls"
    """"starttls", "ssl" or "none"."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    """Whom to trust instead of the public authorities."""
    seconds: float = 30.0
    """How long one answer of the server may take."""


async def send(sender: Sender, to: str, parcel: Parcel) -> None:
    """Hand a parcel to the mail server. Raises DeliveryFailed."""
    try:
        await aiosmtplib.send(
            message(sender, to, parcel),
            sender=sender.address,
            recipients=[to],
            hostname=sender.host,
            port=sender.port,
            username=sender.user,
            password=sender.password,
            use_tls=sender.security == "ssl",
            start_tls=sender.security == "starttls",
            cert_bundle=None if sender.ca_file is None else str(sender.ca_file),
            timeout=sender.seconds,
        )
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError, asyncio.IncompleteReadError, ValueError) as error:
        said = str(error) or type(error).__name__
        if sender.password:  # a server may repeat what it was told
            said = said.replace(sender.password, "***")
        where = f"the mail server {sender.host}:{sender.port}"
        raise DeliveryFailed(target=f"mailto:{to}", what=f"{where}: {' '.join(said.split())[:300]}") from None


def message(sender: Sender, to: str, parcel: Parcel) -> EmailMessage:
    """The mail; its id is the same each time, so that readers can tell a second copy."""
    made = EmailMessage()
    made["Subject"] = parcel.subject
    made["From"] = sender.address
    made["To"] = to
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = f"<{parcel.key}@{sender.address.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(parcel.text)
    for name, data in parcel.files:
        maintype, subtype = ("application", "pdf") if name.endswith(".pdf") else ("text", "html")
        made.add_attachment(data, maintype=maintype, subtype=subtype, filename=name)
    return made
