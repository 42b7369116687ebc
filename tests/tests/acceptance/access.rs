//! Every endpoint, tried by every kind of caller, from one table that a new endpoint must join.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tradepost_tests::{Client, OWNER_LOGIN, OWNER_PASSWORD, Shop, both_engines};

/// Who may.
#[derive(Clone, Copy, Debug)]
enum Who {
    Anyone,
    SignedIn,
    /// Whoever holds one of these permissions: administrators and owners hold all.
    May(&'static [&'static str]),
    Owner,
    /// Nobody's credential helps: the request itself must be signed.
    Signed,
}

use Who::{Anyone, May, Owner, Signed, SignedIn};

/// The contract's column "who". `{...}` stands for any id.
const TABLE: &[(&str, &str, Who)] = &[
    ("GET", "/healthz", Anyone),
    ("GET", "/readyz", Anyone),
    ("GET", "/metrics", Anyone),
    ("GET", "/api/openapi.json", Anyone),
    ("POST", "/api/v1/auth/register", Anyone),
    ("POST", "/api/v1/auth/login", Anyone),
    ("POST", "/api/v1/auth/logout", SignedIn),
    ("POST", "/api/v1/auth/logout-all", SignedIn),
    ("GET", "/api/v1/me", SignedIn),
    ("POST", "/api/v1/me/password", SignedIn),
    ("GET", "/api/v1/users", May(&["users.manage"])),
    ("POST", "/api/v1/users", May(&["users.manage"])),
    ("GET", "/api/v1/users/{}", May(&["users.manage"])),
    ("PATCH", "/api/v1/users/{}", May(&["users.manage"])),
    ("DELETE", "/api/v1/users/{}", May(&["users.manage"])),
    ("GET", "/api/v1/categories", Anyone),
    ("POST", "/api/v1/categories", May(&["catalogue.write"])),
    ("GET", "/api/v1/categories/{}", Anyone),
    ("PATCH", "/api/v1/categories/{}", May(&["catalogue.write"])),
    ("DELETE", "/api/v1/categories/{}", May(&["catalogue.write"])),
    ("GET", "/api/v1/products", Anyone),
    ("POST", "/api/v1/products", May(&["catalogue.write"])),
    ("GET", "/api/v1/products/{}", Anyone),
    ("PATCH", "/api/v1/products/{}", May(&["catalogue.write"])),
    ("DELETE", "/api/v1/products/{}", Owner),
    ("GET", "/api/v1/locations", May(&["stock.read"])),
    ("POST", "/api/v1/locations", May(&["settings.write"])),
    ("GET", "/api/v1/locations/{}", May(&["stock.read"])),
    ("PATCH", "/api/v1/locations/{}", May(&["settings.write"])),
    ("DELETE", "/api/v1/locations/{}", May(&["settings.write"])),
    ("GET", "/api/v1/inventory", May(&["stock.read"])),
    ("GET", "/api/v1/inventory/{}", May(&["stock.read"])),
    ("POST", "/api/v1/inventory/{}/adjustments", May(&["stock.write"])),
    ("POST", "/api/v1/inventory/{}/counts", May(&["stock.write"])),
    ("GET", "/api/v1/stock-movements", May(&["stock.read"])),
    ("GET", "/api/v1/stock-movements/{}", May(&["stock.read"])),
    ("GET", "/api/v1/sales", May(&["sales.read"])),
    ("POST", "/api/v1/sales", May(&["sales.write"])),
    ("GET", "/api/v1/sales/{}", May(&["sales.read"])),
    ("PATCH", "/api/v1/sales/{}", May(&["sales.write"])),
    ("DELETE", "/api/v1/sales/{}", May(&["sales.write"])),
    ("POST", "/api/v1/sales/{}/refunds", May(&["sales.write"])),
    ("GET", "/api/v1/customers", May(&["customers.read"])),
    ("POST", "/api/v1/customers", May(&["customers.write"])),
    ("GET", "/api/v1/customers/{}", May(&["customers.read"])),
    ("PATCH", "/api/v1/customers/{}", May(&["customers.write"])),
    ("DELETE", "/api/v1/customers/{}", May(&["customers.write"])),
    ("GET", "/api/v1/cart", SignedIn),
    ("PATCH", "/api/v1/cart", SignedIn),
    ("DELETE", "/api/v1/cart", SignedIn),
    ("PUT", "/api/v1/cart/items/{}", SignedIn),
    ("DELETE", "/api/v1/cart/items/{}", SignedIn),
    ("POST", "/api/v1/cart/checkout", SignedIn),
    ("GET", "/api/v1/orders", SignedIn),
    ("POST", "/api/v1/orders", SignedIn),
    ("GET", "/api/v1/orders/{}", SignedIn),
    ("PATCH", "/api/v1/orders/{}", SignedIn),
    ("DELETE", "/api/v1/orders/{}", SignedIn),
    ("POST", "/api/v1/orders/{}/accept", May(&["orders.fulfil"])),
    ("POST", "/api/v1/orders/{}/reject", May(&["orders.fulfil"])),
    ("POST", "/api/v1/orders/{}/ship", May(&["orders.fulfil"])),
    ("POST", "/api/v1/orders/{}/deliver", May(&["orders.fulfil"])),
    ("POST", "/api/v1/orders/{}/cancel", SignedIn),
    ("POST", "/api/v1/orders/{}/returns", May(&["orders.fulfil"])),
    ("GET", "/api/v1/promo-codes", May(&["promos.write"])),
    ("POST", "/api/v1/promo-codes", May(&["promos.write"])),
    ("GET", "/api/v1/promo-codes/{}", May(&["promos.write"])),
    ("PATCH", "/api/v1/promo-codes/{}", May(&["promos.write"])),
    ("DELETE", "/api/v1/promo-codes/{}", May(&["promos.write"])),
    ("POST", "/api/v1/promo-codes/check", SignedIn),
    ("GET", "/api/v1/dashboard/orders", May(&["reports.read"])),
    ("GET", "/api/v1/pos-connections", May(&["integrations.manage"])),
    ("POST", "/api/v1/pos-connections", May(&["integrations.manage"])),
    ("GET", "/api/v1/pos-connections/{}", May(&["integrations.manage"])),
    ("PATCH", "/api/v1/pos-connections/{}", May(&["integrations.manage"])),
    ("DELETE", "/api/v1/pos-connections/{}", May(&["integrations.manage"])),
    ("POST", "/api/v1/pos-connections/{}/rotate-secret", May(&["integrations.manage"])),
    ("PUT", "/api/v1/pos-connections/{}/products/{}", May(&["integrations.manage"])),
    ("DELETE", "/api/v1/pos-connections/{}/products/{}", May(&["integrations.manage"])),
    ("GET", "/api/v1/pos-events", May(&["integrations.manage"])),
    ("GET", "/api/v1/pos-events/{}", May(&["integrations.manage"])),
    ("POST", "/api/v1/pos-events/{}/retry", May(&["integrations.manage"])),
    ("POST", "/api/v1/pos-events/{}/dismiss", May(&["integrations.manage"])),
    ("POST", "/api/v1/webhooks/pos/{}", Signed),
];

