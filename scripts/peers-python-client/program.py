"""What a client in Python does, typed from end to end: log in, order, understand a refusal, repeat a request.

python program.py ADDRESS LOGIN PASSWORD
"""

import sys
from http import HTTPStatus

from tradepost_client import AuthenticatedClient, Client
from tradepost_client.api.catalogue import create_product
from tradepost_client.api.customers import create_customer
from tradepost_client.api.identity import log_in
from tradepost_client.api.orders import accept_order, create_order, deliver_order, list_orders
from tradepost_client.models.create_customer import CreateCustomer
from tradepost_client.models.create_order import CreateOrder
from tradepost_client.models.create_product import CreateProduct
from tradepost_client.models.customer import Customer
from tradepost_client.models.idempotency_key_reused import IdempotencyKeyReused
from tradepost_client.models.illegal_transition import IllegalTransition
from tradepost_client.models.insufficient_stock import InsufficientStock
from tradepost_client.models.logged_in import LoggedIn
from tradepost_client.models.login import Login
from tradepost_client.models.order import Order
from tradepost_client.models.order_action import OrderAction
from tradepost_client.models.order_list import OrderList
from tradepost_client.models.order_status import OrderStatus
from tradepost_client.models.ordered_line import OrderedLine
from tradepost_client.models.product import Product
from tradepost_client.models.validation import Validation


def main(address: str, login: str, password: str) -> None:
    logged_in = log_in.sync(client=Client(base_url=address), body=Login(login=login, password=password))
    assert isinstance(logged_in, LoggedIn), logged_in
    shop = AuthenticatedClient(base_url=address, token=logged_in.token)

    product = create_product.sync(
        client=shop,
        body=CreateProduct(sku="KALE-500", name="Kale smoothie", price="4.50", initial_quantity=10),
    )
    assert isinstance(product, Product), product
    customer = create_customer.sync(client=shop, body=CreateCustomer(name="Amina Otieno"))
    assert isinstance(customer, Customer), customer

    def seven(quantity: float = 7) -> CreateOrder:
        return CreateOrder(lines=[OrderedLine(product_id=product.id, quantity=quantity)], customer_id=customer.id)

    placed = create_order.sync_detailed(client=shop, body=seven(), idempotency_key="python-1")
    order = placed.parsed
    assert placed.status_code is HTTPStatus.CREATED and isinstance(order, Order), order
    assert order.status is OrderStatus.PENDING and order.total == "31.50", order
    assert placed.headers["Location"].endswith(str(order.id))

    # The same once more is answered from the first: one order, not two.
    again = create_order.sync_detailed(client=shop, body=seven(), idempotency_key="python-1")
    assert isinstance(again.parsed, Order) and again.parsed.id == order.id, again
    assert again.headers["Idempotent-Replayed"] == "true"
    orders = list_orders.sync(client=shop, count=True)
    assert isinstance(orders, OrderList) and orders.count == 1 and orders.items[0].id == order.id, orders

    # Another request with that key is refused.
    reused = create_order.sync(client=shop, body=seven(1), idempotency_key="python-1")
    assert isinstance(reused, IdempotencyKeyReused), reused

    # A refusal says what was asked for, what there is and who holds the rest.
    refused = create_order.sync(client=shop, body=seven())
    assert isinstance(refused, InsufficientStock), refused
    shortage = refused.shortages[0]
    assert (shortage.sku, shortage.requested, shortage.available) == ("KALE-500", 7, 3), shortage
    assert isinstance(shortage.held_by, list) and shortage.held_by[0].order_id == order.id, shortage

    # And from where it could not go on, and where it could.
    too_early = deliver_order.sync(id=order.id, client=shop)
    assert isinstance(too_early, IllegalTransition), too_early
    assert too_early.from_.value == "pending" and OrderAction.ACCEPT in too_early.allowed, too_early
    accepted = accept_order.sync(id=order.id, client=shop)
    assert isinstance(accepted, Order) and accepted.status is OrderStatus.ACCEPTED, accepted

    # What is wrong is said field by field.
    wrong = create_product.sync(client=shop, body=CreateProduct(sku="", name="Nameless", price="much"))
    assert isinstance(wrong, Validation) and isinstance(wrong.errors, list), wrong
    assert {error.pointer for error in wrong.errors} == {"/sku", "/price"}, wrong


if __name__ == "__main__":
    main(*sys.argv[1:])
