//! What a database has, in the form of [`kept`](super::kept).

use crate::{
    common::{ANN, BOB, promo_id},
    equivalence::kept::{Kept, PROMOS, enter, numbered, of_cart, users},
    start::TILLS,
};
use serde_json::{Value, json};
use tradepost_domain::{
    ids::{OrderId, ProductId},
    repository::{Carts, Promos},
};
use tradepost_store::{ListRequest, Session, StoreError, catalogue, locations, orders, pos, promos, sales, stock};

fn all<F: Default>() -> ListRequest<F> {
    of(F::default())
}

fn of<F>(filter: F) -> ListRequest<F> {
    ListRequest { filter, order: Vec::new(), limit: 10_000, after: None, count: false }
}

/// A row without what is added up from other rows.
fn without(mut row: Value, added_up: &[&str]) -> Value {
    let fields = row.as_object_mut().expect("a row has fields");
    fields.retain(|name, _| !added_up.contains(&name.as_str()));
    row
}

/// What a database has of these products and orders, and all of everything else.
pub(super) fn in_database(
    session: &mut Session<'_>,
    products: &[ProductId],
    orders: &[OrderId],
    has_numbers: bool,
) -> Result<Kept, StoreError> {
    let mut kept = Kept::new();
    for (code, who) in PROMOS.into_iter().flat_map(|code| [(code, ANN), (code, BOB)]) {
        enter(&mut kept, "redemptions", format!("{code} {who}"), json!(session.redemptions(promo_id(code), who)?));
    }
    for user in users() {
        enter(&mut kept, "cart", user, of_cart(session.cart(user)?));
    }
    for row in catalogue::products(session, products)? {
        enter(&mut kept, "product", row.id, without(json!(row), &["on_hand", "reserved", "available"]));
    }
    for product in products {
        let levels = stock::inventory_of(session, *product)?.map(|inventory| inventory.levels).unwrap_or_default();
        // One that was made for a command and never moved is as good as none.
        for level in levels.iter().filter(|level| level.seq > 0) {
            enter(&mut kept, "level", format!("{product} {}", level.location_id), json!(level));
        }
    }
    for location in locations::list(session, &all())?.rows {
        enter(&mut kept, "location", location.id, json!(format!("{location:?}")));
    }
    for movement in stock::movements(session, &all())?.rows {
        enter(&mut kept, "movement", movement.id, json!(movement));
    }
    for sale in sales::list(session, &all())?.rows {
        enter(&mut kept, "sale", sale.sale.id, numbered(json!(sale), "sale", has_numbers));
    }
    for id in orders {
        if let Some(order) = orders::order(session, *id)? {
            enter(&mut kept, "order", id, numbered(json!(order), "order", has_numbers));
        }
    }
    for event in pos::events(session, &all())?.rows {
        enter(&mut kept, "delivery", event.event.id, json!(event));
    }
    for till in TILLS {
        for mapping in pos::mappings(session, &of(till))?.rows {
            enter(&mut kept, "mapping", format!("{till} {}", mapping.external_id), json!(mapping.product_id));
        }
    }
    for promo in promos::list(session, &all())?.rows {
        enter(&mut kept, "promo", promo.id, json!(format!("{promo:?}")));
    }
    Ok(kept)
}
