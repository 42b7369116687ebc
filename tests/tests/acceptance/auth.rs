//! `/auth` and `/me`: registering, logging in and out, guessing.

use serde_json::{Value, json};
use tradepost_tests::{Client, OWNER_LOGIN, OWNER_PASSWORD, both_engines, eventually, sql};

const GOOD: &str = "plum-kettle-orbit-94";

fn sam(field: &str, value: Value) -> Value {
    let mut body = json!({ "email": "sam@mail.test", "password": GOOD, "username": "sam" });
    body[field] = value;
    body
}

both_engines!(a_shopper_registers_logs_in_and_has_a_customer_record, async |shop| {
    let nobody = shop.anonymous();
    let body = json!({
        "email": "Sam@Mail.test", "password": GOOD, "username": "Sam", "first_name": "Sam", "last_name": "Smith",
        "phone": "+254712345678", "date_of_birth": "1990-01-31",
    });
    let user = nobody.post("/auth/register", body).await.is(201);
    assert_eq!(
        (&user["role"], &user["active"], &user["phone"]),
        (&json!("shopper"), &json!(true), &json!("+254712345678"))
    );
    assert!(!user.text().contains("password") && !user.text().contains("argon2"), "{user:?}");
    let by_name = nobody.log_in("SAM", GOOD).await;
    let by_email = nobody.log_in("sam@mail.TEST", GOOD).await;
    assert_ne!(by_name.token(), by_email.token(), "several credentials live beside each other");
    let me = by_name.get("/me").await.is(200);
    assert_eq!((&me["id"], &me["date_of_birth"], &me["username"]), (&user["id"], &json!("1990-01-31"), &json!("Sam")));
    let customers = shop.owner().walk("/customers").await;
    assert!(customers.iter().any(|customer| customer["name"] == "Sam Smith"), "{customers:?}");
});

both_engines!(names_and_addresses_are_taken_once_without_regard_to_case, async |shop| {
    let nobody = shop.anonymous();
    nobody.post("/auth/register", sam("first_name", json!("Sam"))).await.is(201);
    let same_email = json!({ "email": "SAM@mail.test", "password": GOOD, "username": "other" });
    nobody.post("/auth/register", same_email).await.is_problem(409, "duplicate");
    let same_name = json!({ "email": "other@mail.test", "password": GOOD, "username": "SAM" });
    nobody.post("/auth/register", same_name).await.is_problem(409, "duplicate");
    let somebodys_email = json!({ "email": "other@mail.test", "password": GOOD, "username": "sam@mail.test" });
    let refused = nobody.post("/auth/register", somebodys_email).await;
    assert!(
        [400, 409].contains(&refused.status()),
        "a username that is somebody's address would take their login: {refused:?}"
    );
});

both_engines!(a_name_is_what_it_looks_like, async |shop| {
    let nobody = shop.anonymous();
    for (field, name) in [
        ("username", "p\u{430}ypal"),
        ("username", "\u{ff4d}aria"),
        ("first_name", "\u{200b}"),
        ("last_name", "\u{202e}htimS"),
    ] {
        nobody.post("/auth/register", sam(field, json!(name))).await.points_at(&format!("/{field}"));
    }
    for name in ["\u{3164}", "\u{ad} \u{feff}", "te\u{2066}a"] {
        shop.owner().post("/categories", json!({ "name": name })).await.points_at("/name");
    }
    nobody.post("/auth/register", sam("username", json!("мария"))).await.is(201);
    let tea = json!({ "name": "Green tea" });
    shop.owner().post("/categories", tea).await.is(201);
    let twin = json!({ "name": "Green t\u{200b}ea" });
    shop.owner().post("/categories", twin).await.is_problem(409, "duplicate");
});

both_engines!(a_registration_cannot_choose_what_it_may_do, async |shop| {
    for (field, value) in [
        ("role", json!("owner")),
        ("permissions", json!(["users.manage"])),
        ("active", json!(true)),
        ("id", json!("x")),
    ] {
        shop.anonymous().post("/auth/register", sam(field, value)).await.points_at(&format!("/{field}"));
    }
});

