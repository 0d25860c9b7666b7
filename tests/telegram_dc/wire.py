"""Bytes on the wire: the framing of the Full transport, sealed messages, and TL values that have no class."""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import Any

from telethon.crypto import AES
from telethon.extensions import BinaryReader
from telethon.network.mtprotostate import MTProtoState
from telethon.tl.core import GzipPacked, MessageContainer

_RPC_RESULT = 0xF35C6D01
_VECTOR = 0x1CB5C415
_TRUE, _FALSE = 0x997275B5, 0xBC799737


class Frames:
    """Cuts a byte stream into packets, and wraps packets for sending. One per connection: packets are counted."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._sent = 0

    def received(self, data: bytes) -> Iterator[bytes]:
        """Every packet that is complete now. ValueError: this is not the Full transport."""
        self._buffer += data
        while len(self._buffer) >= 4:
            (size,) = struct.unpack_from("<i", self._buffer)
            if not 12 <= size <= 1 << 24:
                raise ValueError("not the Full transport")
            if len(self._buffer) < size:
                return
            packet = bytes(self._buffer[:size])
            del self._buffer[:size]
            if struct.unpack("<I", packet[-4:])[0] != zlib.crc32(packet[:-4]):
                raise ValueError("a damaged packet")
            yield packet[8:-4]

    def wrap(self, payload: bytes) -> bytes:
        """A packet, ready for the socket."""
        head = struct.pack("<ii", len(payload) + 12, self._sent) + payload
        self._sent += 1
        return head + struct.pack("<I", zlib.crc32(head))


@dataclass(frozen=True)
class Sealed:
    """An opened message of the client."""

    salt: int
    session: int
    message_id: int
    body: Any  # a TL object: a request, a container, a service message


def open_sealed(key: bytes, packet: bytes) -> Sealed:
    """Decrypt and check what the client encrypted. ValueError: it does not check."""
    message_key = packet[8:24]
    aes_key, aes_iv = MTProtoState._calc_key(key, message_key, client=True)
    plain = AES.decrypt_ige(packet[24:], aes_key, aes_iv)
    if message_key != sha256(key[88:120] + plain).digest()[8:24]:
        raise ValueError("a message key that does not fit")
    salt, session, message_id, _seq, size = struct.unpack_from("<qqqii", plain)
    return Sealed(salt, session, message_id, BinaryReader(plain[32 : 32 + size]).tgread_object())


def seal(key: bytes, key_id: int, session: int, message_id: int, body: bytes) -> bytes:
    """Encrypt a message for the client. Salt and sequence number are zero: no client reads them."""
    plain = struct.pack("<qqqii", 0, session, message_id, 1, len(body)) + body
    plain += os.urandom(-(len(plain) + 12) % 16 + 12)
    message_key = sha256(key[96:128] + plain).digest()[8:24]
    aes_key, aes_iv = MTProtoState._calc_key(key, message_key, client=False)
    sealed: bytes = AES.encrypt_ige(plain, aes_key, aes_iv)
    return struct.pack("<Q", key_id) + message_key + sealed


def flat(message_id: int, body: Any) -> Iterator[tuple[int, Any]]:
    """The single messages in a message: containers and gzip are unpacked."""
    if isinstance(body, MessageContainer):
        for inner in body.messages:
            yield from flat(inner.msg_id, inner.obj)
    elif isinstance(body, GzipPacked):
        yield from flat(message_id, BinaryReader(body.data).tgread_object())
    else:
        yield message_id, body


class MessageIds:
    """Ids of the server's messages: the time, odd, and always growing."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """A new id."""
        number = int(time() * (1 << 32)) & ~3 | 1
        self._last = max(number, self._last + 4)
        return self._last


def tl_bytes(value: Any) -> bytes:
    """A TL object, a list of them or a truth value, as an answer holds it."""
    if isinstance(value, bool):
        return struct.pack("<I", _TRUE if value else _FALSE)
    if isinstance(value, list):
        return struct.pack("<Ii", _VECTOR, len(value)) + b"".join(map(tl_bytes, value))
    return bytes(value)


def rpc_result(message_id: int, value: bytes) -> bytes:
    """The answer to the request that came with this message id."""
    return struct.pack("<Iq", _RPC_RESULT, message_id) + value
