//! Levels and movements.

use super::{Case, append, last_of};

pub(super) fn levels() -> Vec<Case> {
    let tea = "WHERE product_id = {TEA} AND location_id = {main}";
    let mut cases = vec![
        Case::new(
            "stock.sums",
            format!("UPDATE levels SET on_hand = on_hand + 100000 {tea}"),
            "the level of product TEA at location main says 90 on hand and 0 reserved, its movements add up to 89 and 0.",
        ),
        Case::new(
            "stock.count",
            format!("UPDATE levels SET seq = seq + 1 {tea}"),
            "the level of product TEA at location main counts 9 movements, there are 8.",
        ),
        Case::new(
            "stock.level_missing",
            "DELETE FROM levels WHERE product_id = {OLD} AND location_id = {main}",
            "the level of product OLD at location main does not exist, but has 1 movements.",
        ),
        Case::new(
            "stock.recorded_at",
            format!("UPDATE levels SET recorded_at = recorded_at + {{second}} {tea}"),
            "the level of product TEA at location main says that its last movement was booked <time>, it was <time>.",
        ),
        Case::new(
            "stock.counted_at",
            format!("UPDATE levels SET counted_at = recorded_at {tea}"),
            "the level of product TEA at location main says that it was last counted <time>, its movements say never.",
        ),
        Case::new(
            "stock.counted_at",
            "UPDATE levels SET counted_at = counted_at - {second} WHERE product_id = {MILK} AND location_id = {main}",
            "the level of product MILK at location main says that it was last counted <time>, its movements say <time>.",
        ),
        Case::new(
            "stock.unit",
            append(("TEA", "main"), "adjusted", (50_000, 0), "NULL, NULL"),
            "the level of product TEA at location main says 89.5 on hand and 0 reserved, which does not fit its unit (each).",
        )
        .and(
            "stock.unit_of_movements",
            "the level of product TEA at location main: movement 9 changes on hand by 0.5 and reserved by 0, \
            which does not fit its unit (each).",
        ),
        Case::new(
            "stock.unit",
            append(("RICE", "main"), "adjusted", (1, 0), "NULL, NULL"),
            "the level of product RICE at location main says 20.25001 on hand and 0 reserved, which does not fit its unit (kg).",
        )
        .and(
            "stock.unit_of_movements",
            "the level of product RICE at location main: movement 8 changes on hand by 0.00001 and reserved by 0, \
            which does not fit its unit (kg).",
        ),
    ];
    let untouched =
        "the level of product OLD at location back never had a movement, but says 1 on hand and 0 reserved.";
    let statement = "UPDATE levels SET on_hand = 100000 WHERE seq = 0";
    cases.extend(Case::new("stock.untouched", statement, untouched).breaking("levels"));
    let below = append(("OLD", "main"), "counted", (-300_000, 0), "NULL, NULL");
    let negative = "the level of product OLD at location main is negative: -1 on hand, 0 reserved.";
    let after = "the level of product OLD at location main: movement 2 left -1 on hand and 0 reserved.";
    let both = Case::new("stock.negative", below.clone(), negative).and("stock.negative_after", after);
    cases.extend(both.breaking("levels").into_iter().map(also_breaking_movements));
    let and_back = below + &append(("OLD", "main"), "counted", (300_000, 0), "NULL, NULL");
    let twice = Case::new("stock.negative_after", and_back, after).breaking("movements");
    cases.extend(twice.into_iter().map(also_breaking_movements));
    cases
}

/// Two rows of a table break its rules, or two tables do.
fn also_breaking_movements(case: Case) -> Case {
    if case.says.iter().any(|(check, _)| *check == "database.file") {
        return case.and("database.file", "the database file is damaged: CHECK constraint failed in movements.");
    }
    case
}

/// A line more on a sale or an order, with what it adds up to as it should be then.
fn with_a_pie(noun: &str, document: &str) -> String {
    let subtotal = if noun == "order" { "subtotal = subtotal + 100, " } else { "" };
    format!(
        "INSERT INTO {noun}_lines (id, {noun}_id, position, product_id, sku, name, quantity, unit_price, line_total) \
        VALUES ({{new}}, {{{document}}}, 7, {{PIE}}, 'PIE', 'Pie', 100000, 100, 100); \
        UPDATE {noun}s SET {subtotal}total = total + 100 WHERE id = {{{document}}}; "
    )
}

fn taken(kind: &str, figures: &str) -> String {
    format!(
        "the level of product PIE at location main: movement 4 ({kind}) took what others had reserved: {figures} afterwards."
    )
}

fn promises() -> Vec<Case> {
    let pie = ("PIE", "main");
    let (one, none) = ((-100_000, 0), "NULL, NULL");
    let less = "1 on hand, 5 reserved";
    vec![
        Case::new(
            "stock.promise",
            with_a_pie("sale", "s1") + &append(pie, "sold", one, "'sale', {s1}"),
            &taken("sold", less),
        ),
        Case::new(
            "stock.promise",
            with_a_pie("sale", "s1") + &append(pie, "corrected", one, "'sale', {s1}"),
            &taken("corrected", less),
        ),
        Case::new("stock.promise", append(pie, "adjusted", one, none), &taken("adjusted", less)),
        Case::new(
            "stock.promise",
            with_a_pie("order", "o2") + &append(pie, "reserved", (0, 100_000), "'order', {o2}"),
            &taken("reserved", "2 on hand, 6 reserved"),
        ),
        Case::new("stock.promise", append(pie, "transferred_out", one, none), &taken("transferred_out", less)).and(
            "stock.document",
            "the level of product PIE at location main: movement 4 is transferred_out and belongs to no document.",
        ),
    ]
}