both_engines!(weak_passwords_and_odd_addresses_are_refused_at_the_field, async |shop| {
    let nobody = shop.anonymous();
    for password in
        ["short", "password123", "1234567890", "aaaaaaaaaaaa", "qwertyuiop", "sam@mail.test1", "my-sam@mail.test-x"]
    {
        nobody.post("/auth/register", sam("password", json!(password))).await.points_at("/password");
    }
    let long_name = json!({ "email": "sam@mail.test", "username": "samantha", "password": "samantha-9-x" });
    nobody.post("/auth/register", long_name).await.points_at("/password");
    for email in
        ["", "sam", "sam@", "@mail.test", "sam@mail test", "sam@@mail.test", &format!("{}@mail.test", "x".repeat(300))]
    {
        nobody.post("/auth/register", sam("email", json!(email))).await.points_at("/email");
    }
    for phone in ["0712345678", "12", "+1", "phone"] {
        nobody.post("/auth/register", sam("phone", json!(phone))).await.points_at("/phone");
    }
    for date in ["1990-02-30", "31.01.1990", "2999-01-01"] {
        nobody.post("/auth/register", sam("date_of_birth", json!(date))).await.points_at("/date_of_birth");
    }
    let long = nobody.post("/auth/register", sam("password", json!("long-passphrase-".repeat(200)))).await;
    assert!([201, 400].contains(&long.status()), "{long:?}");
});

both_engines!(an_unknown_user_and_a_wrong_password_look_the_same, async |shop| {
    let nobody = shop.anonymous();
    let refuse = async |login: &str, password: &str| {
        nobody
            .post("/auth/login", json!({ "login": login, "password": password }))
            .await
            .is_problem(401, "bad_credentials")
    };
    let mut unknown = refuse("nobody-at-all", GOOD).await.json;
    let mut wrong = refuse(OWNER_LOGIN, "wrong-password-1").await.json;
    for problem in [&mut unknown, &mut wrong] {
        problem["instance"] = Value::Null;
    }
    assert_eq!(unknown, wrong);
});

both_engines!(logging_out_kills_one_credential_and_logging_out_everywhere_kills_all, async |shop| {
    let nobody = shop.anonymous();
    nobody.post("/auth/register", sam("first_name", json!("Sam"))).await.is(201);
    let (one, two, three) =
        (nobody.log_in("sam", GOOD).await, nobody.log_in("sam", GOOD).await, nobody.log_in("sam", GOOD).await);
    one.get("/me").await.is(200);
    one.post("/auth/logout", json!({})).await.is(204);
    one.get("/me").await.is_problem(401, "unauthenticated");
    two.get("/me").await.is(200);
    two.post("/auth/logout-all", json!({})).await.is(204);
    for dead in [&two, &three] {
        dead.get("/me").await.is_problem(401, "unauthenticated");
    }
    nobody.log_in("sam", GOOD).await.get("/me").await.is(200);
});

both_engines!(a_credential_survives_a_restart_and_is_not_kept_in_clear, async |mut shop| {
    let owner = shop.anonymous().log_in(OWNER_LOGIN, OWNER_PASSWORD).await;
    shop.server.restart();
    owner.get("/me").await.is(200);
    let token = owner.token();
    let kept = std::fs::read_dir(shop.database.folder()).expect("the shop's folder").flatten();
    for file in kept.map(|entry| entry.path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).expect("a file");
        assert!(
            !bytes.windows(token.len()).any(|window| window == token.as_bytes()),
            "{} holds a token",
            file.display()
        );
        assert!(
            !bytes.windows(OWNER_PASSWORD.len()).any(|window| window == OWNER_PASSWORD.as_bytes()),
            "{}",
            file.display()
        );
    }
    assert!(!shop.server.log().contains(&token), "the log holds a token");
    assert_eq!(shop.database.number("select min(length(hash)) from tokens"), 32);
});