const PERMISSIONS: &[&str] = &[
    "catalogue.write",
    "stock.read",
    "stock.write",
    "purchases.write",
    "sales.read",
    "sales.write",
    "sales.override_price",
    "orders.read_all",
    "orders.place_for_others",
    "orders.fulfil",
    "promos.write",
    "customers.read",
    "customers.write",
    "reports.read",
    "users.manage",
    "integrations.manage",
    "audit.read",
    "settings.write",
];

const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

/// A path with ids nobody has.
fn concrete(path: &str) -> String {
    path.replace("{}", UNKNOWN)
}

/// A path of the OpenAPI document with its parameters' names taken out.
fn nameless(path: &str) -> String {
    let mut parts = path.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("{}");
        out.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}

both_engines!(the_table_and_the_openapi_document_name_the_same_endpoints, async |shop| {
    let document = shop.anonymous().get("/api/openapi.json").await.is(200);
    let verbs = ["get", "post", "put", "patch", "delete"];
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys().filter(|method| verbs.contains(&method.as_str())) {
            documented.insert(format!("{} {}", method.to_uppercase(), nameless(path)));
        }
    }
    let table: BTreeSet<String> = TABLE.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let new: Vec<_> = documented.difference(&table).collect();
    assert!(new.is_empty(), "endpoints that must join the table in access.rs: {new:?}");
    // The description need not describe itself.
    let missing: Vec<_> = table.difference(&documented).filter(|entry| !entry.ends_with("/api/openapi.json")).collect();
    assert!(missing.is_empty(), "endpoints that OpenAPI does not mention: {missing:?}");
});

