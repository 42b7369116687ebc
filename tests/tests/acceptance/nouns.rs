//! What holds for every noun that is kept as a whole. The contract names them, and its examples are what is sent: a new noun takes part by
//! being documented.

use serde_json::{Value, json};
use tradepost_tests::{Client, both_engines};

/// A noun as the contract has it.
struct Noun {
    /// Where its list is.
    path: String,
    /// What the contract says to send to add one.
    example: Value,
    /// What the contract says to send to change one.
    edit: Value,
}

/// Everything that is created, read, updated and deleted, but for what only goes with something else: an order needs a product.
async fn nouns(owner: &Client) -> Vec<Noun> {
    let document: Value = serde_json::from_str(&owner.get("/api/openapi.json").await.is(200).text()).expect("JSON");
    let example = |operation: &Value| {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let name = schema.as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
        document["components"]["schemas"][name]["examples"][0].clone()
    };
    let paths = document["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (path, item) in paths {
        let one = &document["paths"][format!("{path}/{{id}}")];
        let is_created = item["post"]["operationId"].as_str().is_some_and(|name| name.starts_with("create_"));
        if !is_created || one["delete"].is_null() || path == "/api/v1/orders" {
            continue;
        }
        let path = path.strip_prefix("/api/v1").expect("the API").to_owned();
        found.push(Noun { path, example: example(&item["post"]), edit: example(&one["patch"]) });
    }
    let names: Vec<_> = found.iter().map(|noun| noun.path.as_str()).collect();
    let least = ["/categories", "/customers", "/locations", "/pos-connections", "/products", "/promo-codes", "/users"];
    assert!(least.iter().all(|name| names.contains(name)), "{names:?}");
    found
}

/// What was sent is what is shown, but for what is never shown.
fn shows(shown: &Value, sent: &Value, path: &str) {
    for (field, value) in sent.as_object().expect("an object") {
        if !["password", "initial_quantity"].contains(&field.as_str()) && !value.is_null() {
            assert_eq!(&shown[field], value, "{path}: {field}");
        }
    }
}

both_engines!(the_contracts_own_examples_are_taken_and_shown_again, async |shop| {
    let owner = shop.owner();
    for Noun { path, example, edit } in nouns(&owner).await {
        let added = owner.post(&path, example.clone()).key(&format!("add{path}")).await.is(201);
        let address = format!("{path}/{}", added.id());
        assert_eq!(added.header("location"), Some(format!("/api/v1{address}").as_str()));
        let again = owner.post(&path, example.clone()).key(&format!("add{path}")).await.is(201);
        assert!(again.was_replayed() && again.id() == added.id(), "{path}");
        let read = owner.get(&address).await.is(200);
        shows(&read.json, &example, &path);
        owner.get(&address).header("If-None-Match", &read.etag()).await.is(304);
        let changed = owner.patch(&address, edit.clone()).if_match(&read.etag()).await.is(200);
        assert_ne!(changed.etag(), read.etag(), "{path}");
        shows(&changed.json, &edit, &path);
        let untouched = |(field, _): &(&String, &Value)| edit.get(field.as_str()).is_none() && *field != "updated_at";
        for (field, value) in read.json.as_object().expect("an object").iter().filter(untouched) {
            assert_eq!(&changed.json[field], value, "{path}: {field} was not to be changed");
        }
        owner.patch(&address, edit).if_match(&read.etag()).await.is_problem(412, "precondition_failed");
        assert_eq!(owner.get(&address).await.is(200).etag(), changed.etag(), "{path}");
        let listed = owner.walk(&path).await;
        assert_eq!(listed.iter().filter(|item| item["id"] == json!(added.id())).count(), 1, "{path}");
    }
});

both_engines!(what_is_wrong_with_a_noun_is_said_and_changes_nothing, async |shop| {
    let (owner, stranger) = (shop.owner(), shop.anonymous());
    for Noun { path, example, edit } in nouns(&owner).await {
        let before = owner.walk(&path).await.len();
        for body in [json!({}), json!([]), json!("tea"), json!(null)] {
            owner.post(&path, body).await.is(400);
        }
        let mut odd = example.clone();
        odd["colour of its hat"] = json!("green");
        owner.post(&path, odd).await.points_at("/colour of its hat");
        owner.post(&path, example.clone()).raw("text/plain", b"{}").await.is_problem(415, "unsupported_media_type");
        stranger.post(&path, example.clone()).await.is_problem(401, "unauthenticated");
        owner.get(&format!("{path}?colour=green")).await.is_problem(400, "validation");
        assert_eq!(owner.walk(&path).await.len(), before, "{path}");
        let address = format!("{path}/{}", owner.post(&path, example.clone()).await.is(201).id());
        owner.patch(&address, json!({ "colour": "green" })).await.points_at("/colour");
        stranger.patch(&address, edit).await.is_problem(401, "unauthenticated");
        // Whatever of it must be unique is named. A customer's code is made where none is sent, so two of them may be alike.
        let twice = owner.post(&path, example.clone()).await;
        if path == "/customers" {
            twice.is(201);
        } else {
            let twice = twice.is_problem(409, "duplicate");
            let pointer = twice["errors"][0]["pointer"].as_str().expect("a pointer").to_owned();
            assert!(!example[&pointer[1..]].is_null(), "{path}: {pointer}");
        }
    }
});

both_engines!(what_was_removed_is_gone_and_may_be_added_anew, async |shop| {
    let owner = shop.owner();
    for Noun { path, example, .. } in nouns(&owner).await {
        let added = owner.post(&path, example.clone()).await.is(201);
        let address = format!("{path}/{}", added.id());
        owner.delete(&address).if_match("\"7777-0\"").await.is_problem(412, "precondition_failed");
        owner.delete(&address).if_match(&added.etag()).await.is(204);
        owner.delete(&address).await.is_problem(404, "not_found");
        owner.patch(&address, json!({})).await.is_problem(404, "not_found");
        assert!(owner.walk(&path).await.iter().all(|item| item["id"] != json!(added.id())), "{path}");
        // A product's SKU is its own for ever.
        let status = if path == "/products" { 409 } else { 201 };
        owner.post(&path, example).await.is(status);
    }
});