pub(super) fn movements() -> Vec<Case> {
    let tea = last_of("TEA", "main");
    let mut cases = vec![
        Case::new(
            "stock.gap",
            format!("UPDATE movements SET seq = seq + 1 WHERE {tea}"),
            "the level of product TEA at location main has a gap: movement 9 follows movement 7.",
        ),
        Case::new(
            "stock.after",
            format!("UPDATE movements SET on_hand_after = on_hand_after + 100000 WHERE {tea}"),
            "the level of product TEA at location main: movement 8 says 90 on hand and 0 reserved afterwards, \
            the one before and its change give 89 and 0.",
        ),
        Case::new(
            "stock.after",
            format!("UPDATE movements SET reserved_after = reserved_after + 100000 WHERE {tea}"),
            "the level of product TEA at location main: movement 8 says 89 on hand and 1 reserved afterwards, \
            the one before and its change give 89 and 0.",
        ),
        Case::new(
            "stock.booked_backwards",
            format!(
                "UPDATE movements SET recorded_at = recorded_at - {{day}} WHERE {tea}; \
                UPDATE levels SET recorded_at = recorded_at - {{day}} WHERE product_id = {{TEA}} AND location_id = {{main}}"
            ),
            "the level of product TEA at location main: movement 8 was booked before the one it follows.",
        ),
        Case::new(
            "stock.change",
            "UPDATE movements SET kind = 'reserved' WHERE kind = 'released' AND source_id = {o3}",
            "the level of product CAKE at location main: movement 5 is reserved and changes on hand by 0 and reserved by -1.",
        ),
        Case::new(
            "stock.unit_of_movements",
            append(("TEA", "main"), "adjusted", (50_000, 0), "NULL, NULL")
                + &append(("TEA", "main"), "adjusted", (50_000, 0), "NULL, NULL"),
            "the level of product TEA at location main: movement 9 changes on hand by 0.5 and reserved by 0, \
            which does not fit its unit (each).",
        )
        .and(
            "stock.unit_of_movements",
            "the level of product TEA at location main: movement 10 changes on hand by 0.5 and reserved by 0, \
            which does not fit its unit (each).",
        ),
        Case::new(
            "stock.orphans",
            "DELETE FROM products WHERE sku = 'OLD'",
            "a movement or level names product OLD, which does not exist.",
        ),
        Case::new(
            "stock.orphans",
            "DELETE FROM locations WHERE code = 'gone'",
            "a movement or level names location gone, which does not exist.",
        ),
    ];
    cases.extend(promises());
    cases.extend(documents());
    cases
}

fn documents() -> Vec<Case> {
    let milk = |what: &str| {
        format!("the level of product MILK at location main: movement 2 is adjusted and belongs to {what}.")
    };
    let by_hand = "WHERE kind = 'adjusted' AND product_id = {MILK} AND location_id = {main}";
    let tea = |kind: &str| {
        format!("the level of product TEA at location main: movement 9 is {kind} and belongs to no document.")
    };
    let more = |kind: &str| append(("TEA", "main"), kind, (100_000, 0), "NULL, NULL");
    vec![
        Case::new(
            "stock.document",
            format!("UPDATE movements SET source_type = 'pos_event', source_id = {{e1}} {by_hand}"),
            &milk("a document of type pos_event"),
        ),
        Case::new(
            "stock.document",
            format!("UPDATE movements SET source_type = 'purchase', source_id = {{e1}} {by_hand}"),
            &milk("a document of type purchase"),
        ),
        Case::new("stock.document", more("received"), &tea("received")),
        Case::new("stock.document", more("transferred_in"), &tea("transferred_in")),
        Case::new(
            "stock.document",
            "UPDATE movements SET source_type = NULL, source_id = NULL WHERE source_id = {s6}",
            "the level of product MILK at location main: movement 4 is sold and belongs to no document.",
        )
        .and(
            "sales.movements",
            "sale 6 (s6) should have changed the stock of product MILK by -1 (sold and corrected), its movements changed it by 0.",
        ),
        Case::new(
            "stock.document",
            "UPDATE movements SET source_type = NULL, source_id = NULL WHERE source_id = {o10}",
            "the level of product PIE at location main: movement 2 is reserved and belongs to no document.",
        )
        .and("orders.movements", "order 10 (o10) should have 5 of product PIE reserved and not released, its movements say 0."),
        Case::new(
            "stock.document",
            "UPDATE movements SET source_type = NULL, source_id = NULL WHERE source_id = {e9}",
            "the level of product PIE at location main: movement 3 is pos and belongs to no document.",
        )
        .and("pos.changes", "POS event e9 reports 1 changes by -3 at <time>, 0 were booked: it was not applied exactly once.")
        .and("pos.products", "POS event e9 reports 1 changes of product PIE by -3 at <time>, 0 were booked on it."),
    ]
}
