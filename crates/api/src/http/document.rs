//! The contract as OpenAPI 3.1: what the operations say for themselves, completed by what all of them have in common.

use super::wire::{endpoints, problem::Code};
use tradepost_app::access::{self, Access};
use utoipa::{
    OpenApi,
    openapi::{
        self, Content, HeaderBuilder, Ref, RefOr, Response, SecurityRequirement,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// What the operations do not say for themselves.
#[derive(OpenApi)]
#[openapi(info(
    title = "Tradepost",
    description = "Keeps a shop's stock and takes its orders. Errors are RFC 9457 problems with a stable `code`; lists follow each other by \
                   opaque cursors; a POST, PUT, PATCH or DELETE with an `Idempotency-Key` may be sent again safely."
))]
struct Base;

/// The contract, with what all operations have in common.
pub fn document() -> openapi::OpenApi {
    let app = actix_web::App::new();
    let app = utoipa_actix_web::AppExt::into_utoipa_app(app).openapi(Base::openapi()).configure(super::routes);
    let (_, mut document) = app.split_for_parts();
    for known in operations(&document) {
        let operation = document.paths.paths.get_mut(&known.path).and_then(|item| operation_of(item, known.method));
        // What is not in the access table keeps the program from starting; here it only stays incomplete.
        if let (Some(operation), Some(access)) = (operation, access::access(&known.action)) {
            complete(operation, (known.method, &known.path, access));
        }
    }
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("From POST /api/v1/auth/login.")).build();
    document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    document
}

/// Every operation there is, as far as the router and the access table need to know it.
pub fn operations(document: &openapi::OpenApi) -> Vec<endpoints::Operation> {
    let methods = ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"];
    let all = document.paths.paths.iter().flat_map(|(path, item)| {
        let mut item = item.clone();
        methods.into_iter().filter_map(move |method| {
            let operation = operation_of(&mut item, method)?;
            let takes_query = operation.parameters.iter().flatten().any(is_in_query);
            let takes_version = operation.parameters.iter().flatten().any(is_version);
            let action = operation.operation_id.clone().unwrap_or_default();
            Some(endpoints::Operation { method, path: path.clone(), action, takes_query, takes_version })
        })
    });
    all.collect()
}

fn is_in_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(Parameter { parameter_in: ParameterIn::Query, .. }))
}

fn is_version(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(Parameter { name, parameter_in: ParameterIn::Header, .. }) if name == IF_MATCH.0)
}

fn operation_of<'a>(item: &'a mut PathItem, method: &str) -> Option<&'a mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "PUT" => item.put.as_mut(),
        "POST" => item.post.as_mut(),
        "DELETE" => item.delete.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "HEAD" => item.head.as_mut(),
        "OPTIONS" => item.options.as_mut(),
        "TRACE" => item.trace.as_mut(),
        _ => None,
    }
}

/// Who may, which headers it takes, and which problems it answers with.
fn complete(operation: &mut Operation, (method, path, access): (&str, &str, Access)) {
    let may = format!("Who may: {access}.");
    operation.description = Some(operation.description.take().map_or(may.clone(), |text| format!("{text}\n\n{may}")));
    if access.needs_credential() || access == Access::Public {
        let mut requirements = vec![SecurityRequirement::new("bearer", Vec::<String>::new())];
        requirements.extend((access == Access::Public).then(SecurityRequirement::default));
        operation.security = Some(requirements);
    }
    let parameters = operation.parameters.get_or_insert_default();
    for (name, about) in headers(method, path, access) {
        let parameter = ParameterBuilder::new().name(*name).parameter_in(ParameterIn::Header);
        let schema = openapi::ObjectBuilder::new().schema_type(openapi::schema::Type::String);
        parameters.push(RefOr::T(Parameter::from(parameter.description(Some(*about)).schema(Some(schema)))));
    }
    let can_be_known = headers(method, path, access).contains(&IF_NONE_MATCH);
    if can_be_known {
        let known = Response::new("The client has this very body already.");
        operation.responses.responses.insert("304".to_owned(), RefOr::T(known));
    }
    for status in problems(method, path, access, operation.request_body.is_some()) {
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| RefOr::T(problem(*status)));
    }
    if method != "GET" && access.needs_credential() && takes_key(path) {
        name_replays(operation);
    }
}