async fn guess(client: &Client, login: &str) -> u16 {
    let answer = client.post("/auth/login", json!({ "login": login, "password": "not-the-password-7" })).await;
    if answer.status() == 429 {
        assert_eq!(answer.code(), "rate_limited");
        assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{answer:?}");
    }
    answer.status()
}

both_engines!(guessing_one_account_is_slowed_down_and_the_neighbours_are_not_locked_out, async |shop| {
    let nobody = shop.anonymous();
    nobody.post("/auth/register", sam("first_name", json!("Sam"))).await.is(201);
    let mut guesses = Vec::new();
    for _ in 0..30 {
        guesses.push(guess(&nobody, "sam").await);
    }
    assert_eq!(guesses[0], 401);
    assert_eq!(guesses.last(), Some(&429), "{guesses:?}");
    nobody.log_in(OWNER_LOGIN, OWNER_PASSWORD).await.get("/me").await.is(200);
});

/// Guesses wrong; answers how many more guesses cost nothing.
async fn guesses_left(client: &Client, login: &str) -> String {
    let wrong = json!({ "login": login, "password": "not-the-password-7" });
    let refused = client.post("/auth/login", wrong).await.is_problem(401, "bad_credentials");
    let left = refused.header("ratelimit").expect("what is left").to_owned();
    left.split(';').find_map(|part| part.strip_prefix("r=")).expect("how many").to_owned()
}

both_engines!(wrong_passwords_wait_for_no_writer_and_count_at_once_all_the_same, async |shop| {
    let nobody = shop.anonymous();
    let held = sql::Held::table(&shop.database.url, "login_failures");
    let began = std::time::Instant::now();
    for left in ["4", "3", "2", "1", "0"] {
        assert_eq!(guesses_left(&nobody, "sam").await, left);
    }
    // Who waits for a lock waits five seconds for it.
    let took = began.elapsed();
    assert!(took < std::time::Duration::from_secs(4), "five guesses took {took:?}");
    // The first wait is a second, the next two: on a slow machine the first may be over.
    let slowed_down = [guess(&nobody, "sam").await, guess(&nobody, "sam").await, guess(&nobody, "sam").await];
    assert!(slowed_down.contains(&429), "{slowed_down:?}");
    assert_eq!(shop.database.number("select count(*) from login_failures"), 0, "nothing could be written");
    drop(held);
    let written = "select count(*) from login_failures where failures >= 5";
    eventually("they are written down", 20, async || shop.database.number(written) == 3).await;
});

both_engines!(wrong_passwords_are_known_after_a_restart, async |mut shop| {
    let nobody = shop.anonymous();
    assert_eq!([guesses_left(&nobody, "sam").await, guesses_left(&nobody, "sam").await], ["4", "3"]);
    shop.server.stop();
    shop.server.restart();
    assert_eq!(guesses_left(&nobody, "sam").await, "2");
});

#[test]
fn replicas_learn_of_each_others_wrong_passwords() {
    tradepost_tests::run(tradepost_tests::Engine::Postgres, async |shop| {
        let nobody = shop.anonymous();
        assert_eq!([guesses_left(&nobody, "sam").await, guesses_left(&nobody, "sam").await], ["4", "3"]);
        let written = "select count(*) from login_failures where failures = 2";
        eventually("they are written down", 5, async || shop.database.number(written) == 3).await;
        let (second, _) = shop.second_server();
        assert_eq!(guesses_left(&Client::of(&second), "sam").await, "2");
    });
}

