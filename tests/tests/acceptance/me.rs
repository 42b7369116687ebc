//! `/me/password`: changing one's own password. (Who somebody is: `auth.rs`.)

use serde_json::{Value, json};
use tradepost_tests::{Client, Engine, OWNER_LOGIN, OWNER_PASSWORD, Shop, both_engines, eventually, run};

const OLD: &str = "plum-kettle-orbit-94";
const NEW: &str = "seven tall lighthouses";

/// Registers somebody with the old password.
async fn somebody(shop: &Shop, name: &str) -> Client {
    let nobody = shop.anonymous();
    let body = json!({ "email": format!("{name}@mail.test"), "password": OLD, "username": name });
    nobody.post("/auth/register", body).await.is(201);
    nobody.log_in(name, OLD).await
}

fn change(current: &str, new: &str) -> Value {
    json!({ "current_password": current, "new_password": new })
}

both_engines!(a_changed_password_is_the_only_one_and_all_other_credentials_are_dead, async |shop| {
    let nobody = shop.anonymous();
    let (one, two) = (somebody(&shop, "sam").await, nobody.log_in("sam", OLD).await);
    two.get("/me").await.is(200);
    let neighbour = somebody(&shop, "kim").await;
    let changed = one.post("/me/password", change(OLD, NEW)).await.is(204);
    assert!(changed.bytes().is_empty(), "{changed:?}");
    one.get("/me").await.is(200);
    two.get("/me").await.is_problem(401, "unauthenticated");
    neighbour.get("/me").await.is(200);
    nobody.post("/auth/login", json!({ "login": "sam", "password": OLD })).await.is_problem(401, "bad_credentials");
    nobody.log_in("sam@mail.test", NEW).await.get("/me").await.is(200);
    let owner = shop.anonymous().log_in(OWNER_LOGIN, OWNER_PASSWORD).await;
    owner.post("/me/password", change(OWNER_PASSWORD, NEW)).await.is(204);
    shop.owner().get("/me").await.is_problem(401, "unauthenticated");
});

both_engines!(a_refused_new_password_is_named_and_changes_nothing, async |shop| {
    let (one, two) = (somebody(&shop, "samantha").await, shop.anonymous().log_in("samantha", OLD).await);
    for weak in ["short", "password123", "aaaaaaaaaaaa", "samantha-9-x", &"long-passphrase-".repeat(200)] {
        one.post("/me/password", change(OLD, weak)).await.points_at("/new_password");
    }
    one.post("/me/password", json!({ "new_password": NEW })).await.points_at("/current_password");
    one.post("/me/password", json!({ "current_password": OLD })).await.points_at("/new_password");
    one.post("/me/password", change(OLD, OLD)).await.points_at("/new_password");
    one.post("/me/password", change("not-it-either-7", "short")).await.points_at("/new_password");
    let mut odd = change(OLD, NEW);
    odd["login"] = json!("owner");
    one.post("/me/password", odd).await.points_at("/login");
    one.post("/me/password", json!(null)).raw("text/plain", b"{}").await.is_problem(415, "unsupported_media_type");
    shop.anonymous().post("/me/password", change(OLD, NEW)).await.is_problem(401, "unauthenticated");
    // Five refusals, and none of them was a guess: the old one still holds, at once.
    two.get("/me").await.is(200);
    shop.anonymous().log_in("samantha@mail.test", OLD).await;
});

both_engines!(guessing_the_current_password_is_a_failed_login_and_slows_down_like_one, async |shop| {
    let sam = somebody(&shop, "sam").await;
    for left in ["4", "3", "2", "1", "0"] {
        let refused = sam.post("/me/password", change("not-it-either-7", NEW)).await.is_problem(401, "bad_credentials");
        let found =
            refused.header("ratelimit").expect("what is left").split(';').find_map(|part| part.strip_prefix("r="));
        assert_eq!(found, Some(left), "{refused:?}");
    }
    // The first wait is a second, the next two: on a slow machine the first may be over.
    let mut answers = Vec::new();
    for _ in 0..3 {
        let answer = sam.post("/me/password", change("not-it-either-7", NEW)).await;
        if answer.status() == 429 {
            assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{answer:?}");
        }
        answers.push((answer.status(), answer.code().to_owned()));
    }
    assert!(answers.contains(&(429, "rate_limited".to_owned())), "{answers:?}");
    let login = json!({ "login": "sam@mail.test", "password": OLD });
    shop.anonymous().post("/auth/login", login).await.is_problem(429, "rate_limited");
    sam.get("/me").await.is(200);
});

both_engines!(of_many_changes_at_once_one_is_done, async |shop| {
    let sam = somebody(&shop, "sam").await;
    let new = |n: usize| format!("{NEW} number {n}");
    let asking: Vec<_> =
        (0..4).map(|n| tokio::spawn(sam.post("/me/password", change(OLD, &new(n))).into_future())).collect();
    let mut done = Vec::new();
    for (n, asked) in asking.into_iter().enumerate() {
        let answer = asked.await.expect("an answer");
        match answer.status() {
            204 => done.push(n),
            _ => drop(answer.is_problem(401, "bad_credentials")),
        }
    }
    assert_eq!(done.len(), 1, "{done:?}");
    shop.anonymous().log_in("sam", &new(done[0])).await.get("/me").await.is(200);
});

both_engines!(nobody_slips_in_with_the_old_password_while_it_is_changed, async |shop| {
    for round in 0..5 {
        let name = format!("sam{round}");
        let sam = somebody(&shop, &name).await;
        let login = shop.anonymous().post("/auth/login", json!({ "login": name, "password": OLD }));
        let slipping: Vec<_> = (0..4).map(|_| tokio::spawn(login.clone().into_future())).collect();
        sam.post("/me/password", change(OLD, NEW)).await.is(204);
        for asked in slipping {
            let answer = asked.await.expect("an answer");
            if answer.status() == 200 {
                let token = answer["token"].as_str().expect("a token").to_owned();
                sam.with_token(&token).get("/me").await.is_problem(401, "unauthenticated");
            }
        }
        sam.get("/me").await.is(200);
    }
});

both_engines!(a_change_of_password_takes_no_key, async |shop| {
    let sam = somebody(&shop, "sam").await;
    sam.post("/me/password", change(OLD, NEW)).key("once").await.is(204);
    let again = sam.post("/me/password", change(OLD, NEW)).key("once").await.is_problem(401, "bad_credentials");
    assert!(!again.was_replayed());
    assert_eq!(shop.database.number("select count(*) from idempotency_keys"), 0);
});

#[test]
fn other_replicas_know_of_a_changed_password_within_seconds() {
    run(Engine::Postgres, async |shop| {
        let sam = somebody(&shop, "sam").await;
        let (second, _) = shop.second_server();
        let elsewhere = Client::of(&second).log_in("sam", OLD).await;
        elsewhere.get("/me").await.is(200);
        sam.post("/me/password", change(OLD, NEW)).await.is(204);
        eventually("it is dead there too", 4, async || elsewhere.get("/me").await.status() == 401).await;
        Client::of(&second).log_in("sam", NEW).await.get("/me").await.is(200);
    });
}
