//! What tills sign with: kept sealed, rotated, and why a delivery was not let in.

use serde_json::{Value, json};
use tradepost_tests::{
    Client, Engine, PosConnection, Shop, Signer, a_pos_connection, a_product, block_on, both_engines, eventually, sql,
    unix_now,
};

const OLD_KEY: &str = "an old secret key of this shop and long enough to be one";
const NEW_KEY: &str = "a new secret key of this shop and long enough to be one";

/// A till with another secret at the same address.
fn with_secret(till: &PosConnection, answer: &tradepost_tests::Answer) -> PosConnection {
    PosConnection {
        id: till.id.clone(),
        signer: Signer::new(answer["secret"].as_str().expect("the secret, shown once")),
    }
}

fn path(till: &PosConnection) -> String {
    format!("/pos-connections/{}", till.id)
}

fn rotate(owner: &Client, till: &PosConnection) -> tradepost_tests::Request {
    owner.request("POST".parse().expect("a method"), &format!("{}/rotate-secret", path(till)))
}

/// A delivery that is let in, whatever comes of it: it names a product that nobody knows.
fn report() -> Value {
    json!({ "external_id": "nothing we know", "quantity_change": -1 })
}

async fn is_let_in(till: &PosConnection, at: &Client, webhook_id: &str) -> bool {
    let answer = till.deliver(at, webhook_id, &report()).await;
    assert!([202, 401].contains(&answer.status()), "{answer:?}");
    answer.status() == 202
}

