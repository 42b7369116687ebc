//! The program on the command line: start, stop, `verify`, `user create`, `sample-data`. (Its settings: `settings.rs`.)

use crate::settings::in_a_folder;
use serde_json::json;
use std::{os::unix::fs::symlink, path::Path};
use tradepost_tests::{
    Client, Database, Engine, OWNER_LOGIN, OWNER_PASSWORD, Program, Server, Shop, a_product, block_on, both_engines,
    sql,
};

#[test]
fn sqlite_makes_its_secret_key_once_and_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let database = Database::empty(Engine::Sqlite);
    let keys = || -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let files = std::fs::read_dir(database.folder()).expect("the folder").flatten().map(|entry| entry.path());
        let keys = files.filter(|path| {
            path.is_file() && std::fs::metadata(path).expect("a file").permissions().mode() & 0o777 == 0o600
        });
        keys.map(|path| (path.clone(), std::fs::read(path).expect("a key")))
            .filter(|(_, key)| !key.is_empty() && key.len() < 1_000)
            .collect()
    };
    let start = || {
        let mut server = database.serve(&[("TRADEPOST_SECRET_KEY", "")]);
        server.stop();
    };
    start();
    let first = keys();
    assert_eq!(first.len(), 1, "one key file of mode 0600");
    start();
    assert_eq!(keys(), first, "it is kept");
}

/// Mode and name of what lies in a folder.
fn modes(folder: &Path) -> Vec<(u32, String)> {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let files = std::fs::read_dir(folder).expect("the folder").flatten();
    let mut found: Vec<_> =
        files.map(|file| (mode(&file.path()), file.file_name().to_string_lossy().into_owned())).collect();
    found.sort();
    found
}

#[test]
fn an_sqlite_shops_files_are_its_owners_alone_whatever_the_umask_is() {
    use std::os::unix::fs::PermissionsExt;
    let database = Database::empty(Engine::Sqlite);
    let folder = database.folder();
    let server = database.serve(&[("TRADEPOST_SECRET_KEY", "")]);
    let names = ["shop.db", "shop.db-secret", "shop.db-shm", "shop.db-wal", "shop.db.lock"];
    let private = names.map(|name| (0o600, name.to_owned()));
    assert_eq!(modes(folder), private);
    drop(server);
    // As an older version left them.
    for name in names {
        std::fs::set_permissions(folder.join(name), PermissionsExt::from_mode(0o644)).expect("its own file");
    }
    let server = database.serve(&[("TRADEPOST_SECRET_KEY", "")]);
    assert_eq!(modes(folder), private);
    for name in names {
        let told = server.log().lines().filter(|line| line.contains(&format!("{name} could be read"))).count();
        assert_eq!(told, 1, "{name} in {}", server.log());
    }
}

both_engines!(sigterm_finishes_what_was_accepted, async |mut shop| {
    let owner = shop.owner();
    let tea = a_product().stock(1_000).create(&owner).await;
    let selling: Vec<_> = (0..8)
        .map(|_| {
            let (owner, tea) = (owner.clone(), tea.clone());
            tokio::spawn(async move {
                let mut sold = 0;
                while let Ok(answer) = owner.post("/sales", json!({ "lines": [tea.line(1)] })).try_send().await {
                    match answer.status() {
                        201 => sold += 1,
                        409 | 503 => break,
                        _ => panic!("{answer:?}"),
                    }
                }
                sold
            })
        })
        .collect();
    tradepost_tests::eventually("some sales", 30, async || shop.database.number("select count(*) from sales") > 20)
        .await;
    shop.server.stop();
    let mut sold = 0;
    for seller in selling {
        sold += seller.await.expect("a seller");
    }
    let there = shop.database.number("select count(*) from sales");
    assert_eq!(there, sold, "what was accepted was answered");
    shop.database.verify();
});

#[test]
fn a_second_serve_on_one_sqlite_file_is_refused_whatever_path_leads_there_and_the_first_goes_on() {
    block_on(async {
        let shop = Shop::open(Engine::Sqlite).await;
        let folder = shop.database.folder();
        let elsewhere = tempfile::tempdir().expect("a temporary folder");
        let (link, linked_folder) = (elsewhere.path().join("link.db"), elsewhere.path().join("folder"));
        symlink(folder.join("shop.db"), &link).expect("a symbolic link to the file");
        symlink(folder, &linked_folder).expect("a symbolic link to the folder");
        let refused = |path: &Path| {
            let url = format!("sqlite://{}", path.display());
            let program = shop.database.program(&["serve"]).env("DATABASE_URL", &url);
            program.env("TRADEPOST_BIND", "127.0.0.1:0").run().refused_naming("DATABASE_URL")
        };
        for path in [folder.join("shop.db"), link, linked_folder.join("shop.db"), folder.join("./shop.db")] {
            refused(&path).refused_naming("shop.db").refused_naming("another process");
        }
        let second_name = folder.join("second-name.db");
        std::fs::hard_link(folder.join("shop.db"), &second_name).expect("a hard link");
        refused(&second_name).refused_naming("second-name.db").refused_naming("hard link");
        std::fs::remove_file(second_name).expect("the hard link is removed");
        a_product().stock(5).create(&shop.owner()).await;
        shop.database.verify();
    });
}

