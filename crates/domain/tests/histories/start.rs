//! The shop in which every history begins.

use crate::common::*;
use std::sync::LazyLock;
use tradepost_domain::{
    ids::{LocationId, PosConnectionId, UserId},
    memory,
    orders::Step as To,
    pos::{OnShortage, PosConnection, PosConnectionPatch},
    promos::{Promo, PromoPatch},
    repository::Repository,
    stock::Location,
};
use uuid::Uuid;

pub const SKUS: [&str; 8] = ["TEA", "MILK", "RICE", "SALT", "OIL", "LEAF", "OATS", "BREAD"];
pub const CODES: [&str; 4] = ["TEN", "ten ", "FIVE", "NOPE"];
pub const TILLS: [PosConnectionId; 2] = [TILL, PosConnectionId::from_uuid(Uuid::from_u128(33))];
pub const LOCATIONS: [LocationId; 4] =
    [MAIN, STORE_ROOM, LocationId::from_uuid(Uuid::from_u128(12)), LocationId::from_uuid(Uuid::from_u128(13))];

/// A shop with four products, four locations, two customers, two tills that differ in what they do with shortages, and two codes.
pub fn a_shop() -> memory::Shop {
    static SHOP: LazyLock<memory::Shop> = LazyLock::new(made);
    SHOP.clone()
}

fn made() -> memory::Shop {
    let mut shop = Shop::new();
    for (id, code) in LOCATIONS.into_iter().zip(["main", "store-room", "stall", "van"]).skip(2) {
        shop.add(&Location::new(id, code, code, NOON).unwrap()).unwrap();
    }
    for (sku, amount) in SKUS.iter().zip(["60", "30", "9", "0"]) {
        shop = shop.with(sku, amount);
    }
    shop = shop.with_till(OnShortage::Hold);
    let there = Some(Some(STORE_ROOM));
    let form =
        PosConnectionPatch { name: Some("other".into()), location: there, on_shortage: Some(OnShortage::Refuse) };
    shop.add(&PosConnection::new(TILLS[1], &form, NOON).unwrap()).unwrap();
    shop.accept(adjust_at("TEA", STORE_ROOM, "4"));
    shop.accept(map("external-0", "TEA"));
    shop.sell(&[("TEA", "5"), ("MILK", "3")]);
    let delivered = shop.place(ANN, &[("TEA", "5"), ("MILK", "3")], None).id;
    shop.place(BOB, &[("TEA", "3"), ("RICE", "2")], None);
    [To::Accept, To::Ship, To::Deliver].iter().for_each(|to| drop(shop.accept(step(delivered, *to))));
    shop = shop.with_promo("TEN", "10", PromoPatch::default());
    let fixed = PromoPatch {
        kind: Some("fixed".into()),
        amount: Some(Some("5".into())),
        percentage: None,
        minimum_subtotal: Some(Some("6".into())),
        usage_limit: Some(Some(3)),
        per_customer_limit: Some(None),
        ..percentage_off("FIVE", "1", PromoPatch::default())
    };
    shop.add(&Promo::new(promo_id("FIVE"), &fixed, eur(), NOON).unwrap()).unwrap();
    for who in [ANN, BOB] {
        let mut customer = shop.find(who).unwrap().unwrap();
        (customer.user, customer.version) = (Some(UserId::from_uuid(who.uuid())), customer.version + 1);
        shop.update(&customer).unwrap();
    }
    memory::Shop::clone(&shop)
}
