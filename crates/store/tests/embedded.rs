//! The example does what it shows.
#![cfg(feature = "sqlite")]

#[path = "../examples/embedded.rs"]
#[expect(dead_code, reason = "its main is run by hand")]
mod embedded;

use tradepost_domain::{ledger::Refusal, stock::MovementKind};

#[test]
fn an_embedded_shop_sells_and_refuses_and_is_there_the_next_evening() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let evening = runtime.block_on(embedded::evening(&path, "2026-01-31T18:00:00Z")).expect("an evening");
    let sale = &evening.sold.sales.sales[0].value;
    assert_eq!((sale.number, sale.total.to_string().as_str()), (1, "17.50"));
    assert_eq!(sale.created_at.to_string(), "2026-01-31T18:00:00Z", "the clock is the program's");
    let movements = evening.sold.movements();
    assert_eq!(movements.len(), 1);
    assert_eq!((movements[0].kind, movements[0].change.on_hand.to_string().as_str()), (MovementKind::Sold, "-7"));
    let Refusal::InsufficientStock(shortages) = &evening.refused else { panic!("{}", evening.refused) };
    let (requested, available) = (shortages[0].requested.to_string(), shortages[0].available.to_string());
    assert_eq!((requested.as_str(), available.as_str()), ("7", "3"));
    assert_eq!(evening.locations, ["cellar", "main"]);
    let next = runtime.block_on(embedded::evening(&path, "2026-02-01T18:00:00Z")).expect_err("three are left");
    assert!(next.to_string().contains("7 requested of TEA, 3 available"), "{next}");
}