both_engines!(verify_finds_a_tampered_level, async |shop| {
    let tea = a_product().stock(5).create(&shop.owner()).await;
    shop.database.verify();
    sql::execute(&shop.database.url, "update levels set on_hand = on_hand + 100000");
    let outcome = shop.database.program(&["verify"]).run();
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(said.contains(&tea.sku) || said.contains(&tea.id), "it says what is wrong: {outcome:?}");
});

both_engines!(verify_finds_a_movement_that_was_changed_or_lost, async |shop| {
    a_product().stock(5).create(&shop.owner()).await;
    let off = match shop.engine {
        Engine::Postgres => "set session_replication_role = replica;",
        Engine::Sqlite => {
            // There is no switch for triggers: whoever tampers drops them.
            sql::drop_triggers(&shop.database.url, "movements");
            ""
        }
    };
    sql::execute(
        &shop.database.url,
        &format!(
            "{off} update movements set on_hand_change = on_hand_change + 100000, on_hand_after = on_hand_after + 100000"
        ),
    );
    assert_eq!(shop.database.program(&["verify"]).run().status, Some(1));
    sql::execute(&shop.database.url, &format!("{off} delete from movements"));
    assert_eq!(shop.database.program(&["verify"]).run().status, Some(1));
});

both_engines!(verify_finds_a_sale_that_does_not_add_up, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(5).create(&owner).await;
    owner.post("/sales", json!({ "lines": [tea.line(1)] })).await.is(201);
    shop.database.verify();
    sql::execute(&shop.database.url, "update sales set total = total + 1");
    assert_eq!(shop.database.program(&["verify"]).run().status, Some(1));
});

both_engines!(a_shop_without_tables_is_migrated_by_serve_and_migrate_runs_twice, async |shop| {
    let fresh = Database::empty(shop.engine);
    fresh.program(&["migrate"]).run().succeeded();
    fresh.program(&["migrate"]).run().succeeded();
    let other = Database::empty(shop.engine);
    let mut server = other.serve(&[]);
    Client::of(&server).get("/readyz").await.is(200);
    server.stop();
});

both_engines!(the_first_owner_is_made_on_the_command_line, async |shop| {
    let database = Database::empty(shop.engine);
    database.set_up();
    let again = [
        "user",
        "create",
        "--role",
        "owner",
        "--username",
        OWNER_LOGIN,
        "--email",
        "other@shop.test",
        "--password-stdin",
    ];
    database.program(&again).input(OWNER_PASSWORD).run().refused_naming("username");
    let weak =
        ["user", "create", "--role", "admin", "--username", "ann", "--email", "ann@shop.test", "--password-stdin"];
    database.program(&weak).input("short\n").run().refused_naming("password");
    let odd = ["user", "create", "--role", "king", "--username", "ann", "--email", "ann@shop.test", "--password-stdin"];
    assert_ne!(database.program(&odd).input(OWNER_PASSWORD).run().status, Some(0));
    database.program(&weak).input(&format!("{OWNER_PASSWORD}\n")).run().succeeded();
    let server = database.serve(&[]);
    let ann = Client::of(&server).log_in("ann", OWNER_PASSWORD).await;
    assert_eq!(ann.get("/me").await.is(200)["role"], "admin");
});

both_engines!(sample_data_fills_an_empty_shop_through_the_ledger_and_leaves_a_full_one_alone, async |shop| {
    let database = Database::empty(shop.engine);
    database.set_up();
    database.program(&["sample-data"]).run().succeeded();
    database.verify();
    let count = |table: &str| database.number(&format!("select count(*) from {table}"));
    assert!((20..=60).contains(&count("products")), "{} products", count("products"));
    assert!(
        count("locations") == 2
            && count("categories") > 2
            && count("sales") > 0
            && count("orders") > 1
            && count("promo_codes") == 1
            && count("movements") > count("products")
    );
    let counts = || ["products", "movements", "sales", "orders", "promo_codes"].map(count);
    let before = counts();
    let again = database.program(&["sample-data"]).run();
    assert_ne!(again.status, Some(0), "{again:?}");
    assert_eq!(counts(), before);
});

