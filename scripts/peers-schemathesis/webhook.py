"""A till's signature, from the specification of Standard Webhooks 1.0."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time


def sign(secret: str, delivery: str, body: bytes) -> dict[str, str]:
    """The headers of a delivery."""
    now = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{delivery}.{now}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": delivery, "webhook-timestamp": now, "webhook-signature": "v1," + base64.b64encode(digest).decode()}
