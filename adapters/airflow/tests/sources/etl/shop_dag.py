"""The orders of a shop, every morning."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from math import floor

from airflow.sdk import Asset, Param, dag, task, task_group
from cleaning import to_euro, total

DISCOUNT = 0.1  # of large orders
LIMITS = {"large": 100}


def _is_large(order):
    # Whatever is left of the limit.
    return order["amount"] >= LIMITS["large"]


@dag(
    schedule="0 6 * * 1-5",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["shop", "daily"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    params={"shop": Param("north", type="string", title="Shop"), "days": 2},
)
def shop():
    """Fetch the orders of a shop, convert and sum them."""

    # The shop's own interface is slow.
    @task(execution_timeout=timedelta(minutes=5), pool="interfaces")
    def fetch(params):
        """Orders as the shop tells them."""
        count = params["days"]
        text = '[{"amount": 120, "currency": "USD"}, {"amount": 240, "currency": "EUR"}]'
        return json.loads(text) * count

    @task(multiple_outputs=True)
    def split(orders: list) -> dict:
        large = [order for order in orders if _is_large(order)]
        return {"large": large, "count": len(orders)}

    @task
    def listed(orders):
        return list(orders)

    @task
    def discount(order, by=DISCOUNT, *, params=None):
        price = order["amount"] * (1 - by)
        return {"price": floor(price * 100) / 100, "shop": params["shop"]}

    @task_group
    def checking(order):
        @task
        def double(order):
            return order["amount"] * 2

        @task
        def halve(value: float):
            return value / 2

        return halve(double(order))

    @task(retries=0, outlets=[Asset("file://report.json")])
    def report(prices, halves, sums, label):
        return {"prices": list(prices), "halves": list(halves), "sum": sums["sum"], "label": label}

    orders = fetch()
    parts = split(orders)
    euro = task(to_euro)(orders)
    sums = task(total, task_id="sums").partial(unit="euro").expand(rows=[[{"amount": 1}], []])
    summed = task(total, task_id="total")(euro)
    prices = discount.expand(order=listed(parts["large"]))
    halves = checking.expand(order=orders)
    report(prices, halves, summed, "{{ params.shop }} of {{ params.days }} days") << sums


shop()