/// Sends a request that can do no harm: nobody has this id, and nothing accepts this body.
async fn knock(caller: &Client, method: &str, path: &str) -> (u16, String) {
    let request = caller.request(method.parse().expect("a method"), &concrete(path));
    let request =
        if method == "GET" || method == "DELETE" { request } else { request.json(&json!({ "no_such_field": true })) };
    let answer = request.await;
    (answer.status(), answer.code().to_owned())
}

fn is_let_in(status: u16, code: &str) -> bool {
    status != 401 && status != 403 && status != 405 && (200..500).contains(&status) && code != "unauthenticated"
}

/// Knocks everywhere as this caller; `may` says where they are let in.
async fn try_everything(
    name: &str,
    caller: &Client,
    refusal: u16,
    may: impl Fn(&str, &str, Who) -> bool,
    wrong: &mut Vec<String>,
) {
    for &(method, path, who) in TABLE.iter().filter(|(_, path, _)| !path.contains("logout")) {
        let (status, code) = knock(caller, method, path).await;
        let right = match who {
            Anyone => is_let_in(status, &code),
            Signed => status == 401 && code == "bad_signature",
            SignedIn | May(_) | Owner if may(method, path, who) => is_let_in(status, &code),
            SignedIn | May(_) | Owner => {
                status == refusal && code == if refusal == 401 { "unauthenticated" } else { "forbidden" }
            }
        };
        if !right {
            wrong.push(format!("{name}: {method} {path} ({who:?}) answered {status} {code}"));
        }
    }
}

both_engines!(every_endpoint_answers_every_kind_of_caller_as_the_table_says, async |shop| {
    let mut wrong = Vec::new();
    try_everything("anonymous", &shop.anonymous(), 401, |_, _, _| false, &mut wrong).await;
    let forged = shop.anonymous().with_token("bm90IGEgdG9rZW4gb2Ygb3Vycw");
    for &(method, path, who) in TABLE.iter().filter(|(_, _, who)| !matches!(who, Signed)) {
        let (status, code) = knock(&forged, method, path).await;
        // A credential that is presented must be good, even where none is needed, unless it is not looked at.
        if !(status == 401 && code == "unauthenticated" || matches!(who, Anyone) && is_let_in(status, &code)) {
            wrong.push(format!("forged token: {method} {path} ({who:?}) answered {status} {code}"));
        }
    }
    let everybody = |_: &str, _: &str, who: Who| matches!(who, SignedIn);
    try_everything("shopper", &shop.shopper().await, 403, everybody, &mut wrong).await;
    try_everything("employee without", &shop.employee(&[]).await, 403, everybody, &mut wrong).await;
    let admins = |_: &str, _: &str, who: Who| !matches!(who, Owner);
    try_everything("employee with everything", &shop.employee(PERMISSIONS).await, 403, admins, &mut wrong).await;
    try_everything("admin", &shop.admin().await, 403, admins, &mut wrong).await;
    try_everything("owner", &shop.owner(), 403, |_, _, _| true, &mut wrong).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
});