/// Everything that a database keeps, as bytes.
fn all_bytes(shop: &Shop) -> Vec<u8> {
    match shop.engine {
        Engine::Sqlite => {
            let files = std::fs::read_dir(shop.database.folder()).expect("the folder").flatten();
            files.flat_map(|file| std::fs::read(file.path()).unwrap_or_default()).collect()
        }
        Engine::Postgres => {
            let kept = "select (select string_agg(t::text, ';') from pos_connections t) || \
                coalesce((select string_agg(convert_from(body, 'UTF8'), ';') from idempotency_keys), '')";
            sql::text(&shop.database.url, kept).into_bytes()
        }
    }
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

both_engines!(a_secret_is_shown_once_and_stands_neither_in_the_database_nor_in_the_log, async |shop| {
    let owner = shop.owner();
    let body = json!({ "name": "Till by the door" });
    let added = owner.post("/pos-connections", body.clone()).key("add").await.is(201);
    let again = owner.post("/pos-connections", body).key("add").await.is(201);
    assert!(again.was_replayed() && again["secret"].is_null(), "{again:?}");
    let till = PosConnection { id: added.id(), signer: Signer::new(added["secret"].as_str().expect("a secret")) };
    let rotated = rotate(&owner, &till).key("rotate").await.is(200);
    let repeated = rotate(&owner, &till).key("rotate").await.is(200);
    assert!(repeated.was_replayed() && repeated["secret"].is_null(), "{repeated:?}");
    let read = owner.get(&path(&till)).await.is(200);
    assert!(read["secret"].is_null() && !read.text().contains("whsec_"), "{read:?}");
    assert!(is_let_in(&with_secret(&till, &rotated), &owner, "evt-1").await);
    let (kept, log) = (all_bytes(&shop), shop.server.log());
    assert!(holds(&kept, &till.id) || shop.engine == Engine::Sqlite, "that is where connections are kept");
    for secret in [&added["secret"], &rotated["secret"]] {
        let secret = secret.as_str().expect("a secret").trim_start_matches("whsec_");
        assert!(!holds(&kept, secret) && !log.contains(secret), "{secret} is kept as it is");
    }
    assert!(!holds(&kept, "whsec_") && !log.contains("whsec_"));
});

both_engines!(a_rotated_secret_is_good_at_once_at_the_same_address_and_the_old_one_for_a_day, async |shop| {
    let (owner, nobody) = (shop.owner(), shop.anonymous());
    let first = a_pos_connection(&owner, "hold").await;
    assert!(is_let_in(&first, &nobody, "evt-1").await);
    let before = owner.get(&path(&first)).await.is(200);
    rotate(&owner, &first).if_match("\"7-0000000000000000\"").await.is_problem(412, "precondition_failed");
    let answer = rotate(&owner, &first).if_match(&before.etag()).await.is(200);
    assert_eq!((&answer["url"], &answer["id"]), (&before["url"], &before["id"]));
    rotate(&owner, &first).if_match(&before.etag()).await.is_problem(412, "precondition_failed");
    let second = with_secret(&first, &answer);
    for meant in [r#"{"secret": "whsec_AAAA"}"#, "{nonsense"] {
        rotate(&owner, &first).raw("application/json", meant).await.is_problem(400, "validation");
    }
    assert!(is_let_in(&second, &nobody, "evt-2").await && is_let_in(&first, &nobody, "evt-3").await);
    // Only the two newest are good.
    let third = with_secret(&first, &rotate(&owner, &first).await.is(200));
    assert!(is_let_in(&third, &nobody, "evt-4").await && is_let_in(&second, &nobody, "evt-5").await);
    assert!(!is_let_in(&first, &nobody, "evt-6").await, "that was two secrets ago");
    // The day is over.
    let past = match shop.engine {
        Engine::Sqlite => "1",
        Engine::Postgres => "now() - interval '1 second'",
    };
    sql::execute(&shop.database.url, &format!("update pos_connections set secret_before_until = {past}"));
    eventually("the old secret is dead", 10, async || !is_let_in(&second, &nobody, "evt-5").await).await;
    assert!(is_let_in(&third, &nobody, "evt-7").await);
    owner.delete(&path(&first)).await.is(204);
    assert!(!is_let_in(&third, &nobody, "evt-8").await);
    rotate(&owner, &first).await.is(404);
    assert_eq!(shop.database.number("select count(*) from pos_connections where secret is not null"), 0);
});

#[test]
fn a_secret_that_one_server_rotates_is_good_at_the_other_at_once_and_a_removed_till_is_dead_within_seconds() {
    block_on(async {
        let shop = Shop::open(Engine::Postgres).await;
        let (_server, there) = shop.second_server();
        let first = a_pos_connection(&shop.owner(), "hold").await;
        assert!(is_let_in(&first, &there, "evt-0").await, "the other server knows its secret now");
        let mut till = first;
        for number in 1..=5 {
            till = with_secret(&till, &rotate(&shop.owner(), &till).await.is(200));
            assert!(is_let_in(&till, &there, &format!("evt-{number}")).await, "rotation {number}");
        }
        shop.owner().delete(&path(&till)).await.is(204);
        let is_dead = async || !is_let_in(&till, &there, "evt-6").await;
        eventually("the removed till is dead", 4, is_dead).await;
    });
}

both_engines!(strangers_do_not_make_the_database_work_for_each_bad_signature, async |shop| {
    let nobody = shop.anonymous();
    let till = a_pos_connection(&shop.owner(), "hold").await;
    let stranger = PosConnection { id: till.id.clone(), signer: Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") };
    let statements = shop
        .statements_of(async || {
            for number in 0..200 {
                assert!(!is_let_in(&stranger, &nobody, &format!("evt-{number}")).await);
            }
        })
        .await;
    assert!(statements < 100, "{statements} statements for 200 bad signatures");
    assert!(is_let_in(&till, &nobody, "evt-good").await);
});

both_engines!(why_deliveries_were_not_let_in_is_counted_at_the_connection_and_told_to_nobody_else, async |shop| {
    let (owner, nobody) = (shop.owner(), shop.anonymous());
    let till = a_pos_connection(&owner, "hold").await;
    let before = owner.get(&path(&till)).await.is(200);
    assert_eq!(before["refused_deliveries"], json!([]));
    let (body, now) = (report().to_string().into_bytes(), unix_now());
    let good = till.signer.sign("evt", now, &body);
    let bare = || nobody.request("POST".parse().expect("a method"), &format!("/webhooks/pos/{}", till.id));
    let bare = || bare().raw("application/json", body.clone());
    let mut answers = vec![
        bare().await,
        bare().header("webhook-id", "evt").header("webhook-timestamp", &now.to_string()).await,
        till.deliver_raw(&nobody, "evt", now - 3_600, &body).await,
        till.deliver_raw(&nobody, "evt", now, &body).header("webhook-signature", "v1,AAAA").await,
    ];
    for id in ["two words", "tab\there", "caf\u{e9}"] {
        let well_signed = till.deliver_raw(&nobody, id, now, &body);
        answers.push(well_signed.await);
    }
    for (name, value) in [("webhook-timestamp", "yesterday"), ("webhook-signature", "nonsense")] {
        answers.push(till.deliver_raw(&nobody, "evt", now, &body).header(name, value).await);
    }
    let stranger = PosConnection { id: "01890000-0000-7000-8000-000000000000".to_owned(), signer: till.signer.clone() };
    answers.push(stranger.deliver(&nobody, "evt", &report()).await);
    // To whoever sent them all of it is one answer.
    let details: std::collections::BTreeSet<String> =
        answers.into_iter().map(|answer| answer.is_problem(401, "bad_signature")["detail"].to_string()).collect();
    assert_eq!(details.len(), 1, "{details:?}");
    bare()
        .header("webhook-id", "evt")
        .header("webhook-timestamp", &now.to_string())
        .header("webhook-signature", &good)
        .await
        .is(202);

    let counted = async || {
        let read = owner.get(&path(&till)).await.is(200);
        let refused = read["refused_deliveries"].as_array().expect("a list").clone();
        let of = |reason: &str| refused.iter().find(|one| one["reason"] == reason).cloned().unwrap_or_default();
        ["incomplete", "malformed", "clock_off", "no_signature_matches"].map(|reason| of(reason)["count"].clone())
    };
    eventually("they are written down", 20, async || json!(counted().await) == json!([2, 5, 1, 1])).await;
    let read = owner.get(&path(&till)).await.is(200);
    let refused = read["refused_deliveries"].as_array().expect("a list");
    let clock = refused.iter().find(|one| one["reason"] == "clock_off").expect("the clock");
    let off = clock["clock_off_seconds"].as_i64().expect("seconds");
    assert!((-3_660..=-3_600).contains(&off), "{clock}");
    assert!(refused.iter().all(|one| one["last_at"].is_string()), "{read:?}");
    // It is no change of the connection: who has read it before may still change it, and who asks whether it is the same is told it is not.
    owner.patch(&path(&till), json!({ "on_shortage": "refuse" })).if_match(&before.etag()).await.is(200);
    assert_eq!(shop.database.number("select count(*) from pos_refusals"), 4);
});

both_engines!(the_secret_key_can_be_rotated_and_what_no_key_opens_is_told_at_the_start, async |shop| {
    let mut shop = Shop::open_with(shop.engine, &[("TRADEPOST_SECRET_KEY", OLD_KEY)]).await;
    let owner = shop.owner();
    let till = a_pos_connection(&owner, "hold").await;
    let token = owner.token();
    let serve = |key: &str, old: &str| {
        let server = shop.database.serve(&[("TRADEPOST_SECRET_KEY", key), ("TRADEPOST_SECRET_KEY_OLD", old)]);
        let client = Client::of(&server).with_token(&token);
        (server, client)
    };
    shop.server.stop();
    let before = sql::text(&shop.database.url, "select secret from pos_connections");
    let (mut server, there) = serve(NEW_KEY, OLD_KEY);
    assert!(is_let_in(&till, &there, "evt-1").await);
    server.stop();
    assert_ne!(sql::text(&shop.database.url, "select secret from pos_connections"), before, "it was sealed anew");
    let (mut server, there) = serve(NEW_KEY, "");
    assert!(is_let_in(&till, &there, "evt-2").await, "the old key is not needed any more");
    server.stop();
    // A mistake: the new key is gone.
    let (mut server, there) = serve(OLD_KEY, "");
    let name = there.get(&path(&till)).await.is(200)["name"].as_str().expect("a name").to_owned();
    let told: Vec<String> = server.log().lines().filter(|line| line.contains(&name)).map(str::to_owned).collect();
    assert!(told.len() == 1 && told[0].contains("TRADEPOST_SECRET_KEY_OLD"), "{told:?}");
    // Worth trying again: nothing that a till reports is lost by it.
    till.deliver(&there, "evt-3", &report()).await.is_problem(503, "unavailable");
    let rotated = with_secret(&till, &rotate(&there, &till).await.is(200));
    assert!(is_let_in(&rotated, &there, "evt-3").await);
    server.stop();
    let sealed_unlike = "select count(*) from pos_connections where secret like '1.%' and secret_before like '1.%'";
    assert_eq!(shop.database.number(sealed_unlike), 1);
});

#[test]
fn on_sqlite_the_kept_key_opens_what_it_sealed_also_when_another_is_set() {
    block_on(async {
        let mut shop = Shop::open_with(Engine::Sqlite, &[("TRADEPOST_SECRET_KEY", "")]).await;
        let till = a_pos_connection(&shop.owner(), "hold").await;
        shop.server.stop();
        let server = shop.database.serve(&[("TRADEPOST_SECRET_KEY", NEW_KEY)]);
        assert!(is_let_in(&till, &Client::of(&server), "evt-1").await);
    });
}

both_engines!(a_tills_address_names_the_host_by_which_the_shop_was_reached, async |shop| {
    let owner = shop.owner();
    let till = a_pos_connection(&owner, "hold").await;
    let asked = async |headers: &[(&str, &str)]| {
        let request =
            headers.iter().fold(owner.get(&path(&till)), |request, (name, value)| request.header(name, value));
        request.await.is(200)["url"].as_str().expect("an address").to_owned()
    };
    let address = |base: &str| format!("{base}/api/v1/webhooks/pos/{}", till.id);
    assert_eq!(asked(&[("host", "shop.example:8443")]).await, address("http://shop.example:8443"));
    // Nobody said that whoever is at the other end is a proxy.
    let forwarded = [("host", "shop.example"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")];
    assert_eq!(asked(&forwarded).await, address("http://shop.example"));
    assert_eq!(asked(&[("host", "evil.example/\"><script>")]).await, address(&owner.address().replace("/api/v1", "")));
    let made = owner.post("/pos-connections", json!({ "name": "Other" })).header("host", "a.example").key("made").await;
    assert!(made.is(201)["url"].as_str().is_some_and(|url| url.starts_with("http://a.example/api/v1/webhooks/pos/")));
    let again =
        owner.post("/pos-connections", json!({ "name": "Other" })).header("host", "b.example").key("made").await;
    assert!(
        again.is(201)["url"].as_str().is_some_and(|url| url.starts_with("http://a.example/")),
        "as it was answered"
    );

    let proxied = Shop::open_with(shop.engine, &[("TRADEPOST_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let behind = proxied.owner().post("/pos-connections", json!({ "name": "Till" }));
    let behind = behind.header("x-forwarded-host", "shop.example").header("x-forwarded-proto", "https").await.is(201);
    assert!(behind["url"].as_str().is_some_and(|url| url.starts_with("https://shop.example/api/v1/")), "{behind:?}");
    let set = Shop::open_with(shop.engine, &[("TRADEPOST_PUBLIC_URL", "https://till.example/shop/")]).await;
    let told =
        set.owner().post("/pos-connections", json!({ "name": "Till" })).header("host", "a.example").await.is(201);
    assert!(told["url"].as_str().is_some_and(|url| url.starts_with("https://till.example/shop/api/v1/")), "{told:?}");
    // The connection that is made with the tour's own words works with its own address.
    let tea = a_product().stock(2).create(&owner).await;
    till.deliver(&owner, "evt-1", &json!({ "sku": tea.sku, "quantity_change": -1 })).await.is(200);
});
