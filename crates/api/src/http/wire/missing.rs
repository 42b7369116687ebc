//! 404s that say what does not exist: the path, or the thing.

use super::{
    endpoints::{Endpoint, Endpoints},
    problem::{Code, Problem},
};
use tradepost_domain::ids::ProductId;

/// The thing that an id in a path is the id of, by the segment before it.
const NOUNS: &[(&str, &str)] = &[
    ("products", "product"),
    ("categories", "category"),
    ("locations", "location"),
    ("users", "user"),
    ("customers", "customer"),
    ("inventory", "product"),
    ("items", "product"),
    ("stock-movements", "movement"),
    ("sales", "sale"),
    ("orders", "order"),
    ("promo-codes", "promo code"),
    ("pos-connections", "connection"),
    ("pos-events", "event"),
];

/// The problem of a thing that does not exist, as the rules call it.
pub fn thing(noun: &str) -> Problem {
    let detail = match noun {
        "mapping" | "cart item" => format!("There is no such {noun}."),
        _ => format!("There is no {noun} with this id."),
    };
    Problem::new(Code::NOT_FOUND, detail).with("what", word(noun))
}

/// The problem, with what it is that does not exist.
pub fn named(problem: Problem, endpoints: &Endpoints, endpoint: Option<Endpoint>, path: &str) -> Problem {
    if problem.code() != Code::NOT_FOUND || problem.has("what") {
        return problem;
    }
    let pattern = endpoint.and_then(|endpoint| endpoints.operations().get(endpoint.index));
    match pattern.and_then(|operation| addressed(&operation.path, path)) {
        Some((noun, id)) => problem.saying(detail(noun, id)).with("what", word(noun)),
        None => {
            let hint = endpoints.nearest(path).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            problem
                .saying(format!("There is no such path{}", if hint.is_empty() { "." } else { &hint }))
                .with("what", "path")
        }
    }
}

/// A noun as programs compare it: in snake_case.
fn word(noun: &str) -> String {
    noun.replace(' ', "_")
}

fn detail(noun: &str, id: &str) -> String {
    if id.parse::<ProductId>().is_ok() {
        format!("There is no {noun} with this id.")
    } else {
        format!("There is no {noun} with this id: an id is a UUID such as 0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c.")
    }
}

/// The noun that a path is about, and its id: the first there is.
fn addressed<'a>(pattern: &str, path: &'a str) -> Option<(&'static str, &'a str)> {
    let segments = pattern.split('/').zip(path.split('/')).collect::<Vec<_>>();
    segments.windows(2).find_map(|pair| {
        let [(before, _), (name, id)] = pair else { return None };
        let noun = name.starts_with('{').then(|| NOUNS.iter().find(|(segment, _)| segment == before))??;
        Some((noun.1, *id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_of_a_path_is_what_it_is_about() {
        assert_eq!(addressed("/api/v1/orders/{id}/accept", "/api/v1/orders/7/accept"), Some(("order", "7")));
        assert_eq!(
            addressed("/api/v1/pos-connections/{id}/products/{external_id}", "/api/v1/pos-connections/a/products/b"),
            Some(("connection", "a"))
        );
        assert_eq!(addressed("/api/v1/cart", "/api/v1/cart"), None);
    }

    #[test]
    fn what_is_no_id_learns_what_an_id_is() {
        assert!(detail("order", "7").contains("UUID"));
        assert_eq!(detail("order", "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c"), "There is no order with this id.");
    }

    #[test]
    fn every_id_in_a_path_of_the_contract_has_a_noun() {
        for operation in crate::http::document::operations(&crate::http::document::document()) {
            if operation.path.contains('{') && !operation.path.contains("/webhooks/") {
                assert!(addressed(&operation.path, &operation.path).is_some(), "{}", operation.path);
            }
        }
    }
}