#[test]
fn every_command_has_help() {
    for command in ["serve", "migrate", "user", "sample-data", "verify", "openapi"] {
        let outcome = in_a_folder(&[command, "--help"], &[]).succeeded();
        assert!(outcome.stdout.contains("Usage"), "{outcome:?}");
    }
    let settings = in_a_folder(&["help", "settings"], &[]).succeeded().stdout;
    for name in
        ["DATABASE_URL", "TRADEPOST_BIND", "TRADEPOST_SECRET_KEY", "TRADEPOST_CURRENCY", "TRADEPOST_PHONE_COUNTRY"]
    {
        assert!(settings.contains(name), "{name} is not listed:\n{settings}");
    }
    let document = in_a_folder(&["openapi"], &[]).succeeded().stdout;
    let document: serde_json::Value = serde_json::from_str(&document).expect("OpenAPI is JSON");
    assert!(document["paths"]["/api/v1/sales"]["post"].is_object());
    in_a_folder(&["no-such-command"], &[]).status.filter(|status| *status != 0).expect("an unknown command fails");
}

/// The owner's one-time password, which `serve --demo` prints with the links to get started.
pub(crate) async fn demo_password(demo: &Server) -> String {
    tradepost_tests::eventually("the link to the documentation", 30, async || demo.output().contains("/api/docs"))
        .await;
    let said = demo.output();
    let line = said.lines().find(|line| line.contains("password")).unwrap_or_else(|| panic!("no password in:\n{said}"));
    line.split_whitespace().last().unwrap_or_default().trim_matches(['`', '"', '.']).to_owned()
}

#[test]
fn the_demo_shop_prints_how_to_get_in_and_keeps_its_data() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = [("TRADEPOST_BIND", "127.0.0.1:0"), ("TRADEPOST_SECRET_KEY", "")];
        let mut demo = Server::start_with(folder.path(), &["serve", "--demo"], &settings);
        let owner = Client::of(&demo).log_in("owner", &demo_password(&demo).await).await;
        let products = owner.walk("/products").await.len();
        assert!((20..=60).contains(&products), "{products} products");
        demo.restart();
        assert_eq!(owner.walk("/products").await.len(), products, "a full shop is left alone");
        demo.stop();
        let said = demo.output();
        let (first, again) = said.split_at(said.rfind("Tradepost").expect("a second start"));
        for opening in [first, again] {
            let begins =
                ["Tradepost ", "listening on http://127.0.0.1:", "login: owner", "docs: http://127.0.0.1:", "next: "];
            assert_eq!(opening.lines().count(), begins.len(), "{opening}");
            for (line, begin) in opening.lines().zip(begins) {
                assert!(line.starts_with(begin), "{opening}");
            }
        }
        assert!(!again.contains("password"), "it is shown once: {again}");
    });
}

#[test]
fn a_clean_end_leaves_everything_in_the_database_file() {
    block_on(async {
        let mut shop = Shop::open(Engine::Sqlite).await;
        a_product().stock(5).create(&shop.owner()).await;
        let log = shop.database.folder().join("shop.db-wal");
        assert!(log.is_file(), "SQLite writes ahead while it works");
        shop.server.stop();
        // Whoever copies the one file has the whole shop.
        assert!(std::fs::metadata(&log).map_or(true, |left| left.len() == 0), "the server left {}", log.display());
        shop.database.verify();
        let weak =
            ["user", "create", "--role", "admin", "--username", "ann", "--email", "ann@shop.test", "--password-stdin"];
        shop.database.program(&weak).input(OWNER_PASSWORD).run().succeeded();
        assert!(std::fs::metadata(&log).map_or(true, |left| left.len() == 0), "a command left {}", log.display());
    });
}

#[test]
fn a_small_shop_keeps_no_long_file_beside_its_database() {
    block_on(async {
        let shop = Shop::open(Engine::Sqlite).await;
        let (owner, log) = (shop.owner(), shop.database.folder().join("shop.db-wal"));
        let length = || std::fs::metadata(&log).map_or(0, |found| found.len());
        let description = "Loose leaves. ".repeat(700);
        let mut number = 0;
        while length() < 6 << 20 {
            number += 1;
            let body = json!({ "name": format!("Tea {number}"), "description": description });
            owner.post("/categories", body).await.is(201);
        }
        tradepost_tests::eventually("it is cut short", 30, async || length() <= 4 << 20).await;
    });
}

#[test]
fn verify_does_not_make_a_shop_of_a_mistyped_path() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("no-such-shop.db");
    let url = format!("sqlite://{}", path.display());
    let outcome = Program::new(folder.path(), &["verify"]).env("DATABASE_URL", &url).run();
    outcome.refused_naming("no such file");
    assert!(!path.exists());
}
