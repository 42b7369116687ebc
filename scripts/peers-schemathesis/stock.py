"""Things for Schemathesis to work on: made through the API by the owner, handed out by name, made anew when used up."""

from __future__ import annotations

import itertools
import json
import os
import threading
import urllib.error
import urllib.request
from collections import defaultdict, deque
from typing import Any

API = os.environ["PEERS_ADDRESS"] + "/api/v1"
OWNER_TOKEN = os.environ["PEERS_OWNER_TOKEN"]


def ask(method: str, path: str, body: Any = None, token: str = OWNER_TOKEN) -> Any:
    """One request that must succeed, and its answer."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as refused:
        raise RuntimeError(f"{method} {path} was refused: {refused.read().decode()}") from refused
    return json.loads(text) if text else None


class Stock:
    """What exists. Every kind of thing has its shelf of ids; the one handed out goes to the end of its shelf."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._shelves: defaultdict[str, deque[str]] = defaultdict(deque)
        self.secrets: dict[str, str] = {}

    def one(self, kind: str) -> str:
        """The id of something of this kind."""
        with self._lock:
            shelf = self._shelves[kind]
            while len(shelf) < 6:
                shelf.append(self._make(kind))
            shelf.rotate(-1)
            return shelf[-1]

    def forget(self, thing: str) -> None:
        """It was deleted, or left the state in which its shelf needs it."""
        with self._lock:
            for shelf in self._shelves.values():
                if thing in shelf:
                    shelf.remove(thing)

    def _make(self, kind: str) -> str:
        return getattr(self, "_make_" + kind)(f"PEER-{next(self._numbers):05}")

    def _create(self, path: str, body: dict[str, Any]) -> str:
        return ask("POST", path, body)["id"]

    def _make_product(self, name: str) -> str:
        return self._create("/products", {"sku": name, "name": name, "price": "4.50", "initial_quantity": 1000000})

    def _make_category(self, name: str) -> str:
        return self._create("/categories", {"name": name})

    def _make_location(self, name: str) -> str:
        return self._create("/locations", {"name": name, "code": name.lower()})

    def _make_customer(self, name: str) -> str:
        return self._create("/customers", {"name": name, "code": name})

    def _make_user(self, name: str) -> str:
        return self._create(
            "/users", {"username": name.lower(), "email": f"{name.lower()}@peers.example", "password": "a door that opens twice", "role": "employee"}
        )

    def _make_promo(self, name: str) -> str:
        terms = {"kind": "percentage", "percentage": "10", "valid_from": "2020-01-01T00:00:00Z", "valid_until": "2099-01-01T00:00:00Z"}
        return self._create("/promo-codes", {"code": name, "name": name, "per_customer_limit": None, **terms})

    def _lines(self) -> list[dict[str, Any]]:
        return [{"product_id": self.one("product"), "quantity": 5}]

    def _make_sale(self, _: str) -> str:
        return self._create("/sales", {"lines": self._lines()})

    def _make_movement(self, _: str) -> str:
        return ask("POST", f"/inventory/{self.one('product')}/adjustments", {"quantity_change": 1, "reason": "found"})["id"]

    def _make_pending(self, _: str) -> str:
        return self._create("/orders", {"lines": self._lines(), "customer_id": self.one("customer")})

    def _make_accepted(self, name: str) -> str:
        return self._step(self._make_pending(name), "accept")

    def _make_shipped(self, name: str) -> str:
        return self._step(self._make_accepted(name), "ship")

    def _make_delivered(self, name: str) -> str:
        return self._step(self._make_shipped(name), "deliver")

    def _step(self, order: str, step: str) -> str:
        return ask("POST", f"/orders/{order}/{step}")["id"]

    def _make_connection(self, name: str) -> str:
        made = ask("POST", "/pos-connections", {"name": name, "dialect": "standard", "on_shortage": "hold"})
        self.secrets[made["id"]] = made["secret"]
        return made["id"]

    def _make_event(self, name: str) -> str:
        from webhook import sign

        connection = self.one("connection")
        path = f"/webhooks/pos/{connection}"
        body = json.dumps({"sku": f"{name}-UNKNOWN", "quantity_change": -1}).encode()
        headers = {"Content-Type": "application/json", **sign(self.secrets[connection], name, body)}
        with urllib.request.urlopen(urllib.request.Request(API + path, body, headers, method="POST"), timeout=30) as answer:
            return json.load(answer)["event_id"]