type Named = (&'static str, &'static str);

const KEY: Named =
    ("Idempotency-Key", "1 to 255 visible characters; a repeated request is answered again, not done again.");
const IF_MATCH: Named = ("If-Match", "The `ETag` the change is based on; 412 where the thing was changed since.");
const IF_NONE_MATCH: Named = ("If-None-Match", "The `ETag` of what the client has; 304 where that is still so.");

/// What proves who somebody is is not kept with its answer.
fn takes_key(path: &str) -> bool {
    !path.contains("/auth/") && !path.ends_with("/me/password")
}

fn headers(method: &str, path: &str, access: Access) -> &'static [Named] {
    match (method, access, path.contains("{id}") || path.contains("/cart")) {
        ("GET", Access::Permission(_) | Access::Public | Access::SignedIn, true) => &[IF_NONE_MATCH],
        ("GET", ..) | (_, Access::Anyone | Access::Signature | Access::Public, _) => &[],
        _ if !takes_key(path) => &[],
        // A mapping has no version of its own.
        _ if path.contains("{external_id}") => &[KEY],
        (_, _, true) => &[KEY, IF_MATCH],
        (_, _, false) => &[KEY],
    }
}

fn problems(method: &str, path: &str, access: Access, has_body: bool) -> &'static [u16] {
    match (method, access) {
        _ if !path.starts_with("/api/") => &[],
        ("GET", Access::Public) if path.contains('{') => &[400, 401, 404, 503],
        ("GET", Access::Public) => &[400, 401, 503],
        ("GET", _) if path.contains('{') => &[400, 401, 403, 404, 503],
        ("GET", Access::SignedIn) => &[400, 401, 503],
        ("GET", _) => &[400, 401, 403, 503],
        (_, Access::Signature) => &[400, 413, 503],
        (_, Access::Anyone) if path.ends_with("/login") => &[400, 413, 415, 503],
        (_, Access::Anyone) => &[400, 409, 413, 415, 503],
        (_, Access::SignedIn) if path.contains("/auth/") => &[400, 401, 503],
        _ if !takes_key(path) => &[400, 401, 413, 415, 503],
        _ if path.contains("/cart") && !path.contains('{') => &[400, 401, 409, 412, 413, 415, 422, 503],
        _ if path.contains('{') && has_body => &[400, 401, 403, 404, 409, 412, 413, 415, 422, 503],
        _ if path.contains('{') => &[400, 401, 403, 404, 409, 412, 422, 503],
        _ => &[400, 401, 403, 409, 413, 415, 422, 503],
    }
}

fn problem(status: u16) -> Response {
    let codes = Code::ALL.iter().filter(|code| code.status == status).map(|code| format!("`{}`", code.name));
    let mut response = Response::new(codes.collect::<Vec<_>>().join(", "));
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    response.content.insert("application/problem+json".to_owned(), Content::new(Some(schema)).into());
    response
}

fn name_replays(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with('2'), response) {
            let header = HeaderBuilder::new().description(Some("`true` where this answer was given before.")).build();
            response.headers.insert("Idempotent-Replayed".to_owned(), header.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_an_id_of_its_own_and_says_who_may() {
        let mut document = document();
        let mut ids = std::collections::BTreeSet::new();
        for endpoints::Operation { method, path, .. } in operations(&document) {
            let item = document.paths.paths.get_mut(&path).unwrap();
            let operation = operation_of(item, method).unwrap();
            assert!(ids.insert(operation.operation_id.clone().unwrap()), "{method} {path}");
            assert!(operation.description.as_deref().unwrap().contains("Who may:"), "{method} {path}");
        }
        assert_eq!(ids.len(), access::rules().count());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let text = serde_json::to_string(&document()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        for part in text.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(json["components"]["schemas"][name].is_object(), "{name}");
        }
        assert_eq!(json["openapi"], "3.1.0");
    }
}
