//! Examples of answers whose figures belong together.

use serde_json::{Value, json};

const ID: &str = "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c";
const AT: &str = "2026-01-31T12:00:00Z";

/// A line with figures that belong together, and what else it has.
fn line(more: Value) -> Value {
    let mut line = json!({
        "product_id": ID, "sku": "SMO-MANGO", "name": "Mango smoothie", "quantity": 2, "unit_price": "4.50", "line_total": "9.00",
    });
    if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
        line.extend(more);
    }
    line
}

fn order_line() -> Value {
    line(json!({"id": ID, "returned_quantity": 0}))
}

fn sale_line() -> Value {
    line(json!({"id": ID, "refunded_quantity": 1}))
}

fn cart_line() -> Value {
    line(json!({"available": 20, "unavailable": false, "price_changed": false}))
}

fn order() -> Value {
    json!({
        "id": ID, "number": 1042, "status": "pending", "customer": {"id": ID, "name": "Amina Otieno", "code": "C-7QK2M4N8P0RS"},
        "placed_by": ID, "lines": [order_line()], "subtotal": "9.00", "discount": "0.90", "promo_code": "MANGO10", "total": "8.10",
        "currency": "USD", "notes": "Ring twice", "location_id": ID,
        "history": [{"status": "pending", "at": AT, "by": ID, "reason": null}], "created_at": AT, "updated_at": AT,
    })
}

fn sale() -> Value {
    json!({
        "id": ID, "number": 1042, "status": "partly_refunded", "lines": [sale_line()], "total": "9.00", "refunded_total": "4.50",
        "currency": "USD", "customer": {"id": null, "name": "Amina", "code": null}, "location_id": ID, "sold_by": ID, "reason": "Spilled",
        "occurred_at": AT, "created_at": AT, "updated_at": AT,
    })
}

/// An example of the schema with this name, where single properties could not add up.
pub(super) fn of(schema: &str) -> Option<Value> {
    match schema {
        "OrderLine" => Some(order_line()),
        "SaleLine" => Some(sale_line()),
        "CartLine" => Some(cart_line()),
        "Order" => Some(order()),
        "Sale" => Some(sale()),
        "Cart" => Some(json!({
            "lines": [cart_line()], "subtotal": "9.00", "discount": "0.90", "promo_code": "MANGO10", "promo_refused": null, "total": "8.10",
            "currency": "USD",
        })),
        "Quote" => Some(json!({"subtotal": "9.00", "discount": "0.90", "total": "8.10"})),
        "Stock" => Some(json!({"on_hand": 20, "reserved": 3, "available": 17})),
        _ => None,
    }
}
