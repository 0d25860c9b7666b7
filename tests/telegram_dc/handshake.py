"""The making of an authorisation key, the server's side: what is said before anything can be encrypted."""

import os
from hashlib import sha1
from time import time
from typing import Any

from telethon import helpers
from telethon.crypto import AES, AuthKey
from telethon.extensions import BinaryReader
from telethon.tl import functions, types

from tests.telegram_dc.keys import DH_G, DH_PRIME, FINGERPRINT, Exponent, minimal, rsa_decrypt

# Two small primes: the client has to factor their product, and it does that in Python.
_PQ = minimal(40009 * 50021)


class Handshake:
    """One connection's handshake. Requests go in, answers come out; at the end `key` is the new key."""

    _ours = Exponent.fresh()  # one half for all: a fresh one would cost every handshake 20 ms

    def __init__(self) -> None:
        self.key: bytes | None = None
        self._server_nonce = int.from_bytes(os.urandom(16), "little", signed=True)
        self._new_nonce = 0

    def answer(self, request: Any) -> Any:
        """The TL object to send back in plain text."""
        if isinstance(request, functions.ReqPqMultiRequest | functions.ReqPqRequest):
            return types.ResPQ(request.nonce, self._server_nonce, _PQ, [FINGERPRINT])
        if isinstance(request, functions.ReqDHParamsRequest):
            return self._params(request)
        if isinstance(request, functions.SetClientDHParamsRequest):
            return self._done(request)
        raise ValueError(f"not part of a handshake: {type(request).__name__}")

    def _params(self, request: Any) -> Any:
        plain = rsa_decrypt(request.encrypted_data)
        inner = BinaryReader(plain[20:]).tgread_object()  # 20 bytes of SHA-1 come first
        if inner.server_nonce != self._server_nonce:
            raise ValueError("a nonce of another handshake")
        self._new_nonce = inner.new_nonce
        body = bytes(
            types.ServerDHInnerData(request.nonce, self._server_nonce, DH_G, DH_PRIME, self._ours.public, int(time()))
        )
        key, iv = helpers.generate_key_data_from_nonce(self._server_nonce, self._new_nonce)
        sealed = AES.encrypt_ige(sha1(body, usedforsecurity=False).digest() + body, key, iv)
        return types.ServerDHParamsOk(request.nonce, self._server_nonce, sealed)

    def _done(self, request: Any) -> Any:
        key, iv = helpers.generate_key_data_from_nonce(self._server_nonce, self._new_nonce)
        inner = BinaryReader(AES.decrypt_ige(request.encrypted_data, key, iv)[20:]).tgread_object()
        self.key = self._ours.shared(inner.g_b)
        proof = AuthKey(self.key).calc_new_nonce_hash(self._new_nonce, 1)
        return types.DhGenOk(request.nonce, self._server_nonce, proof)
