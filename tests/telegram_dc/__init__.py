"""An in-process Telegram for tests: data centres that speak MTProto over 127.0.0.1, with faults on demand.

`DataCentre` is the way in; a `Channel` comes from `DataCentre.channel`, faults are ordered from
`DataCentre.faults`. Built on Telethon's TL classes, its AES and its session files. What a request asks is answered by
the handlers in `answers`, `login`, `reading` and `files`; `world` is what they read, `server` is the sockets.
"""

from tests.telegram_dc.centre import DataCentre
from tests.telegram_dc.channels import Channel
from tests.telegram_dc.faults import Faults

__all__ = ["Channel", "DataCentre", "Faults"]
