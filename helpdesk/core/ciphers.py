"""Texts that nobody reads in the database: encrypted where they lie, found by a keyed hash.

AES-256-GCM under the first of `settings.DATA_KEYS`; all of them decrypt, so a new key is put in
front and the others go once everything is sealed anew. `place` binds a text to its row: copied
into another row it is not opened.
"""

import hmac
import os
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

MARK, NONCE = 4, 12  # bytes before the text: which key, which nonce


class Unreadable(Exception):
    """A sealed text belongs to another place, or its key is not among ours."""


class Key(NamedTuple):
    mark: bytes
    box: AESGCM
    digest: bytes


@lru_cache
def _key(secret: str) -> Key:
    def derived(purpose: bytes) -> bytes:
        return hmac.digest(secret.encode(), b"tandem " + purpose, sha256)

    return Key(derived(b"mark")[:MARK], AESGCM(derived(b"seal")), derived(b"digest"))


def _keys() -> list[Key]:
    return [_key(secret) for secret in settings.DATA_KEYS]


def seal(text: str, place: str) -> bytes:
    key, nonce = _keys()[0], os.urandom(NONCE)
    return key.mark + nonce + key.box.encrypt(nonce, text.encode(), place.encode())


def unseal(sealed: bytes | memoryview, place: str) -> str:
    """The text. Raises Unreadable."""
    sealed = bytes(sealed)
    mark, nonce, rest = sealed[:MARK], sealed[MARK : MARK + NONCE], sealed[MARK + NONCE :]
    for key in _keys():
        if key.mark == mark:
            try:
                return key.box.decrypt(nonce, rest, place.encode()).decode()
            except InvalidTag:
                break
    raise Unreadable(place)


def is_current(sealed: bytes | memoryview) -> bool:
    """Whether it is sealed with the newest key."""
    return bytes(sealed)[:MARK] == _keys()[0].mark


def digest(text: str) -> bytes:
    """The keyed hash under which a text is found; equal for equal texts, telling nothing."""
    return _hash(_keys()[0], text)


def digests(text: str) -> list[bytes]:
    """The hash under each of the keys."""
    return [_hash(key, text) for key in _keys()]


def _hash(key: Key, text: str) -> bytes:
    return hmac.digest(key.digest, text.encode(), sha256)
