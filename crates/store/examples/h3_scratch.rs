#![allow(clippy::all, clippy::disallowed_methods, clippy::unwrap_used)]
use std::time::Instant as I;
use tradepost_domain::{ids::ProductId, instant::Instant, repository::Tokens};
use tradepost_store::catalogue::{self, View};
use tradepost_store::*;
fn now() -> Instant {
    Instant::from_micros(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64)
}
fn main() {
    let url = std::env::args().nth(1).unwrap();
    let t = I::now();
    let store = Store::open(&StoreConfig {
        url: url.clone(),
        readers: 2,
        queue: 100,
        sources: Sources { now, new_id: uuid::Uuid::now_v7 },
    })
    .unwrap();
    println!("open {:?}", t.elapsed());
    if store.pending_migrations().unwrap() > 0 && url.starts_with("sqlite") {
        store.migrate().unwrap();
        return;
    }
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut first = None;
    macro_rules! time {
        ($name:expr, $n:expr, $read:ident, $f:expr) => {{
            let f = $f;
            rt.block_on(async {
                let _ = store.$read(f).await.unwrap();
            });
            let t = I::now();
            for _ in 0..$n {
                rt.block_on(async {
                    let _ = store.$read(f).await.unwrap();
                });
            }
            println!("{:40} {:?}", $name, t.elapsed() / $n);
        }};
    }
    fn req<F: Default>() -> ListRequest<F> {
        ListRequest { filter: F::default(), order: vec![], limit: 25, after: None, count: false }
    }
    macro_rules! plist {
        ($view:expr, $order:expr, $count:expr, $filter:expr) => {
            |s: &mut Session<'_>| -> Result<_, StoreError> {
                let mut r = req::<catalogue::ProductFilter>();
                if $order != "" {
                    r.order = Order::parse_list($order, catalogue::ORDERINGS).unwrap();
                }
                r.count = $count;
                r.filter = $filter;
                catalogue::list(s, $view, &r)
            }
        };
    }
    use catalogue::ProductFilter as PF;
    rt.block_on(async {
        let p = store.read(|s: &mut Session<'_>| catalogue::list(s, View::Staff, &req())).await.unwrap();
        first = Some(ProductId::from(p.rows[0].id));
    });
    let id = first.unwrap();
    time!("product public", 500, read_one, move |s: &mut Session<'_>| -> Result<_, StoreError> {
        catalogue::product(s, View::Public, id)
    });
    time!("product staff", 500, read_one, move |s: &mut Session<'_>| -> Result<_, StoreError> {
        catalogue::product(s, View::Staff, id)
    });
    time!("product staff snapshot", 500, read, move |s: &mut Session<'_>| -> Result<_, StoreError> {
        catalogue::product(s, View::Staff, id)
    });
    time!("token lookup", 500, read_one, |s: &mut Session<'_>| -> Result<_, StoreError> {
        s.principal_by_token(&[1; 32], Instant::from_micros(5)).map_err(Into::into)
    });
    time!("list public", 200, read_one, plist!(View::Public, "", false, PF::default()));
    time!("list staff", 200, read_one, plist!(View::Staff, "", false, PF::default()));
    time!("list staff count", 50, read, plist!(View::Staff, "", true, PF::default()));
    time!("list staff -price", 100, read, plist!(View::Staff, "-price", false, PF::default()));
    time!("list staff -created_at", 100, read, plist!(View::Staff, "-created_at", false, PF::default()));
    time!("list staff created_at,-name", 100, read, plist!(View::Staff, "created_at,-name", false, PF::default()));
    time!("list staff available", 20, read, plist!(View::Staff, "available", false, PF::default()));
    time!("list public available", 20, read, plist!(View::Public, "-available", false, PF::default()));
    time!("list staff low", 20, read, plist!(View::Staff, "", false, PF { low_stock: Some(true), ..PF::default() }));
    time!(
        "list staff instock",
        20,
        read,
        plist!(View::Staff, "", false, PF { in_stock: Some(false), ..PF::default() })
    );
    time!(
        "list staff sku",
        20,
        read,
        plist!(View::Staff, "", false, PF { sku: Some("sku77".into()), ..PF::default() })
    );
    time!(
        "list staff search",
        20,
        read,
        plist!(View::Staff, "", false, PF { search: Some("name 9999".into()), ..PF::default() })
    );
    // deep page
    let mut r = req::<catalogue::ProductFilter>();
    r.limit = 200;
    let mut n = 0;
    let t = I::now();
    loop {
        let rr = r.clone();
        let p = rt.block_on(store.read(move |s: &mut Session<'_>| catalogue::list(s, View::Staff, &rr))).unwrap();
        n += 1;
        match p.next {
            Some(k) => r.after = Some(k),
            None => break,
        }
    }
    println!("walk {} pages of 200: {:?} each", n, t.elapsed() / n);
    time!("inventory", 50, read, |s: &mut Session<'_>| stock::inventory(s, &req()));
    time!("inventory_of", 50, read, move |s: &mut Session<'_>| stock::inventory_of(s, id));
    time!("movements", 100, read, |s: &mut Session<'_>| stock::movements(s, &req()));
    time!("movements product", 100, read, move |s: &mut Session<'_>| {
        let mut r = req::<stock::MovementFilter>();
        r.filter.product = Some(id);
        stock::movements(s, &r)
    });
    time!("sales", 100, read, |s: &mut Session<'_>| sales::list(s, &req()));
    time!("sales number", 100, read, |s: &mut Session<'_>| {
        let mut r = req::<sales::SaleFilter>();
        r.filter.number = Some(777);
        sales::list(s, &r)
    });
    time!("sales total", 100, read, |s: &mut Session<'_>| {
        let mut r = req::<sales::SaleFilter>();
        r.order = Order::parse_list("-total", sales::ORDERINGS).unwrap();
        sales::list(s, &r)
    });
    time!("sales product", 20, read, move |s: &mut Session<'_>| {
        let mut r = req::<sales::SaleFilter>();
        r.filter.product = Some(id);
        sales::list(s, &r)
    });
    let t = I::now();
    let mut n = 0;
    let c = store.verify(|p| {
        n += 1;
        if n < 4 {
            println!("{p}")
        }
    });
    println!("verify {:?} {n} {c:?}", t.elapsed());
}
