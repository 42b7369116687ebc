//! `/users`: who may make whom what.

use serde_json::{Value, json};
use tradepost_tests::{Client, Engine, OWNER_PASSWORD, an_employee, both_engines, eventually, run};

fn somebody(role: &str, permissions: Value) -> Value {
    let name = uuid::Uuid::new_v4().simple().to_string();
    json!({ "email": format!("{name}@shop.test"), "username": name, "password": OWNER_PASSWORD, "role": role, "permissions": permissions })
}

async fn id_of(client: &Client) -> String {
    client.get("/me").await.is(200).id()
}

both_engines!(nobody_grants_what_they_do_not_hold, async |shop| {
    let clerk = shop.employee(&["users.manage", "stock.read"]).await;
    let helper = clerk.post("/users", somebody("employee", json!(["stock.read"]))).await.is(201);
    let path = format!("/users/{}", helper.id());
    clerk.post("/users", somebody("employee", json!(["stock.read", "sales.write"]))).await.is_problem(403, "forbidden");
    clerk.patch(&path, json!({ "permissions": ["sales.write"] })).await.is_problem(403, "forbidden");
    for role in ["admin", "owner"] {
        clerk.post("/users", somebody(role, json!([]))).await.is_problem(403, "forbidden");
        clerk.patch(&path, json!({ "role": role })).await.is_problem(403, "forbidden");
        shop.admin().await.patch(&path, json!({ "role": role })).await.is_problem(403, "forbidden");
    }
    shop.owner().patch(&path, json!({ "role": "admin" })).await.is(200);
});

both_engines!(nobody_edits_somebody_of_a_higher_role, async |shop| {
    let (clerk, admin) = (shop.employee(&["users.manage"]).await, shop.admin().await);
    let (admin_id, owner_id, clerk_id) = (id_of(&admin).await, id_of(&shop.owner()).await, id_of(&clerk).await);
    clerk.patch(&format!("/users/{admin_id}"), json!({ "active": false })).await.is_problem(403, "forbidden");
    clerk.delete(&format!("/users/{admin_id}")).await.is_problem(403, "forbidden");
    for staff in [&clerk, &admin] {
        staff.patch(&format!("/users/{owner_id}"), json!({ "active": false })).await.is_problem(403, "forbidden");
        staff.delete(&format!("/users/{owner_id}")).await.is_problem(403, "forbidden");
    }
    clerk
        .patch(&format!("/users/{clerk_id}"), json!({ "permissions": ["users.manage", "sales.write"] }))
        .await
        .is_problem(403, "forbidden");
});

both_engines!(the_last_owner_can_be_neither_removed_nor_demoted, async |shop| {
    let owner = shop.owner();
    let path = format!("/users/{}", id_of(&owner).await);
    // Nobody changes what they are themselves, and somebody else would have to be an owner.
    for change in [json!({ "role": "admin" }), json!({ "role": "shopper" }), json!({ "active": false })] {
        owner.patch(&path, change.clone()).await.is_problem(403, "forbidden");
        shop.admin().await.patch(&path, change).await.is_problem(403, "forbidden");
    }
    let refused = owner.delete(&path).await;
    assert!([403, 409].contains(&refused.status()), "{refused:?}");
    let second = an_employee().role("owner").create(&owner).await;
    second.patch(&path, json!({ "role": "admin" })).await.is(200);
    let refused = owner.delete(&format!("/users/{}", id_of(&second).await)).await;
    assert_eq!(refused.status(), 403, "an admin cannot remove an owner: {refused:?}");
});

both_engines!(two_owners_cannot_demote_each_other_at_once, async |shop| {
    let first = shop.owner();
    let second = an_employee().role("owner").create(&first).await;
    let (one, two) = (id_of(&first).await, id_of(&second).await);
    let demote = json!({ "role": "admin" });
    let answers = tradepost_tests::at_once(2, |number| {
        let (who, whom) = if number == 0 { (&first, &two) } else { (&second, &one) };
        who.patch(&format!("/users/{whom}"), demote.clone()).into_future()
    })
    .await;
    assert_eq!(shop.database.number("select count(*) from users where role = 'owner'"), 1, "{answers:?}");
});

both_engines!(a_change_of_rights_works_at_once, async |shop| {
    let owner = shop.owner();
    let clerk = shop.employee(&["stock.read"]).await;
    let path = format!("/users/{}", id_of(&clerk).await);
    clerk.get("/inventory").await.is(200);
    owner.patch(&path, json!({ "permissions": ["sales.read"] })).await.is(200);
    clerk.get("/inventory").await.is_problem(403, "forbidden");
    clerk.get("/sales").await.is(200);
    owner.patch(&path, json!({ "active": false })).await.is(200);
    clerk.get("/sales").await.is_problem(401, "unauthenticated");
    let login = json!({ "login": clerk_name(&owner, &path).await, "password": OWNER_PASSWORD });
    shop.anonymous().post("/auth/login", login).await.is_problem(401, "bad_credentials");
});

async fn clerk_name(owner: &Client, path: &str) -> String {
    owner.get(path).await.is(200)["username"].as_str().expect("a username").to_owned()
}

both_engines!(a_removed_user_is_out_and_their_name_is_erased, async |shop| {
    let owner = shop.owner();
    let clerk = shop.employee(&["stock.read"]).await;
    let path = format!("/users/{}", id_of(&clerk).await);
    let name = clerk_name(&owner, &path).await;
    owner.delete(&path).await.is(204);
    clerk.get("/me").await.is_problem(401, "unauthenticated");
    owner.get(&path).await.is_problem(404, "not_found");
    assert!(owner.walk("/users").await.iter().all(|user| user["username"] != name.as_str()));
});

both_engines!(users_are_found_by_their_fields, async |shop| {
    let owner = shop.owner();
    let body = json!({ "email": "Grace@shop.test", "username": "grace", "first_name": "Grace", "password": OWNER_PASSWORD, "role": "employee" });
    let grace = owner.post("/users", body).await.is(201);
    owner.post("/users", somebody("admin", json!([]))).await.is(201);
    for query in
        ["email=grace@shop.test", "username=GRACE", "search=grac", "role=employee", "role=employee&active=true"]
    {
        let found = owner.walk(&format!("/users?{query}")).await;
        assert_eq!(found.iter().map(|user| &user["id"]).collect::<Vec<_>>(), [&grace["id"]], "{query}");
    }
    assert_eq!(owner.walk("/users?active=false").await.len(), 0);
    owner.get("/users?role=king").await.is(400);
    owner
        .post("/users", json!({ "email": "GRACE@shop.test", "password": OWNER_PASSWORD, "role": "employee" }))
        .await
        .is_problem(409, "duplicate");
    owner.post("/users", somebody("king", json!([]))).await.points_at("/role");
    owner.post("/users", somebody("employee", json!(["fly"]))).await.points_at("/permissions/0");
});

#[test]
fn a_revoked_credential_dies_at_other_servers_within_two_seconds() {
    run(Engine::Postgres, async |shop| {
        let (_server, owner_there) = shop.second_server();
        let clerk = shop.employee(&["stock.read"]).await;
        let clerk_there = owner_there.with_token(&clerk.token());
        clerk_there.get("/inventory").await.is(200);
        clerk.post("/auth/logout-all", json!({})).await.is(204);
        clerk.get("/me").await.is_problem(401, "unauthenticated");
        // Two seconds, and as many for a busy machine.
        eventually("the other server hears of it", 4, async || clerk_there.get("/me").await.status() == 401).await;
    });
}
