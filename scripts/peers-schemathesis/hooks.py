"""What a document cannot say of a request, for Schemathesis.

A schema says what an id looks like, not which ids there are; that a key is new for each request, not which were used;
how a signature is written, not how it is made. These hooks put such values where the generated ones are well-formed, so
that a request that is valid by the document is one that a client could really have sent. What was made wrong on purpose
stays as wrong as it was. They judge nothing and drop no report.
"""

from __future__ import annotations

import os
import re
import threading
import urllib.parse
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests
import schemathesis
from requests.auth import AuthBase

from stock import Stock, ask
from webhook import sign

WHO = os.environ["PEERS_WHO"]
TOKEN = os.environ["PEERS_TOKEN"]
# Tokens to log out with: one used for everything else would be dead after the first call.
SPARE_TOKENS = os.environ["PEERS_SPARE_TOKENS"].split()
# Users who must stay as they are for the run to go on.
KEPT_USERS = set(os.environ["PEERS_KEPT_USERS"].split())

STOCK = Stock()
_spare_lock = threading.Lock()

# Which shelf an id comes from, by the field's name.
FIELDS = {
    "product_id": "product",
    "category_id": "category",
    "location_id": "location",
    "customer_id": "customer",
    "connection_id": "connection",
    "source_id": "sale",
}
# By the path that an `id` stands in.
NOUNS = {
    "products": "product",
    "categories": "category",
    "locations": "location",
    "customers": "customer",
    "users": "user",
    "promo-codes": "promo",
    "sales": "sale",
    "stock-movements": "movement",
    "orders": "pending",
    "pos-connections": "connection",
    "pos-events": "event",
}
QUANTITIES = {"quantity", "quantity_change", "counted", "initial_quantity", "low_stock_threshold"}
AMOUNTS = {"price", "unit_price", "amount", "max_discount", "minimum_subtotal"}
# An order must stand where the step begins.
STEPS = {"ship_order": "accepted", "deliver_order": "shipped", "return_order": "delivered"}


def is_id(value: object) -> bool:
    """Whether it is written as an id is."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value) is not None


def shelf_of(operation: Any, name: str) -> str | None:
    """Where the ids of a path's parameter are."""
    if name in FIELDS:
        return FIELDS[name]
    operation_id = operation.definition.raw.get("operationId", "")
    return STEPS.get(operation_id) or NOUNS.get(operation.path.split("/")[3])


