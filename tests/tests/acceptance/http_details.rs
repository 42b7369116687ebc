//! What HTTP itself asks for, at its edges: encodings, framing, methods, pages, other origins.

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};
use tradepost_tests::{Client, Engine, Request, Shop, a_product, both_engines};

fn verb(client: &Client, method: &str, path: &str) -> Request {
    client.request(method.parse().expect("a method"), path)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Sends these bytes as they are, and reads until the server closes the connection; panics when it does not within a minute.
fn raw(client: &Client, bytes: &[u8]) -> String {
    let address = client.address();
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
    // The server may refuse before it has read all of it.
    drop(stream.write_all(bytes));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[track_caller]
fn is_problem(answer: &str, status: u16, code: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no problem: {answer}"));
    assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(status)), "{answer}");
    let id = body["instance"].as_str().expect("an id");
    assert!(head.to_lowercase().contains(&format!("x-request-id: {id}")), "{answer}");
    assert!(head.to_lowercase().contains("content-type: application/problem+json"), "{answer}");
}

both_engines!(what_cannot_be_read_as_http_is_a_problem_too, async |shop| {
    let nobody = shop.anonymous();
    let long = "x".repeat(200_000);
    for (bytes, status, code) in [
        ("nonsense\r\n\r\n".to_owned(), 400, "malformed"),
        ("GET / HTTP/1.1\r\nhost: x\r\ncontent-length: two\r\n\r\n".to_owned(), 400, "malformed"),
        (
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(),
            400,
            "malformed",
        ),
        ("GET / HTTP/1.1\r\nno colon here\r\n\r\n".to_owned(), 400, "malformed"),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200)), 431, "headers_too_large"),
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), 414, "uri_too_long"),
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", &long[..70_000]), 414, "uri_too_long"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {long}\r\n\r\n"), 431, "headers_too_large"),
    ] {
        is_problem(&raw(&nobody, bytes.as_bytes()), status, code);
    }
    let both = raw(&nobody, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nnonsense\r\n\r\n");
    assert!(both.starts_with("HTTP/1.1 200 OK"), "{both}");
    is_problem(&both[both.rfind("HTTP/1.1 400").unwrap_or_else(|| panic!("one answer: {both}"))..], 400, "malformed");
    nobody.get("/healthz").await.is(200);
});

#[test]
fn what_comes_too_slowly_is_answered_and_the_connection_closed() {
    tradepost_tests::run(Engine::Sqlite, async |shop| {
        let owner = shop.owner();
        let head = format!(
            "POST /api/v1/categories HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
            owner.token()
        );
        let began = Instant::now();
        let other = owner.clone();
        let head_only = std::thread::spawn(move || raw(&other, b"GET /healthz HTTP/1.1\r\nhost: x\r\n"));
        let answer = raw(&owner, head.as_bytes());
        is_problem(&answer, 408, "request_timeout");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(50), "the connection was left open: {:?}", began.elapsed());
        is_problem(&head_only.join().expect("an answer"), 408, "request_timeout");
    });
}