both_engines!(a_clock_that_was_set_back_keeps_nobody_out, async |shop| {
    shop.anonymous().post("/auth/register", sam("first_name", json!("Sam"))).await.is(201);
    let nobody = shop.anonymous();
    guesses_left(&nobody, "sam").await;
    let written = "select count(*) from login_failures";
    eventually("it is written down", 20, async || shop.database.number(written) == 3).await;
    let ahead = match shop.engine {
        tradepost_tests::Engine::Postgres => "now() + interval '1 day'",
        tradepost_tests::Engine::Sqlite => "unixepoch() * 1000000 + 86400000000",
    };
    sql::execute(&shop.database.url, &format!("update login_failures set failures = 1000, last_at = {ahead}"));
    assert_eq!(guesses_left(&nobody, "sam").await, "4", "it starts anew");
    nobody.log_in("sam", GOOD).await.get("/me").await.is(200);
});

both_engines!(only_a_bearer_token_is_a_credential, async |shop| {
    let nobody = shop.anonymous();
    let token = shop.owner().token();
    for value in [
        format!("Basic {token}"),
        token.clone(),
        format!("Bearer  {token}x"),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {}", "x".repeat(5_000)),
        "Bearer a.b.c".to_owned(),
        "Bearer \u{e9}".to_owned(),
    ] {
        nobody.get("/me").header("authorization", &value).await.is_problem(401, "unauthenticated");
    }
    nobody.get("/me").header("authorization", &format!("bearer {token}")).await.is(200);
    nobody.get("/products").header("authorization", "Bearer forged").await.is_problem(401, "unauthenticated");
});

both_engines!(the_last_use_of_a_credential_is_noted, async |shop| {
    shop.owner().get("/me").await.is(200);
    let used = "select count(*) from tokens where last_used_at is not null";
    tradepost_tests::eventually("the use is noted", 30, async || shop.database.number(used) == 1).await;
});

both_engines!(a_credential_expires, async |shop| {
    let owner = shop.owner();
    owner.get("/me").await.is(200);
    let past = match shop.engine {
        tradepost_tests::Engine::Postgres => "now() - interval '1 second'",
        tradepost_tests::Engine::Sqlite => "unixepoch() * 1000000 - 1000000",
    };
    let before = match shop.engine {
        tradepost_tests::Engine::Postgres => "now() - interval '2 days'",
        tradepost_tests::Engine::Sqlite => "unixepoch() * 1000000 - 172800000000",
    };
    tradepost_tests::sql::execute(
        &shop.database.url,
        &format!("update tokens set created_at = {before}, expires_at = {past}"),
    );
    tradepost_tests::eventually("it is dead", 4, async || owner.get("/me").await.status() == 401).await;
});

#[test]
fn nothing_secret_is_logged_however_much_is() {
    for engine in [tradepost_tests::Engine::Sqlite, tradepost_tests::Engine::Postgres] {
        tradepost_tests::block_on(async {
            let shop = tradepost_tests::Shop::open_with(engine, &[("TRADEPOST_LOG", "trace")]).await;
            let nobody = shop.anonymous();
            nobody.post("/auth/register", sam("first_name", json!("Sam"))).await.is(201);
            let sam = nobody.log_in("sam", GOOD).await;
            sam.get("/me").await.is(200);
            let wrong = json!({ "login": "sam", "password": "quite-another-password-3" });
            nobody.post("/auth/login", wrong).await.is_problem(401, "bad_credentials");
            let change = json!({ "current_password": GOOD, "new_password": "third-of-the-passwords-5" });
            sam.post("/me/password", change).await.is(204);
            let body = json!({ "name": "till", "dialect": "standard", "on_shortage": "hold" });
            let till = shop.owner().post("/pos-connections", body).await.is(201);
            let log = shop.server.log();
            assert!(log.contains("/api/v1/me"), "requests are logged");
            let secret = till["secret"].as_str().expect("a secret").to_owned();
            for secret in [
                GOOD,
                "quite-another-password-3",
                "third-of-the-passwords-5",
                &sam.token(),
                secret.trim_start_matches("whsec_"),
            ] {
                assert!(!log.contains(secret), "the log holds {secret}");
            }
        });
    }
}
