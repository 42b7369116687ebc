//! Lists: each row once, in one order, at the same price whatever their length.

use crate::{Kept, a_category, a_customer, on_each_engine};
use tradepost_domain::repository::{Remove, Repository};
use tradepost_store::{
    KeyValue, ListRequest, Page, Session, Sort, StoreError, catalogue, categories, customers, sales, stock,
};

fn request<F: Default>(limit: u16) -> ListRequest<F> {
    ListRequest { filter: F::default(), order: Vec::new(), limit, after: None, count: false }
}

/// Reads a list to its end, page by page; each cursor goes through JSON, as it does at the edge.
async fn walk<F, R>(
    kept: &Kept,
    start: ListRequest<F>,
    list: fn(&mut Session<'_>, &ListRequest<F>) -> Result<Page<R>, StoreError>,
) -> Vec<R>
where
    F: Clone + Send + Sync + 'static,
    R: Send + 'static,
{
    let mut rows = Vec::new();
    let mut request = start;
    loop {
        let page_request = request.clone();
        let page = kept.store.read(move |s| list(s, &page_request)).await.expect("a page");
        assert!(page.rows.len() <= usize::from(request.limit));
        rows.extend(page.rows);
        let Some(next) = page.next else { return rows };
        request.after = Some(carried(&next));
    }
}

fn carried(key: &[KeyValue]) -> Vec<KeyValue> {
    let json = serde_json::to_value(key).expect("a cursor can be written");
    serde_json::from_value(json).expect("a cursor can be read")
}

on_each_engine!(a_walk_sees_each_row_once_in_every_order, async |kept| {
    let names: Vec<String> = (0..25).map(|n| format!("Category {}", (n * 7) % 25)).collect();
    kept.add_categories(&names).await;
    // Many share an instant: the id decides between them.
    kept.tamper(
        "UPDATE categories SET created_at = (SELECT MIN(created_at) FROM categories) WHERE name_key < 'category 2'",
    );
    for text in ["name", "-name", "created_at", "-created_at", "created_at,-name", "-created_at,name"] {
        let order = Sort::parse_list(text, categories::ORDERINGS).unwrap();
        let start: ListRequest<categories::CategoryFilter> = ListRequest { order, ..request(4) };
        let whole = ListRequest { limit: 200, ..start.clone() };
        let walked: Vec<_> = walk(&kept, start, categories::list).await.into_iter().map(|c| c.name).collect();
        let at_once: Vec<_> = walk(&kept, whole, categories::list).await.into_iter().map(|c| c.name).collect();
        assert_eq!(walked, at_once, "{text}");
        assert_eq!(walked.len(), 25, "{text}");
        if text == "name" {
            assert!(walked.is_sorted(), "{walked:?}");
        }
    }
});

on_each_engine!(a_walk_over_changing_rows_sees_those_that_stayed_exactly_once, async |kept| {
    kept.add_categories(&(10..30).map(|n| format!("Stays {n}")).collect::<Vec<_>>()).await;
    let mut seen = Vec::new();
    let mut next: ListRequest<categories::CategoryFilter> = request(3);
    for round in 0.. {
        let asked = next.clone();
        let page = kept.store.read(move |s| categories::list(s, &asked)).await.unwrap();
        let mut names: Vec<String> = page.rows.iter().map(|c| c.name.clone()).collect();
        // The row that the cursor stands on goes away, and others come before and behind it.
        let last = page.rows.last().map(|c| (c.id, c.name.starts_with("Comes")));
        if let Some((id, true)) = last {
            kept.write(move |s| s.remove(id, crate::now())).await.unwrap();
        }
        kept.add_categories(&[format!("A comes {round}"), format!("Stays 1{round} too")]).await;
        names.retain(|name| name.starts_with("Stays") && !name.ends_with("too"));
        seen.extend(names);
        match page.next {
            Some(after) => next.after = Some(carried(&after)),
            None => break,
        }
    }
    assert_eq!(seen, (10..30).map(|n| format!("Stays {n}")).collect::<Vec<_>>());
});

on_each_engine!(every_word_is_looked_for_literally_and_without_case, async |kept| {
    let names = ["50% off_TEA", "Green tea", "green COFFEE", "Back\\slash", "Ünïcode"].map(str::to_owned);
    kept.add_categories(&names).await;
    let endless = "%".repeat(100_000);
    for (words, found) in [
        (endless.as_str(), vec![]),
        ("TEA", vec!["50% off_TEA", "Green tea"]),
        ("tea green", vec!["Green tea"]),
        ("50%", vec!["50% off_TEA"]),
        ("f_t", vec!["50% off_TEA"]),
        ("%", vec!["50% off_TEA"]),
        ("\\", vec!["Back\\slash"]),
        ("üNÏ", vec!["Ünïcode"]),
        ("nothing", vec![]),
        ("tea\0", vec![]),
        ("'; DROP TABLE categories; --", vec![]),
    ] {
        let filter = categories::CategoryFilter { search: Some(words.to_owned()), name: None };
        let asked = ListRequest { filter, count: true, ..request(10) };
        let page = kept.store.read(move |s| categories::list(s, &asked)).await.unwrap();
        let names: Vec<_> = page.rows.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, found, "{words}");
        assert_eq!(page.count, Some(found.len() as i64), "{words}");
    }
});