both_engines!(gzip_is_taken_and_every_other_encoding_refused, async |shop| {
    let owner = shop.owner();
    let post = |encoding: &str, body: Vec<u8>| {
        owner.post("/categories", json!(null)).raw("application/json", body).header("content-encoding", encoding)
    };
    post("gzip", gzip(br#"{"name": "Tea"}"#)).key("k").await.is(201);
    let again =
        owner.post("/categories", json!(null)).raw("application/json", br#"{"name": "Tea"}"#.to_vec()).key("k").await;
    assert!(again.is(201).was_replayed(), "a key is about what is said, not how it is packed");
    post("identity", br#"{"name": "Milk"}"#.to_vec()).await.is(201);
    for encoding in ["br", "deflate", "zstd", "gzip, gzip"] {
        let refused = post(encoding, gzip(b"{}")).await.is_problem(415, "unsupported_media_type");
        assert_eq!(refused.header("accept-encoding"), Some("gzip"), "{refused:?}");
    }
    post("gzip", gzip(&vec![b' '; 50 * 1024 * 1024])).await.is_problem(413, "payload_too_large");
    post("gzip", b"{}".to_vec()).await.is_problem(400, "malformed");
    post("gzip", gzip(b"").repeat(40_000)).await.is_problem(400, "malformed");
    let found = post("gzip", gzip(br#"{"nmae": "Tea"}"#)).await.points_at("/nmae");
    assert_eq!(found["errors"].as_array().map(Vec::len), Some(2), "{found:?}");
});

both_engines!(two_credentials_are_refused, async |shop| {
    let owner = shop.owner();
    let request = format!(
        "GET /api/v1/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {0}\r\nauthorization: Bearer {0}\r\n\r\n",
        owner.token()
    );
    is_problem(&raw(&owner, request.as_bytes()), 400, "validation");
});

both_engines!(options_names_what_there_is, async |shop| {
    let nobody = shop.anonymous();
    for (path, allowed) in [
        ("/products", "GET, POST, HEAD, OPTIONS"),
        ("/promo-codes/check", "POST, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/api/docs", "GET, HEAD, OPTIONS"),
        ("/api/problems/not_found", "GET, HEAD, OPTIONS"),
    ] {
        let answer = verb(&nobody, "OPTIONS", path).await.is(204);
        let sorted = |text: &str| {
            let mut names: Vec<_> = text.split(", ").map(str::to_owned).collect();
            names.sort();
            names
        };
        assert_eq!(sorted(answer.header("allow").unwrap_or_default()), sorted(allowed), "{path}");
    }
    verb(&nobody, "OPTIONS", "/nothing").await.is_problem(404, "not_found");
    let whole = raw(&nobody, b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(whole.starts_with("HTTP/1.1 204"), "{whole}");
    for client in [&nobody, &shop.owner()] {
        for method in ["GET", "DELETE", "PATCH"] {
            let refused = verb(client, method, "/promo-codes/check").await.is_problem(405, "method_not_allowed");
            assert_eq!(refused.header("allow"), Some("POST, OPTIONS"), "check is no id");
        }
    }
});

both_engines!(a_precondition_is_kept_or_refused_never_ignored, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let line = json!({ "lines": [tea.line(1)] });
    let buyer = owner.post("/customers", json!({ "name": "Nia" })).await.is(201).id();
    let wanted = json!({ "lines": [tea.line(1)], "customer_id": buyer });
    let order = owner.post("/orders", wanted).await.is(201).id();
    let sale = owner.post("/sales", line.clone()).await.is(201).id();
    let till = owner
        .post("/pos-connections", json!({ "name": "T", "dialect": "standard", "on_shortage": "hold" }))
        .await
        .is(201)
        .id();
    let shopper = shop.shopper().await;
    let item = format!("/cart/items/{}", tea.id);
    shopper.put(&item, json!({ "quantity": 1 })).await.is(200);
    for (who, method, path, body) in [
        (&owner, "POST", format!("/orders/{order}/accept"), json!({})),
        (&owner, "POST", format!("/orders/{order}/cancel"), json!({})),
        (&owner, "DELETE", format!("/orders/{order}"), json!(null)),
        (&owner, "PATCH", format!("/orders/{order}"), json!({ "notes": "x" })),
        (&owner, "POST", format!("/sales/{sale}/refunds"), line),
        (&owner, "DELETE", format!("/sales/{sale}"), json!(null)),
        (&owner, "PATCH", format!("/products/{}", tea.id), json!({ "name": "x" })),
        (&owner, "DELETE", format!("/products/{}", tea.id), json!(null)),
        (&owner, "DELETE", format!("/pos-connections/{till}"), json!(null)),
        (&shopper, "PUT", item.clone(), json!({ "quantity": 2 })),
        (&shopper, "DELETE", item, json!(null)),
        (&shopper, "PATCH", "/cart".to_owned(), json!({ "promo_code": null })),
        (&shopper, "POST", "/cart/checkout".to_owned(), json!({})),
        (&shopper, "DELETE", "/cart".to_owned(), json!(null)),
    ] {
        let send = |tag: &str| {
            let request = verb(who, method, &path).if_match(tag);
            if body.is_null() { request } else { request.json(&body) }
        };
        send("\"99-0\"").await.is_problem(412, "precondition_failed");
        for junk in ["nonsense", "\"abc\"", "W/\"1-0\"", "1"] {
            let refused = send(junk).await.is_problem(400, "validation");
            assert_eq!(refused["errors"][0]["parameter"], "If-Match", "{refused:?}");
        }
    }
    let adjust = format!("/inventory/{}/adjustments", tea.id);
    for (path, body) in [
        ("/categories".to_owned(), json!({ "name": "Tea" })),
        (adjust, json!({ "quantity_change": 1, "reason": "found" })),
        ("/sales".to_owned(), json!({ "lines": [tea.line(1)] })),
    ] {
        let refused = owner.post(&path, body).if_match("\"1-0\"").await.is_problem(400, "validation");
        assert_eq!(refused["errors"][0]["parameter"], "If-Match", "{refused:?}");
    }
    let mapping = format!("/pos-connections/{till}/products/A-1");
    owner.put(&mapping, json!({ "product_id": tea.id })).if_match("\"1-0\"").await.is_problem(400, "validation");
    owner.put(&mapping, json!({ "product_id": tea.id })).await.is(200);
    owner.delete(&mapping).if_match("*").await.is_problem(400, "validation");
    assert_eq!(tea.on_hand(&owner).await, 9.0, "nothing of it happened");
});

both_engines!(a_problems_type_is_a_page_that_explains_it, async |shop| {
    let nobody = shop.anonymous();
    let refused = nobody.get("/me").await.is(401);
    let address = refused["type"].as_str().expect("an address").to_owned();
    assert_eq!(address, "/api/problems/unauthenticated");
    let page = nobody.get(&address).await.is(200);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{page:?}");
    assert!(page.text().contains("/api/v1/auth/login"), "{page:?}");
    let list = nobody.get("/api/problems").header("accept", "application/json").await.is(200);
    let codes: Vec<_> = list.json.as_array().into_iter().flatten().filter_map(|one| one["code"].as_str()).collect();
    assert!(codes.len() > 20 && codes.contains(&"insufficient_stock"), "{codes:?}");
    for code in codes {
        for (accept, kind) in
            [("application/json", "application/json"), ("text/plain", "text/plain"), ("text/html", "text/html")]
        {
            let page = nobody.get(&format!("/api/problems/{code}")).header("accept", accept).await.is(200);
            assert!(page.header("content-type").is_some_and(|said| said.starts_with(kind)), "{page:?}");
        }
        let page = nobody.get(&format!("/api/problems/{code}")).header("accept", "application/json").await;
        assert!(
            ["when", "what_to_do", "title"].iter().all(|part| page[*part].as_str().is_some_and(|text| text.len() > 5)),
            "{page:?}"
        );
    }
    let unknown = nobody.get("/api/problems/notfound").await.is_problem(404, "not_found");
    assert!(unknown["detail"].as_str().is_some_and(|detail| detail.contains("did you mean not_found?")), "{unknown:?}");
});

both_engines!(a_browser_finds_its_way, async |shop| {
    let nobody = shop.anonymous();
    let page = raw(&nobody, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    for link in ["/api/docs", "/api/redoc", "/api/openapi.json", "/api/problems", "/healthz", "/readyz", "/metrics"] {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
        nobody.get(link).await.is(200);
    }
    nobody.get("/api/redoc/").await.is(200);
    let icon = raw(&nobody, b"GET /favicon.ico HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(icon.starts_with("HTTP/1.1 200") && icon.to_lowercase().contains("content-type: image/svg+xml"), "{icon}");
});

#[test]
fn pages_of_other_origins_may_use_the_api_only_where_that_is_set() {
    tradepost_tests::block_on(async {
        let preflight = |client: &Client, origin: &str| {
            verb(client, "OPTIONS", "/orders")
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization,idempotency-key,content-type")
        };
        let closed = Shop::open(Engine::Sqlite).await;
        let answer = preflight(&closed.anonymous(), "https://shop.example").await.is(204);
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let set = [("TRADEPOST_CORS_ORIGINS", "https://shop.example, http://localhost:3000")];
        let open = Shop::open_with(Engine::Sqlite, &set).await;
        for origin in ["https://shop.example", "http://localhost:3000"] {
            let answer = preflight(&open.anonymous(), origin).await.is(200);
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert!(
                answer.header("access-control-allow-headers").is_some_and(|names| names.contains("idempotency-key")),
                "{answer:?}"
            );
            let refused = open.anonymous().get("/me").header("origin", origin).await.is_problem(401, "unauthenticated");
            assert_eq!(
                refused.header("access-control-allow-origin"),
                Some(origin),
                "a page must be able to read refusals too"
            );
            let exposed = refused.header("access-control-expose-headers").unwrap_or_default().to_lowercase();
            for name in ["etag", "link", "location", "retry-after", "ratelimit", "idempotent-replayed", "x-request-id"]
            {
                assert!(exposed.contains(name), "{exposed}");
            }
        }
        let refused = preflight(&open.anonymous(), "https://elsewhere.example").await.is_problem(403, "forbidden");
        assert!(refused["detail"].as_str().is_some_and(|said| said.contains("TRADEPOST_CORS_ORIGINS")), "{refused:?}");
        let other = open.owner().get("/me").header("origin", "https://elsewhere.example").await;
        assert_eq!(other.header("access-control-allow-origin"), None, "{other:?}");
        let any = Shop::open_with(Engine::Sqlite, &[("TRADEPOST_CORS_ORIGINS", "*")]).await;
        let answer = preflight(&any.anonymous(), "https://elsewhere.example").await.is(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let program = any.database.program(&["serve"]).env("TRADEPOST_CORS_ORIGINS", "shop.example");
        program.run().refused_naming("TRADEPOST_CORS_ORIGINS");
    });
}
