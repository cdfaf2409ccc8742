"""A security key in software, after WebAuthn level 2: what a browser would hand to the page, as JSON with base64url."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """One key for one relying party. What is passed to `make` and `sign` beside the options is what an attacker would change."""

    def __init__(self, *, counter: int = 1) -> None:
        self.private, self.id, self.counter = ec.generate_private_key(ec.SECP256R1()), os.urandom(32), counter

    def _client(self, kind: str, options: dict[str, Any], origin: str) -> bytes:
        return json.dumps({"type": f"webauthn.{kind}", "challenge": options["challenge"], "origin": origin, "crossOrigin": False}).encode()

    def _data(self, party: str, flags: int) -> bytes:
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + struct.pack(">I", self.counter)

    def make(self, options: dict[str, Any], *, origin: str = "http://localhost", party: str = "localhost", flags: int = PRESENT | VERIFIED) -> dict[str, Any]:
        public = cbor.encode(dict(ES256.from_cryptography_key(self.private.public_key())))
        data = self._data(party, flags | ATTESTED) + bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "response": {"clientDataJSON": b64(self._client("create", options, origin)), "attestationObject": b64(attestation)},
        }

    def sign(
        self, options: dict[str, Any], *, origin: str = "http://localhost", party: str = "localhost", flags: int = PRESENT | VERIFIED, kind: str = "get", count: bool = True
    ) -> dict[str, Any]:
        if count:
            self.counter += 1
        client, data = self._client(kind, options, origin), self._data(party, flags)
        signature = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "response": {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)},
        }