on_each_engine!(a_cursor_that_does_not_fit_the_order_is_refused, async |kept| {
    kept.add_categories(&["Tea".to_owned()]).await;
    for after in [vec![], vec![KeyValue::Int(1)], vec![KeyValue::Text("tea".into()), KeyValue::Id("no id".into())]] {
        let asked: ListRequest<categories::CategoryFilter> = ListRequest { after: Some(after), ..request(1) };
        let refused = kept.store.read(move |s| categories::list(s, &asked)).await.err();
        let said = refused.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(matches!(refused, Some(StoreError::Refused(_))), "{said}");
        assert!(said.ends_with("this cursor belongs to another list"), "{said}");
    }
});

async fn cost<F, R>(
    kept: &Kept,
    limit: u16,
    list: fn(&mut Session<'_>, &ListRequest<F>) -> Result<Page<R>, StoreError>,
) -> u64
where
    F: Default + Send + Sync + 'static,
    R: Send + 'static,
{
    let before = kept.store.statements();
    let asked = request(limit);
    let page = kept.store.read(move |s| list(s, &asked)).await.expect("a page");
    assert_eq!(page.rows.len(), usize::from(limit));
    kept.store.statements() - before
}

fn products(
    session: &mut Session<'_>,
    request: &ListRequest<catalogue::ProductFilter>,
) -> Result<Page<catalogue::ProductRow>, StoreError> {
    catalogue::list(session, catalogue::View::Staff, request)
}

on_each_engine!(a_list_costs_the_same_number_of_statements_whatever_its_length, async |kept| {
    for n in 0..200 {
        let product = kept.a_product(&format!("SKU-{n}"), "1.00", "5").await;
        kept.sell(product, "1").await;
    }
    let people: Vec<_> = (0..200).map(|n| (a_customer("Ann", None), a_category(&format!("C{n}")))).collect();
    let add = move |s: &mut Session<'_>| {
        people.iter().try_for_each(|(customer, category)| s.add(customer).and_then(|()| s.add(category)))
    };
    kept.write(add).await.unwrap();
    for limit in [25, 200] {
        assert_eq!(cost(&kept, 1, products).await, cost(&kept, limit, products).await);
        assert_eq!(cost(&kept, 1, stock::inventory).await, cost(&kept, limit, stock::inventory).await);
        assert_eq!(cost(&kept, 1, stock::movements).await, cost(&kept, limit, stock::movements).await);
        assert_eq!(cost(&kept, 1, sales::list).await, cost(&kept, limit, sales::list).await);
        assert_eq!(cost(&kept, 1, customers::list).await, cost(&kept, limit, customers::list).await);
        assert_eq!(cost(&kept, 1, categories::list).await, cost(&kept, limit, categories::list).await);
    }
    let sold = walk(&kept, request(200), sales::list).await;
    assert!(sold.iter().all(|sale| sale.lines.len() == 1 && sale.sale.total == 100));
    let levels = walk(&kept, request(200), stock::inventory).await;
    assert!(levels.iter().all(|row| row.levels.len() == 1 && row.total.available == 400_000));
});

on_each_engine!(products_can_be_filtered_by_what_there_is, async |kept| {
    kept.a_product("NONE", "1.00", "0").await;
    kept.a_product("FEW", "2.00", "2").await;
    kept.a_product("MANY", "3.00", "50").await;
    kept.tamper("UPDATE products SET low_stock_threshold = 200000");
    kept.tamper("UPDATE products SET enabled = FALSE WHERE sku = 'NONE'");
    let found = async |view: catalogue::View, filter: catalogue::ProductFilter, order: &str| {
        let order = Sort::parse_list(order, catalogue::ORDERINGS).unwrap();
        let asked = ListRequest { filter, order, ..request(10) };
        let page = kept.store.read(move |s| catalogue::list(s, view, &asked)).await.expect("a page");
        page.rows.into_iter().map(|p| p.sku).collect::<Vec<_>>().join(" ")
    };
    use catalogue::{
        ProductFilter as Filter,
        View::{Public, Staff},
    };
    for (view, most, none) in [(Public, "MANY FEW", ""), (Staff, "MANY FEW NONE", "NONE")] {
        assert_eq!(found(view, Filter::default(), "-available").await, most);
        assert_eq!(found(view, Filter { in_stock: Some(true), ..Filter::default() }, "price").await, "FEW MANY");
        assert_eq!(found(view, Filter { in_stock: Some(false), ..Filter::default() }, "price").await, none);
        assert_eq!(found(view, Filter { low_stock: Some(false), ..Filter::default() }, "sku").await, "MANY");
        let some = Filter { available_min: "1".parse().ok(), available_max: "2".parse().ok(), ..Filter::default() };
        assert_eq!(found(view, some, "name").await, "FEW");
        let dear = Filter { price_min: Some(200), price_max: Some(299), sku: Some("few".into()), ..Filter::default() };
        assert_eq!(found(view, dear, "created_at").await, "FEW");
        assert_eq!(found(view, Filter { search: Some("of man".into()), ..Filter::default() }, "name").await, "MANY");
    }
});
