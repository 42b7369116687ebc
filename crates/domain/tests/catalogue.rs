//! Adding, changing and removing products.

mod common;

use common::*;
use tradepost_domain::{
    catalogue::{Product, ProductPatch},
    ids::{CategoryId, ProductId},
    ledger::{AuditEntry, Command, MAX_ON_HAND, Refusal, catalogue},
    money::{Currency, Money, Price},
    orders::Step,
    quantity::Quantity,
    stock::{Change, MovementKind},
};
use uuid::Uuid;

const DRINKS: CategoryId = CategoryId::from_uuid(Uuid::from_u128(70));

fn named(sku: &str, name: &str) -> Product {
    a_product(id_of(sku), sku, name, ProductPatch::default())
}

fn rename(sku: &str, name: &str) -> Command {
    edit(sku, ProductPatch { name: Some(name.into()), ..ProductPatch::default() })
}

#[test]
fn a_new_product_is_kept_with_its_first_stock_and_who_added_it() {
    let mut shop = Shop::new().with_category(DRINKS, "Drinks");
    let rest = ProductPatch { category: Some(Some(DRINKS)), ..ProductPatch::default() };
    let product = a_product(id_of("TEA"), "TEA", "Tea", rest);
    let effects = shop.accept(add(product.clone(), Some(quantity("10"))));
    assert_eq!((&**shop.product("TEA"), effects.catalogue.category.as_deref()), (&product, Some("Drinks")));
    assert_eq!(effects.catalogue.levels, [shop.level("TEA")]);
    let movement = &effects.movements()[0];
    let figures = (movement.kind, movement.change, movement.reason.as_deref(), movement.seq, effects.movements().len());
    assert_eq!(figures, (MovementKind::Received, Change::on_hand(change("10")), Some("first stock"), 1, 1));
    let audited = AuditEntry {
        id: effects.audit[0].id,
        actor: shop.principal.actor,
        action: "product.added",
        subject_type: "product",
        subject_id: product.id.uuid(),
        at: NOON,
    };
    assert_eq!(effects.audit, [audited]);
}

#[test]
fn what_is_wrong_with_a_new_product_is_said_field_by_field() {
    let mut shop = Shop::new();
    let with = |rest| a_product(id_of("TEA"), "TEA", "Tea", rest);
    let half = shop.refuse(add(with(ProductPatch::default()), Some(quantity("0.5"))));
    assert_eq!(fault(half), ("/initial_quantity".into(), "too_precise"));
    let nowhere = ProductPatch { category: Some(Some(DRINKS)), ..ProductPatch::default() };
    assert_eq!(fault(shop.refuse(add(with(nowhere), None))), ("/category_id".into(), "unknown_category"));
    let too_much = Quantity::from_hundred_thousandths(MAX_ON_HAND + 100_000).ok();
    assert_eq!(conflict(shop.refuse(add(with(ProductPatch::default()), too_much))), "too_much_stock");
    let nothing = shop.accept(add(with(ProductPatch::default()), Some(quantity("0"))));
    assert_eq!((nothing.movements(), nothing.catalogue.levels[0].seq), (&[][..], 0));
}

#[test]
fn a_product_in_another_currency_is_refused_with_a_sentence_that_says_so() {
    let mut shop = Shop::new();
    let yen = Currency::parse("JPY").unwrap();
    let price = Price::new(Money::from_minor(250, yen)).unwrap();
    let refusal = shop.refuse(add(Product { price, ..named("TEA", "Tea") }, None));
    assert_eq!(refusal.to_string(), "/price: this shop's prices are in EUR");
    assert_eq!(fault(refusal), ("/price".into(), "other_currency"));
}

