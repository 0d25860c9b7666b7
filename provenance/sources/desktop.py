"""Telegram Desktop's export: finds the `result.json` files and reads them as a stream.

One chat or a whole account; memory is that of one message. A message of the wrong shape is a Problem and the rest
goes on; a file that cannot be read further raises DamagedExport after every whole message before the damage.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import ijson
import msgspec
from ijson.common import JSONError, ObjectBuilder

from provenance.core.model import Channel, PeerKind, Post, Problem
from provenance.errors import DamagedExport, HtmlExport, NotAnExport, SourceError
from provenance.sources.desktop_escapes import Mended
from provenance.sources.desktop_message import ALBUM, as_album, continues_album, convert

_RESULT = "result.json"
_KINDS = {
    "public_channel": PeerKind.CHANNEL,
    "private_channel": PeerKind.CHANNEL,
    "public_supergroup": PeerKind.CHANNEL,
    "private_supergroup": PeerKind.CHANNEL,
    "private_group": PeerKind.GROUP,
    "personal_chat": PeerKind.USER,
    "bot_chat": PeerKind.USER,
    "saved_messages": PeerKind.USER,
    "replies": PeerKind.USER,
    "verify_codes": PeerKind.USER,
}
# Where a chat may stand: the root of the file, or the lists of a whole-account export.
_CHATS = ("", "chats.list.item", "left_chats.list.item")
_MESSAGES = {f"{chat}.messages".lstrip("."): chat for chat in _CHATS}
_DEEP = 2_500
"""Longest name of a place inside a message, in characters: some 500 levels."""
_PLACE = 20_000
"""Longest name of a place that is read at all."""
_BLOCK = 1 << 20
"""Bytes read at once: a text that is longer than a block is gone through again with every block."""
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Item:
    """Something read from an export, in the file's order, and the chat that it belongs to.

    `post` is None where a message could not be used (then `problem` says why), or for the chat's own header.
    """

    channel: Channel
    post: Post | None = None
    problem: Problem | None = None


def find(path: Path) -> Path:
    """Return the `result.json` that `path` (itself, or its folder) stands for.

    Raises HtmlExport or NotAnExport.
    """
    try:
        exists = path.exists()
    except OSError as error:
        raise NotAnExport(path=path, what=error.strerror or error) from error
    if not exists:
        raise NotAnExport(path=path, what="there is no such file or folder")
    if path.is_dir():
        if (path / _RESULT).is_file():
            return path / _RESULT
        if any(path.glob("messages*.html")) or (path / "export_results.html").exists():
            raise HtmlExport(path=path)
        raise NotAnExport(path=path, what=f"the folder holds no {_RESULT}")
    if path.suffix.lower() in {".html", ".htm"}:
        raise HtmlExport(path=path)
    if not path.is_file():
        raise NotAnExport(path=path, what="it is not a regular file")
    return path


def probe(path: Path) -> SourceError | None:
    """Say why `path` is no export at all; None where it begins like one."""
    try:
        next(read(find(path)))
    except SourceError as error:
        return error
    return None


def read(result: Path) -> Iterator[Item]:
    """Yield the chats' headers and posts of one `result.json`, in order.

    Raises NotAnExport when the file is something else, DamagedExport where it cannot be read further.
    """
    try:
        stream = result.open("rb")
    except OSError as error:
        raise NotAnExport(path=result, what=error.strerror or error) from error
    with stream:
        _skip_mark(result, stream)
        reader = _Reader(result)
        yield from reader.items(stream)


def _skip_mark(result: Path, stream: IO[bytes]) -> None:
    head = stream.read(3)
    if encoding := _BOMS.get(head[:2]):
        raise NotAnExport(path=result, what=f"it is written in {encoding}, not in UTF-8")
    if head != b"\xef\xbb\xbf":
        stream.seek(0)


class _Reader:
    """One pass over the file's events. `_last` tells where damage begins."""

    def __init__(self, result: Path) -> None:
        self._result = result
        self._header: dict[str, Any] = {}
        self._last = "before the first message"
        self._chats = 0

    def items(self, stream: IO[bytes]) -> Iterator[Item]:
        events = _places(ijson.basic_parse(Mended(stream), buf_size=_BLOCK))
        try:
            yield from self._walk(events)
        except (JSONError, UnicodeDecodeError) as error:
            if not self._chats:
                raise NotAnExport(path=self._result, what=_first_line(error)) from error
            raise DamagedExport(path=self._result, where=self._last, what=_first_line(error)) from error
        except OSError as error:
            raise DamagedExport(path=self._result, where=self._last, what=error) from error
        if not self._chats:
            raise NotAnExport(path=self._result, what="it holds no list of messages")

    def _walk(self, events: Iterator[tuple[str, str, Any]]) -> Iterator[Item]:
        current: str | None = None
        for prefix, event, value in events:
            if prefix in _MESSAGES:
                if event != "start_array":
                    raise NotAnExport(path=self._result, what="its `messages` are not a list")
                yield from self._chat(events, prefix)
            elif event == "start_map" and prefix in _CHATS:
                current, self._header = prefix, {}
            elif current is not None and event in {"string", "number", "null"}:
                chat, _, key = prefix.rpartition(".")
                if chat == current:
                    self._header[key] = value

    def _chat(self, events: Iterator[tuple[str, str, Any]], prefix: str) -> Iterator[Item]:
        channel = self._channel()
        self._chats += 1
        yield Item(channel)
        root = self._result.parent
        album: list[Post] = []
        try:
            for message in self._messages(events, prefix):
                converted = message if isinstance(message, Problem) else convert(message, root)
                if isinstance(converted, Problem):
                    where = f"{self._result}: «{channel.title}», {converted.where}"
                    yield Item(channel, problem=Problem(where, converted.what))
                    continue
                self._last = f"after message {converted.message_id} of «{channel.title}»"
                if album and (len(album) == ALBUM or not continues_album(album[-1], converted)):
                    yield from (Item(channel, post) for post in as_album(album))
                    album = []
                album.append(converted)
        except (JSONError, UnicodeDecodeError, OSError):
            # The file is damaged further on; what was read whole is still handed over.
            yield from (Item(channel, post) for post in as_album(album))
            raise
        yield from (Item(channel, post) for post in as_album(album))

    def _messages(self, events: Iterator[tuple[str, str, Any]], prefix: str) -> Iterator[Any]:
        item = f"{prefix}.item"
        for place, event, value in events:
            if place == prefix and event == "end_array":
                return
            builder = ObjectBuilder()
            builder.event(event, value)
            too_deep = False
            if event in {"start_map", "start_array"}:
                end = event.replace("start", "end")
                for place, event, value in events:
                    too_deep = too_deep or len(place) > _DEEP
                    if not too_deep:
                        builder.event(event, value)
                    if place == item and event == end:
                        break
            yield Problem("a message", "nested too deeply") if too_deep else builder.value

    def _channel(self) -> Channel:
        peer_id, kind = self._header.get("id"), self._header.get("type")
        if not isinstance(peer_id, int):
            raise NotAnExport(path=self._result, what="the chat has no `id` before its messages")
        title = self._header.get("name")
        with suppress(msgspec.ValidationError):
            title = msgspec.convert(title, str)
        if not isinstance(title, str) or not title:
            title = "Saved Messages" if kind == "saved_messages" else f"unnamed {peer_id}"
        return Channel(_KINDS.get(str(kind), PeerKind.CHANNEL), peer_id, title)


def _places(events: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """Name the place of each event, like `ijson.parse`, but stop at nesting that no export has.

    ijson names every place of a block before it hands out the first, in time and memory of the depth squared.
    """
    opened: list[tuple[str, bool]] = []
    place = ""
    for event, value in events:
        if event == "map_key":
            outer = opened[-1][0]
            yield outer, event, value
            place = f"{outer}.{value}" if outer else value
            continue
        if event in {"end_map", "end_array"}:
            place = opened.pop()[0]
        yield place, event, value
        if event in {"start_map", "start_array"}:
            if len(place) > _PLACE:
                raise JSONError("nested too deeply")
            opened.append((place, event == "start_array"))
        if opened and opened[-1][1]:
            place = f"{opened[-1][0]}.item" if opened[-1][0] else "item"


def _first_line(error: BaseException) -> str:
    """The parser's complaint without the excerpt that follows it; it arrives as bytes."""
    words = error.args[0] if error.args else ""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    first = " ".join(text.split("\n")[0].split())
    return "".join(char if char.isprintable() else "?" for char in first) or type(error).__name__
