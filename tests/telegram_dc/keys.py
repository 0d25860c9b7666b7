"""The numbers of the test data centre: its RSA key, the Diffie-Hellman group, and the proof of a password.

The RSA key is fixed: making one costs seconds, and it protects nothing but made-up messages.
"""

import base64
import hashlib
import os
import struct
from dataclasses import dataclass
from typing import Any

from telethon import password as srp
from telethon.tl import types

_P = int(
    "d8fc875843d52c812c8bc24385c8a4119fff1ff92719eb345758326bf354f41f1fd2824fccb50f4becbceee636fecff6"
    "2690adb9a3719c69290fd17fdf38d3b76efc4c90017aba6b689ac3f14971007463eb199c1d5952fb3a22c0969624f594"
    "8b7a5c659088692d5508188f2362a636de1a9e05ea53302fc4f4d29a8471815c3b0c851e04cfe21f",
    16,
)
_Q = int(
    "e2c53a891476bfaf5c2f5f51642a3140e3ef8d4e33a17839427a6fa1cd7ce3f0d99fddd4a17e6701e25189fc302b3ff4"
    "1a22be2b1505541efba609ac4b361856fb2899dbdf98b22ec82d2209262ca7fc2e839d2a68d61ccc65ef4566a8bce5a4"
    "e7774e2d2bad2b5044a22803d67102cde3f401b545721f2f",
    16,
)
_N = _P * _Q
_E = 65537
_D = pow(_E, -1, (_P - 1) * (_Q - 1))

# Clients test the group for a safe prime, which takes minutes unless it is the one that Telegram uses.
DH_PRIME = bytes.fromhex(
    "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4db"
    "fa336f6e0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64"
    "2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b41"
    "0dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4"
    "e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf"
    "6f4fadf034b10403119cd8e3b92fcc5b"
)
DH_G = 3
_PRIME = int.from_bytes(DH_PRIME, "big")


def minimal(number: int) -> bytes:
    """A number as the fewest big-endian bytes; both ends drop the leading zeros of a shared key."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _der(tag: int, body: bytes) -> bytes:
    size = minimal(len(body))
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([0x80 | len(size)]) + size) + body


def _pem() -> str:
    numbers = b"".join(_der(2, b"\0" * (number.bit_length() % 8 == 0) + minimal(number)) for number in (_N, _E))
    text = base64.b64encode(_der(0x30, numbers)).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN RSA PUBLIC KEY-----", *lines, "-----END RSA PUBLIC KEY-----", ""])


def _fingerprint() -> int:
    # As TL strings: a long one is 0xfe and three bytes of length, a short one is one byte of length.
    modulus, exponent = minimal(_N), minimal(_E)
    long = b"\xfe" + len(modulus).to_bytes(3, "little") + modulus
    short = bytes([len(exponent)]) + exponent
    number: int = struct.unpack("<q", hashlib.sha1(long + short, usedforsecurity=False).digest()[-8:])[0]
    return number


PUBLIC_KEY = _pem()
FINGERPRINT = _fingerprint()


def rsa_decrypt(block: bytes) -> bytes:
    """The 255 bytes that a client sealed with the public key."""
    return pow(int.from_bytes(block, "big"), _D, _N).to_bytes(256, "big")[1:]


@dataclass(frozen=True)
class Exponent:
    """The data centre's half of a Diffie-Hellman exchange."""

    secret: int
    public: bytes

    @classmethod
    def fresh(cls) -> "Exponent":
        """A new random half."""
        secret = int.from_bytes(os.urandom(256), "big")
        return cls(secret, minimal(pow(DH_G, secret, _PRIME)))

    def shared(self, other: bytes) -> bytes:
        """The key that both ends now know."""
        return minimal(pow(int.from_bytes(other, "big"), self.secret, _PRIME))


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _wide(number: int) -> bytes:
    return number.to_bytes(256, "big")


class Verifier:
    """Checks proofs of one password without being sent it (SRP, as Telegram uses it)."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.algorithm = types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
            salt1=os.urandom(16), salt2=os.urandom(16), g=DH_G, p=DH_PRIME
        )
        self._value = int.from_bytes(srp.compute_digest(self.algorithm, password), "big")
        self._factor = int.from_bytes(_hash(DH_PRIME, _wide(DH_G)), "big")
        self._secrets: dict[int, int] = {}

    def question(self) -> tuple[int, bytes]:
        """A new (srp_id, B)."""
        number = struct.unpack("<q", os.urandom(8))[0]
        secret = int.from_bytes(os.urandom(256), "big")
        self._secrets[number] = secret
        return number, self._public(secret)

    def _public(self, secret: int) -> bytes:
        return _wide((self._factor * self._value + pow(DH_G, secret, _PRIME)) % _PRIME)

    def accepts(self, check: Any) -> bool:
        """Whether an InputCheckPasswordSRP answers one of our questions rightly. Each question counts once."""
        secret = self._secrets.pop(getattr(check, "srp_id", 0), None)
        if secret is None:
            return False
        ours, theirs = self._public(secret), check.A.rjust(256, b"\0")
        scrambler = int.from_bytes(_hash(theirs, ours), "big")
        base = int.from_bytes(theirs, "big") * pow(self._value, scrambler, _PRIME)
        key = _hash(_wide(pow(base, secret, _PRIME)))
        mixed = bytes(a ^ b for a, b in zip(_hash(DH_PRIME), _hash(_wide(DH_G)), strict=True))
        salts = _hash(self.algorithm.salt1), _hash(self.algorithm.salt2)
        return _hash(mixed, *salts, theirs, ours, key) == bytes(check.M1)
