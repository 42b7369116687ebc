//! Deliveries from tills.

use super::{Case, append};

const SODA: (&str, &str) = ("SODA", "main");

pub(super) fn cases() -> Vec<Case> {
    let mut cases = deliveries();
    cases.extend(changes());
    cases.extend(counts());
    cases.extend(places());
    cases
}

fn deliveries() -> Vec<Case> {
    vec![
        Case::new(
            "pos.delivered_twice",
            "INSERT INTO pos_events (id, connection_id, webhook_id, body_hash, body, headers, status, received_at, updated_at, version) \
            SELECT {nobody}, connection_id, webhook_id, body_hash, body, headers, 'held', received_at, updated_at, version \
                FROM pos_events WHERE id = {e2}; \
            INSERT INTO pos_event_lines (event_id, position, ref_kind, ref_value, change) \
            SELECT {nobody}, position, ref_kind, ref_value, change FROM pos_event_lines WHERE event_id = {e2}",
            "delivery e2 of connection web is stored 2 times.",
        ),
        Case::new(
            "pos.lines",
            "DELETE FROM pos_event_lines WHERE event_id = {e3} AND position = 0",
            "POS event e3 has 1 of its 2 lines or more.",
        ),
        Case::new(
            "pos.lines",
            "DELETE FROM pos_event_lines WHERE event_id = {e3}",
            "POS event e3 has 0 of its 1 lines or more.",
        ),
        Case::new(
            "pos.not_applied",
            "UPDATE pos_events SET status = 'held' WHERE id = {e6}",
            "POS event e6 is held but has 1 movements.",
        ),
    ]
}

fn changes() -> Vec<Case> {
    let once_more = |booked: &str| {
        format!("POS event e1 reports 0 changes by {booked} at <time>, 1 were booked: it was not applied exactly once.")
    };
    let not_so = |product: &str, change: i8| {
        format!("POS event e1 reports 1 changes of product {product} by {change} at <time>, 0 were booked on it.")
    };
    let named = |product: &str, position: u8| {
        format!("UPDATE pos_event_lines SET ref_value = {product} WHERE event_id = {{e1}} AND position = {position}")
    };
    vec![
        Case::new("pos.changes", append(SODA, "pos", (-200_000, 0), "'pos_event', {e1}"), &once_more("-2")),
        Case::new(
            "pos.changes",
            append(SODA, "pos", (-100_000, 0), "'pos_event', {e1}")
                + &append(SODA, "pos", (100_000, 0), "'pos_event', {e1}"),
            &once_more("-1"),
        )
        .and("pos.changes", &once_more("1")),
        Case::new(
            "pos.changes",
            "UPDATE pos_event_lines SET change = -900000 WHERE event_id = {e1} AND position = 2",
            "POS event e1 reports 1 changes by -9 at <time>, 0 were booked: it was not applied exactly once.",
        )
        .and("pos.changes", &once_more("-3")),
        Case::new(
            "pos.changes",
            "UPDATE pos_event_lines SET occurred_at = occurred_at - {day} WHERE event_id = {e1} AND position = 1",
            "POS event e1 reports 1 changes by -1 at <time>, 0 were booked: it was not applied exactly once.",
        )
        .and("pos.changes", &once_more("-1"))
        .and("pos.products", &not_so("BREAD", -1)),
        Case::new("pos.products", named("{text TEA}", 0), &not_so("TEA", -2)),
        Case::new("pos.products", named("'Tea'", 1), &not_so("TEA", -1)),
        Case::new(
            "stock.document",
            append(SODA, "adjusted", (-200_000, 0), "'pos_event', {e1}"),
            "the level of product SODA at location main: movement 4 is adjusted and belongs to a document of type pos_event.",
        ),
    ]
}

fn counts() -> Vec<Case> {
    let again = append(SODA, "counted", (0, 0), "'pos_event', {e5}");
    // In the same moment as the first one.
    let at_once = " UPDATE movements SET occurred_at = (SELECT received_at FROM pos_events WHERE id = {e5}) WHERE source_id = {e5}; \
        UPDATE levels SET counted_at = (SELECT received_at FROM pos_events WHERE id = {e5}) \
            WHERE product_id = {SODA} AND location_id = {main}";
    let wrong = "the level of product SODA at location main: movement 3 left 40 on hand, which is not what POS event e5 counted.";
    vec![
        Case::new(
            "pos.counts",
            again + at_once,
            "POS event e5 reports 2 counts at <time>, 3 were booked.",
        ),
        Case::new(
            "pos.count_products",
            "UPDATE pos_event_lines SET ref_value = {text TEA} WHERE event_id = {e7}",
            "POS event e7 booked 1 counts of product BREAD at <time>, it reports 0 that may be of it.",
        )
        .and(
            "pos.counted",
            "the level of product BREAD at location main: movement 4 left 25 on hand, which is not what POS event e7 counted.",
        ),
        Case::new("pos.counted", "UPDATE pos_event_lines SET counted = counted + 100000 WHERE event_id = {e5} AND position = 0", wrong),
        Case::new(
            "pos.counted",
            "UPDATE pos_event_lines SET counted = counted - 500000 WHERE event_id = {e7}",
            "the level of product BREAD at location main: movement 4 left 25 on hand, which is not what POS event e7 counted.",
        ),
    ]
}

fn places() -> Vec<Case> {
    vec![
        Case::new(
            "pos.location",
            append(("MILK", "back"), "pos", (-100_000, 0), "'pos_event', {e1}"),
            "POS event e1 has moved stock at 2 locations.",
        )
        .and(
            "pos.changes",
            "POS event e1 reports 0 changes by -1 at <time>, 1 were booked: it was not applied exactly once.",
        ),
        Case::new(
            "pos.promise",
            "UPDATE pos_connections SET on_shortage = 'refuse' WHERE id = {till}",
            "the level of product PIE at location main: movement 3 (of POS event e9, whose connection refuses) \
            took what others had reserved: 2 on hand, 5 reserved afterwards.",
        ),
        Case::new(
            "pos.promise",
            "UPDATE pos_connections SET on_shortage = 'refuse', version = 2, updated_at = updated_at - {day} WHERE id = {till}",
            "the level of product PIE at location main: movement 3 (of POS event e9, whose connection refuses) \
            took what others had reserved: 2 on hand, 5 reserved afterwards.",
        ),
        Case::new(
            "pos.orphans",
            "UPDATE pos_connections SET location_id = {nobody} WHERE id = {till}",
            "a till names location nobody, which does not exist.",
        ),
        Case::new(
            "pos.orphans",
            "UPDATE pos_products SET product_id = {nobody} WHERE external_id = 'bun-1'",
            "a mapping of a till names product nobody, which does not exist.",
        ),
        Case::new(
            "pos.orphans",
            "DELETE FROM pos_event_lines WHERE event_id = {e6}; DELETE FROM pos_events WHERE id = {e6}",
            "a movement names POS event e6, which does not exist.",
        ),
    ]
}
