//! What one transaction per sale can do over the project's own tables: pgbench with prepared statements, no HTTP, no rules.

use std::fs;
use std::process::Command;
use std::time::Duration;
use tradepost_tests::postgres::Cluster;
use tradepost_tests::{Database, sql};

/// How the SQL of one sale is sent.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    /// A: statement after statement, as an ORM does it.
    Statements,
    /// B: one statement, the best that one transaction per sale can do.
    OneStatement,
}

/// What everybody buys, and how it is put down.
#[derive(Clone, Copy)]
pub(crate) struct Sale {
    /// How its SQL is sent.
    pub(crate) style: Style,
    /// How many lines; one means that everybody buys product 1.
    pub(crate) lines: usize,
}

const ID: &str = "('00000000-0000-7000-8000-' || lpad(:NUMBER::text, 12, '0'))::uuid";

fn pick(lines: usize) -> String {
    match lines {
        1 => "\\set p1 1\n".to_owned(),
        // One of each third, in rising order: no deadlocks, as a careful programmer would do it.
        _ => "\\set p1 random(1, 3333)\n\\set p2 random(3334, 6666)\n\\set p3 random(6667, 10000)\n".to_owned(),
    }
}

fn statements(lines: usize) -> String {
    let mut script = pick(lines);
    script.push_str("begin;\n");
    for line in 1..=lines {
        let id = ID.replace("NUMBER", &format!("p{line}"));
        script.push_str(&format!(
            "update levels l set on_hand = l.on_hand - 100000, seq = l.seq + 1, recorded_at = now() from products p \
             where l.product_id = {id} and l.location_id = :location::uuid and l.on_hand - l.reserved >= 100000 and p.id = l.product_id \
             returning l.on_hand, l.seq, p.price, p.sku, p.name \\gset l{line}_\n"
        ));
    }
    let total = (1..=lines).map(|line| format!(":l{line}_price")).collect::<Vec<_>>().join(" + ");
    script.push_str(&format!(
        "\\set total {total}\n\
         insert into sales (id, number, status, location_id, total, refunded_total, version, occurred_at, created_at, updated_at) \
         values (gen_random_uuid(), nextval('sale_numbers'), 'completed', :location::uuid, :total, 0, 1, now(), now(), now()) \
         returning id \\gset sale_\n"
    ));
    for line in 1..=lines {
        let id = ID.replace("NUMBER", &format!("p{line}"));
        script.push_str(&format!(
            "insert into sale_lines (id, sale_id, position, product_id, sku, name, quantity, unit_price, line_total) values \
             (gen_random_uuid(), :sale_id::uuid, {line}, {id}, :l{line}_sku, :l{line}_name, 100000, :l{line}_price, :l{line}_price);\n\
             insert into movements (id, product_id, location_id, seq, kind, on_hand_change, reserved_change, on_hand_after, \
             reserved_after, source_type, source_id, actor_type, occurred_at, recorded_at) values (gen_random_uuid(), {id}, \
             :location::uuid, :l{line}_seq, 'sold', -100000, 0, :l{line}_on_hand, 0, 'sale', :sale_id::uuid, 'system', now(), now());\n"
        ));
    }
    script.push_str("commit;\n");
    script
}

fn one_statement(lines: usize) -> String {
    let wanted = (1..=lines)
        .map(|line| format!("({})", ID.replace("NUMBER", &format!("p{line}"))))
        .collect::<Vec<_>>()
        .join(", ");
    format!(
        "{}with wanted(product_id) as (values {wanted}), \
         taken as (update levels l set on_hand = l.on_hand - 100000, seq = l.seq + 1, recorded_at = now() from products p, wanted w \
             where l.product_id = w.product_id and l.location_id = :location::uuid and l.on_hand - l.reserved >= 100000 \
             and p.id = l.product_id returning l.product_id, l.location_id, l.on_hand, l.seq, p.price, p.sku, p.name), \
         sale as (insert into sales (id, number, status, location_id, total, refunded_total, version, occurred_at, created_at, updated_at) \
             select gen_random_uuid(), nextval('sale_numbers'), 'completed', :location::uuid, sum(price), 0, 1, now(), now(), now() \
             from taken having count(*) = {lines} returning id), \
         lines as (insert into sale_lines (id, sale_id, position, product_id, sku, name, quantity, unit_price, line_total) \
             select gen_random_uuid(), sale.id, 1, product_id, sku, name, 100000, price, price from taken, sale), \
         moved as (insert into movements (id, product_id, location_id, seq, kind, on_hand_change, reserved_change, on_hand_after, \
             reserved_after, source_type, source_id, actor_type, occurred_at, recorded_at) \
             select gen_random_uuid(), product_id, location_id, seq, 'sold', -100000, 0, on_hand, 0, 'sale', sale.id, 'system', now(), \
             now() from taken, sale) \
         select id from sale;\n",
        pick(lines)
    )
}

/// Such sales a second.
pub(crate) fn run(cluster: &Cluster, database: &Database, sale: Sale, clients: usize, length: Duration) -> f64 {
    let Sale { style, lines } = sale;
    let script = match style {
        Style::Statements => statements(lines),
        Style::OneStatement => one_statement(lines),
    };
    let file = database.folder().join("sale.sql");
    fs::write(&file, script).expect("the script");
    let location = sql::text(&database.url, "select cast(id as text) from locations where is_default");
    let before = database.number("select count(*) from sales");
    let told = Command::new(cluster.programs().join("pgbench"))
        .args(["-M", "prepared", "-j", "1", "-n", "-D"])
        .arg(format!("location={location}"))
        .args(["-c", &clients.to_string(), "-T", &length.as_secs().to_string(), "-f"])
        .arg(&file)
        .arg(&database.url)
        .output()
        .expect("pgbench is among PostgreSQL's programs");
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "pgbench failed: {said}{}", String::from_utf8_lossy(&told.stderr));
    let per_second = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    let sold = database.number("select count(*) from sales") - before;
    let lines_sold = database.number("select count(*) from sale_lines");
    assert!(sold > 0 && lines_sold == sold * lines as i64, "the baseline sold {sold} sales with {lines_sold} lines");
    per_second.unwrap_or_else(|| panic!("no tps in {said}"))
}
