//! What a till names by a word may be another thing by the time it is held.

mod common;

use common::*;
use tradepost_domain::{
    catalogue::ProductPatch,
    ledger::{Book, Inputs, Stop, decide},
    pos::OnShortage,
};
use uuid::Uuid;

#[test]
fn a_sku_that_was_changed_while_its_product_was_looked_up_begins_anew() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let command = delivery("e1", vec![reported(sku("TEA"), "-1")]);
    let mut book = Book::new(eur(), MAIN);
    let principal = clerk();
    let mut ids = 1_u128..;
    let mut decided = |book: &Book| {
        let new_id = &mut || Uuid::from_u128(ids.next().unwrap());
        let next_number = &mut |_| 1;
        decide(
            book,
            &command,
            &mut Inputs { now: NOON, principal: &principal, expected_version: None, new_id, next_number },
        )
    };
    let mut is_renamed = false;
    let outcome = loop {
        match decided(&book) {
            Err(Stop::Missing(missing)) => {
                // Somebody who shares the database renames it once its SKU was looked up, before its level is held.
                if !missing.wanted.stock.levels.is_empty() && !is_renamed {
                    let patch = ProductPatch { sku: Some("COFFEE".into()), ..ProductPatch::default() };
                    shop.accept(edit("TEA", patch));
                    is_renamed = true;
                }
                shop.look_up(missing.wanted, &mut book);
            }
            other => break other,
        }
    };
    assert_eq!(outcome, Err(Stop::Stale));
}