#[test]
fn a_sku_is_unique_for_ever_and_a_name_among_what_is_there() {
    let mut shop = Shop::new().with("TEA", "10");
    let add = |sku: &str, name: &str| add(a_product(id_of("X"), sku, name, ProductPatch::default()), None);
    assert_eq!(shop.refuse(add("tea", "other")), Refusal::Duplicate { field: "sku" });
    assert_eq!(shop.refuse(add("TEA2", " Tea ")), Refusal::Duplicate { field: "name" });
    shop.accept(remove("TEA"));
    assert_eq!(shop.refuse(add("tea", "other")), Refusal::Duplicate { field: "sku" });
    shop.accept(add("TEA2", "tea"));
    assert_eq!(shop.refuse(remove("TEA")), Refusal::NotFound("product"));
    assert_eq!(shop.refuse(rename("TEA", "x")), Refusal::NotFound("product"));
}

#[test]
fn an_edit_may_keep_its_own_sku_and_name_and_takes_neither_of_another() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "1");
    shop.accept(rename("TEA", "TEA"));
    shop.accept(rename_sku("TEA", "tea"));
    assert_eq!(shop.refuse(rename("TEA", "Milk")), Refusal::Duplicate { field: "name" });
    assert_eq!(shop.refuse(rename_sku("TEA", "milk")), Refusal::Duplicate { field: "sku" });
    let none = ProductPatch { price: Some("0".into()), ..ProductPatch::default() };
    assert_eq!(fault(shop.refuse(edit("TEA", none))), ("/price".into(), "invalid"));
    assert_eq!(shop.ask(&rename("TEA", "Leaf"), Some(1)), Err(Refusal::PreconditionFailed));
    let effects = shop.accept(rename("TEA", "Leaf"));
    assert_eq!((effects.audit[0].action, effects.catalogue.products[0].is_new), ("product.edited", false));
    assert_eq!(effects.catalogue.levels, [shop.level("TEA")]);
}

#[test]
fn a_name_and_a_sku_that_a_product_had_before_are_free_again() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.accept(rename("TEA", "Leaf"));
    shop.accept(rename_sku("TEA", "LEAF"));
    let effects = shop.accept(add(a_product(id_of("X"), "TEA", "Tea", ProductPatch::default()), None));
    assert_eq!(effects.catalogue.products[0].value.sku.as_str(), "TEA");
}

#[test]
fn a_name_is_unique_within_its_category_alone() {
    let mut shop = Shop::new().with_category(DRINKS, "Drinks").with("TEA", "10");
    let into = |category| edit("TEA2", ProductPatch { category: Some(category), ..ProductPatch::default() });
    let rest = ProductPatch { category: Some(Some(DRINKS)), ..ProductPatch::default() };
    shop.accept(add(a_product(id_of("TEA2"), "TEA2", "tea", rest), None));
    assert_eq!(shop.refuse(into(None)), Refusal::Duplicate { field: "name" });
    let nowhere = CategoryId::from_uuid(Uuid::from_u128(71));
    assert_eq!(fault(shop.refuse(into(Some(nowhere)))), ("/category_id".into(), "unknown_category"));
    shop.accept(remove("TEA"));
    assert_eq!(shop.accept(into(None)).catalogue.category, None);
}

#[test]
fn what_open_orders_hold_stays_in_the_catalogue() {
    let mut shop = Shop::new().with("TEA", "10");
    let id = shop.place(ANN, &[("TEA", "1")], None).id;
    let held = Refusal::InUse("open orders hold some of this product".into());
    assert_eq!(shop.refuse(remove("TEA")), held);
    shop.accept(step(id, Step::Cancel));
    assert_eq!(shop.ask(&remove("TEA"), Some(7)), Err(Refusal::PreconditionFailed));
    shop.now = NOON.plus_seconds(5);
    let effects = shop.accept(remove("TEA"));
    let removed = shop.product("TEA");
    assert_eq!((removed.removed_at, removed.version, removed.updated_at), (Some(shop.now), 2, shop.now));
    assert_eq!((effects.audit[0].action, effects.movements()), ("product.removed", &[][..]));
    let nobody = Command::Catalogue(catalogue::Command::Remove { id: ProductId::from_uuid(Uuid::from_u128(42)) });
    assert_eq!(shop.refuse(nobody), Refusal::NotFound("product"));
}