both_engines!(one_permission_opens_its_own_doors_and_no_others, async |shop| {
    let mut wrong = Vec::new();
    for permission in PERMISSIONS {
        let caller = shop.employee(&[permission]).await;
        let holds = |_: &str, _: &str, who: Who| match who {
            May(one_of) => one_of.contains(permission),
            SignedIn => true,
            Owner | Anyone | Signed => false,
        };
        try_everything(permission, &caller, 403, holds, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
});

async fn callers_of_logout(shop: &Shop) -> Vec<Client> {
    let again = shop.anonymous().log_in(OWNER_LOGIN, OWNER_PASSWORD).await;
    vec![shop.shopper().await, shop.employee(&[]).await, shop.admin().await, again]
}

both_engines!(everybody_who_is_in_may_leave, async |shop| {
    for path in ["/auth/logout", "/auth/logout-all"] {
        shop.anonymous().post(path, json!({})).await.is_problem(401, "unauthenticated");
        for caller in callers_of_logout(&shop).await {
            caller.request("POST".parse().expect("a method"), path).await.is(204);
            caller.get("/me").await.is_problem(401, "unauthenticated");
        }
    }
});

both_engines!(a_401_says_how_to_authenticate, async |shop| {
    let refused = shop.anonymous().get("/me").await.is_problem(401, "unauthenticated");
    assert!(refused.header("www-authenticate").is_some_and(|scheme| scheme.starts_with("Bearer")), "{refused:?}");
});

both_engines!(the_public_sees_what_is_available_and_nothing_of_the_rest, async |shop| {
    let owner = shop.owner();
    let tea = tradepost_tests::a_product().stock(7).create(&owner).await;
    let hidden = tradepost_tests::a_product().with("enabled", false).create(&owner).await;
    for visitor in [shop.anonymous(), shop.shopper().await] {
        let seen = visitor.get(&format!("/products/{}", tea.id)).await.is(200);
        assert_eq!(seen["stock"], json!({ "available": 7 }), "{seen:?}");
        visitor.get(&format!("/products/{}", hidden.id)).await.is_problem(404, "not_found");
        let listed: Vec<Value> = visitor.walk("/products").await;
        assert_eq!(listed.iter().map(|product| &product["id"]).collect::<Vec<_>>(), [&json!(tea.id)]);
    }
    let staff = shop.employee(&[]).await;
    assert_eq!(staff.walk("/products").await.len(), 2);
});

both_engines!(no_way_of_writing_a_path_goes_past_the_table, async |shop| {
    let owner = shop.owner();
    tradepost_tests::a_product().stock(1).create(&owner).await;
    let nobody = shop.anonymous();
    for noun in [
        "inventory",
        "users",
        "sales",
        "orders",
        "cart",
        "promo-codes",
        "customers",
        "stock-movements",
        "pos-connections",
    ] {
        let (first, rest) = noun.split_at(1);
        let escaped = format!("/api/v1/%{:02x}{rest}", first.as_bytes()[0]);
        for path in [
            format!("/api/v1/{noun}/"),
            format!("/api/v1//{noun}"),
            format!("/api//v1/{noun}"),
            format!("/api/v1/./{noun}"),
            format!("/api/v1/products/../{noun}"),
            format!("/api/v1/{noun};x=1"),
            format!("/api/v1/{}", noun.to_uppercase()),
            format!("/api/v1/{noun}%2f"),
            format!("/api/v1%2f{noun}"),
            format!("/api/v1/{noun}%00"),
            escaped,
        ] {
            for method in ["GET", "HEAD"] {
                let answer = nobody.request(method.parse().expect("a method"), &path).await;
                assert!([401, 404, 400].contains(&answer.status()), "{answer:?}");
            }
        }
    }
});