def with_real_values(value: Any) -> Any:
    """The same body with values that this shop can take, wherever the generated ones are well-formed."""
    if isinstance(value, list):
        return [with_real_values(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: real_value(name, item) for name, item in value.items()}


def real_value(name: str, value: Any) -> Any:
    if name in FIELDS and is_id(value):
        return real_id(FIELDS[name])
    # What is told of has happened, and not long ago.
    if name in ("occurred_at", "counted_at") and is_time(value):
        return (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    # How many decimals a quantity has is its product's affair, and the stock's products have none.
    if name in QUANTITIES and isinstance(value, float):
        return value if abs(value) > 10**9 else int(value) or (1 if value > 0 else -1)
    # Lines of one product are added up before they are judged, and the sum has the bound of each.
    if name in ("lines", "changes") and isinstance(value, list) and len(value) > 1:
        return [with_real_values(line) | smaller(line) if isinstance(line, dict) else line for line in value]
    # As many decimals as the shop's currency has: two.
    if name in AMOUNTS and isinstance(value, str):
        return with_two_decimals(value)
    # A pattern says how a number is written, not which numbers there are.
    if name == "phone" and isinstance(value, str) and 0 < len(value.strip()) and len(value) <= 64:
        return "+254712345678"
    # A date of birth is past, and nobody lives for ever.
    if name == "date_of_birth" and is_date(value):
        return value if date(1900, 1, 1) <= date.fromisoformat(value) < date.today() else "1990-01-31"
    # Which characters are letters is more than a plain pattern says.
    if name == "username" and isinstance(value, str) and re.fullmatch(r"\s*[^\s!-,/:-@\[-^`{-~]{2,64}\s*", value) and len(value) <= 64:
        return f"peer-{uuid.uuid4().hex}"
    # What makes an address and what is too easy to guess is more than a pattern says.
    if name == "email" and isinstance(value, str) and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        return f"{uuid.uuid4().hex}@peers.example"
    if name in ("password", "new_password") and isinstance(value, str) and len(value) >= 8:
        return "nine quiet herons wade"
    return with_real_values(value)


def smaller(line: dict[str, Any]) -> dict[str, Any]:
    limit = 10**6
    return {name: min(limit, max(-limit, int(item))) for name, item in line.items() if name in QUANTITIES and is_large(item, limit)}


def is_large(value: object, limit: int) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and limit < abs(value) <= 10**9


def with_two_decimals(value: str) -> str:
    parts = re.fullmatch(r"(-?[0-9]+)\.([0-9]{3,})", value)
    return value if parts is None else f"{parts[1]}.{parts[2][:2]}" if (parts[1] + parts[2][:2]).strip("-0") else "0.01"


def is_date(value: object) -> bool:
    """Whether it is written as a date is."""
    try:
        return isinstance(value, str) and value[4:5] == value[7:8] == "-" and date.fromisoformat(value) is not None
    except ValueError:
        return False


def is_time(value: object) -> bool:
    """Whether it is written as a time is."""
    try:
        return isinstance(value, str) and value[10] in "Tt" and datetime.fromisoformat(value).tzinfo is not None
    except (ValueError, IndexError):
        return False


def real_id(kind: str) -> str:
    return STOCK.one(kind)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Puts in what the document cannot say."""
    fill_path(case)
    fill_query(case)
    fill_headers(case)
    if isinstance(case.body, (dict, list)):
        case.body = with_real_values(case.body)
        fill_body(case)


def fill_path(case: Any) -> None:
    # Texts are measured as they are escaped once a part of the path was exchanged, and one that is then too long would pass for one that
    # was made wrong on purpose.
    if is_positive(case) and len(str((case.path_parameters or {}).get("external_id", ""))) > 64:
        case.path_parameters["external_id"] = uuid.uuid4().hex
    for name, value in dict(case.path_parameters or {}).items():
        kind = shelf_of(case.operation, name)
        # One in eight stays what it is: 404 must be answered as documented too.
        if kind and is_id(value) and (value in KEPT_USERS or uuid.UUID(value).int % 8):
            case.path_parameters[name] = real_id(kind)


def fill_body(case: Any) -> None:
    """What depends on another field, or on the thing that the path names."""
    body, operation = case.body, case.operation.definition.raw.get("operationId")
    if not isinstance(body, dict):
        return
    # A line is one of the document that the path names.
    if operation in ("refund_sale", "return_order", "update_order", "correct_sale") and isinstance(body.get("lines"), list):
        fill_lines(body["lines"], lines_of(case))
    if not is_positive(case):
        return
    # A customer is named in one way.
    if operation in ("record_sale", "correct_sale") and body.get("customer_id") and body.get("customer_name"):
        del body["customer_name"]
    # A code is asked about for lines or for the cart.
    if operation == "check_promo_code" and body.get("lines") and body.get("cart"):
        del body["cart"]
    # A code's terms are those of its kind, also of the kind that it has already: the stock's are percentages.
    if operation == "update_promo_code":
        body.pop("amount", None)
        body.pop("kind", None)
        if body.get("percentage", "") is None:
            del body["percentage"]
    # It begins before it ends, also where only one of the two is changed.
    if operation in ("create_promo_code", "update_promo_code") and (is_time(body.get("valid_from")) or is_time(body.get("valid_until"))):
        body |= {"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2099-01-01T00:00:00Z"}


def fill_lines(lines: list[Any], real: list[dict[str, Any]]) -> None:
    for line in lines:
        for name in ("line_id", "product_id"):
            if real and isinstance(line, dict) and is_id(line.get(name)):
                line[name] = real[0]["id" if name == "line_id" else name]
        # One line has one price, and all of them are now the same line.
        if real and isinstance(line, dict) and len(lines) > 1:
            line.pop("unit_price", None)
        # It is named by one of the two.
        if real and isinstance(line, dict) and not line.get("line_id") and not line.get("product_id"):
            line["line_id"] = real[0]["id"]


def lines_of(case: Any) -> list[dict[str, Any]]:
    noun = case.operation.path.split("/")[3]
    try:
        return ask("GET", f"/{noun}/{case.path_parameters['id']}")["lines"]
    except RuntimeError:
        return []


def fill_query(case: Any) -> None:
    for name, value in dict(case.query or {}).items():
        if name in FIELDS and is_id(value):
            case.query[name] = real_id(FIELDS[name])
        # Five decimals are as many as any unit has.
        if name in ("available_min", "available_max") and isinstance(value, float):
            case.query[name] = round(value, 5)
        # And two as many as the currency has.
        if re.fullmatch(r"(price|total|discount|amount)_(min|max)", name) and isinstance(value, str):
            case.query[name] = with_two_decimals(value)
        # No field stands there twice.
        if name == "ordering" and isinstance(value, str) and re.fullmatch(r"(-?[a-z_]+,)*-?[a-z_]+", value):
            case.query[name] = ",".join({field.removeprefix("-"): field for field in value.split(",")}.values())
    # A cursor is what a list gave for these very filters; there is no other.
    if isinstance((case.query or {}).get("cursor"), str) and is_positive(case):
        del case.query["cursor"]


def fill_headers(case: Any) -> None:
    for name, value in dict(case.headers or {}).items():
        match name.lower():
            # A key belongs to one request: a second one with it is refused, as documented.
            case "idempotency-key" if isinstance(value, str) and re.fullmatch(r"[!-~]{1,255}", value):
                case.headers[name] = str(uuid.uuid4())
            # A version is what the last answer said; `*` is any.
            case "if-match" if is_positive(case):
                case.headers[name] = "*"


def is_positive(case: Any) -> bool:
    return case.meta is None or case.meta.generation.mode.is_positive


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """What was deleted or went on is on its shelf no longer."""
    if 200 <= response.status_code < 300 and case.method in ("DELETE", "POST"):
        for value in (case.path_parameters or {}).values():
            STOCK.forget(value)


class Caller(AuthBase):
    """Who asks, on the request as it is sent."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        path = urllib.parse.urlparse(request.url or "").path
        if path.startswith("/api/v1/webhooks/pos/"):
            sign_delivery(request, path.rsplit("/", 1)[1])
        elif WHO != "anonymous":
            request.headers["Authorization"] = "Bearer " + (spare_token() if path.startswith("/api/v1/auth/logout") else TOKEN)
        return request


def spare_token() -> str:
    with _spare_lock:
        return SPARE_TOKENS.pop() if len(SPARE_TOKENS) > 1 else SPARE_TOKENS[0]


def sign_delivery(request: requests.PreparedRequest, connection: str) -> None:
    """Signs what is well-formed: the signature is over the bytes as they are sent."""
    secret = STOCK.secrets.get(connection)
    stamp = str(request.headers.get("webhook-timestamp", ""))
    if secret is None or "webhook-id" not in request.headers or "webhook-signature" not in request.headers or not stamp.isdigit():
        return
    body = request.body or b""
    request.headers.update(sign(secret, str(uuid.uuid4()), body.encode() if isinstance(body, str) else body))


schemathesis.auth.set_from_requests(Caller())
