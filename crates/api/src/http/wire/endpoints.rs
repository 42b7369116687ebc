//! Which endpoints there are and who may use them: each is an operation of the contract, and the name of the operation is what
//! [`tradepost_app::access`] says who may do. One that does not stand there keeps the program from starting.

use actix_web::http::Method;
use std::collections::HashMap;
use tradepost_app::{
    access::{self, Access},
    nearest::nearest,
};
use tradepost_domain::ids::ProductId;

/// An operation as the contract has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its method in capitals, for example `GET`.
    pub method: &'static str,
    /// Its path, with names in braces.
    pub path: String,
    /// What it does, as the access table calls it.
    pub action: String,
    /// Does it know any parameters?
    pub takes_query: bool,
    /// Does it know `If-Match`?
    pub takes_version: bool,
}

/// One endpoint, as a request is matched with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Its place in [`Endpoints::operations`].
    pub index: usize,
    /// Who may use it, by the access table.
    pub access: Access,
    /// Does it know any parameters?
    pub takes_query: bool,
    /// Does it know `If-Match`?
    pub takes_version: bool,
}

/// All endpoints, ready to be asked.
pub struct Endpoints {
    operations: Vec<Operation>,
    /// By number of segments, so that few paths are compared.
    paths: HashMap<usize, Vec<PathEndpoints>>,
}

struct PathEndpoints {
    segments: Vec<String>,
    methods: Vec<(Method, Endpoint)>,
}

fn is_name(segment: &str) -> bool {
    segment.starts_with('{')
}

impl Endpoints {
    /// Takes the operations; the access table must say something about every one and about nothing else.
    ///
    /// # Errors
    /// A sentence that names the operation that has no rule, or the rule that has no operation.
    pub fn new(operations: Vec<Operation>) -> Result<Self, String> {
        if let Some((action, _)) = access::rules().find(|(name, _)| !operations.iter().any(|one| one.action == *name)) {
            return Err(format!("the access table has an entry for {action}, which does not exist"));
        }
        let mut paths: HashMap<usize, Vec<PathEndpoints>> = HashMap::new();
        for (index, operation) in operations.iter().enumerate() {
            let Operation { method, path, action, takes_query, takes_version } = operation;
            let access = access::access(action)
                .ok_or_else(|| format!("{method} {path} ({action}) has no entry in the access table"))?;
            let segments: Vec<_> = path.split('/').skip(1).map(str::to_owned).collect();
            let group = paths.entry(segments.len()).or_default();
            let method = Method::from_bytes(method.as_bytes()).map_err(|_| format!("{method} is no method"))?;
            let endpoint =
                (method, Endpoint { index, access, takes_query: *takes_query, takes_version: *takes_version });
            match group.iter_mut().find(|known| known.segments == segments) {
                Some(known) => known.methods.push(endpoint),
                None => group.push(PathEndpoints { segments, methods: vec![endpoint] }),
            }
        }
        // A path that says more comes first: `check` is not an id.
        for group in paths.values_mut() {
            group.sort_by_key(|one| one.segments.iter().filter(|segment| is_name(segment)).count());
        }
        Ok(Self { operations, paths })
    }

    /// All operations, in the order of [`Endpoint::index`].
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The pattern that fits a path, the one that says most where there are several: `check` in `/promo-codes/check` is no id.
    fn pattern(&self, path: &str) -> Option<&PathEndpoints> {
        let parts = move || path.split('/').skip(1);
        let fits = |pattern: &str, part: &str| if is_name(pattern) { !part.is_empty() } else { pattern == part };
        let mut group = self.paths.get(&parts().count())?.iter();
        group.find(|known| known.segments.iter().zip(parts()).all(|(pattern, part)| fits(pattern, part)))
    }

    /// The endpoint that a request goes to, where there is one.
    pub fn endpoint(&self, method: &Method, path: &str) -> Option<Endpoint> {
        let mut methods = self.pattern(path)?.methods.iter();
        methods.find(|(known, _)| known == method).map(|(_, endpoint)| *endpoint)
    }

    /// What can be done with a path that exists, as the header `Allow` says it.
    pub fn allowed(&self, path: &str) -> Option<String> {
        let mut methods: Vec<_> = self.pattern(path)?.methods.iter().map(|(method, _)| method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        Some(methods.join(", "))
    }

    /// The path that was most likely meant by one that does not exist; an id that stands in it is taken over.
    pub fn nearest(&self, path: &str) -> Option<String> {
        // No path is longer.
        const LONGEST: usize = 200;
        if path.len() > LONGEST {
            return None;
        }
        let rest = without_base(path.trim_end_matches('/'));
        if rest.is_empty() {
            return None;
        }
        if let Some(page) = PAGES.iter().find(|page| page.strip_prefix("/api") == Some(rest)) {
            return Some((*page).to_owned());
        }
        let wanted: Vec<_> = rest.split('/').skip(1).collect();
        let known = self.paths.values().flatten().filter_map(|known| known.filled_like(&wanted)).collect::<Vec<_>>();
        let meant = format!("{BASE}{rest}");
        nearest(&meant, known.iter().map(|(compared, _)| compared.as_str()))
            .and_then(|near| known.iter().find(|(compared, _)| compared == near))
            .map(|(_, shown)| shown.clone())
    }
}

/// Where the operations are.
const BASE: &str = "/api/v1";

/// The pages beside the operations.
const PAGES: [&str; 3] = ["/api/docs", "/api/openapi.json", "/api/problems"];

/// A path from the first segment that says something: without `/api` and a version, ours or another, however often they stand there.
fn without_base(path: &str) -> &str {
    let is_version = |part: &str| part.strip_prefix('v').is_some_and(|number| number.parse::<u8>().is_ok());
    let part = path.strip_prefix('/').and_then(|rest| rest.split('/').next());
    match part.filter(|part| *part == "api" || is_version(part)) {
        Some(part) => without_base(&path[part.len() + 1..]),
        None => path,
    }
}

impl PathEndpoints {
    /// The path with the ids of another that is like it, segment by segment, to compare with that and to show.
    fn filled_like(&self, wanted: &[&str]) -> Option<(String, String)> {
        let own = self.segments.strip_prefix(&["api".to_owned(), "v1".to_owned()])?;
        if own.len() != wanted.len() {
            return None;
        }
        let (mut compared, mut shown) = (BASE.to_owned(), BASE.to_owned());
        for (pattern, part) in own.iter().zip(wanted) {
            let is_id = part.parse::<ProductId>().is_ok() || pattern == "{external_id}" && !part.is_empty();
            let is_like_id = is_id || part.parse::<u64>().is_ok();
            let (to_compare, to_show) = match is_name(pattern) {
                true if is_id => (*part, *part),
                true if is_like_id => (*part, pattern.as_str()),
                false if part == pattern || nearest(part, [pattern.as_str()]).is_some() => {
                    (pattern.as_str(), pattern.as_str())
                }
                _ => return None,
            };
            compared.extend(["/", to_compare]);
            shown.extend(["/", to_show]);
        }
        Some((compared, shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::document;
    use tradepost_app::access::Access::{Owner, Permission as May, Public, SignedIn};
    use tradepost_domain::identity::Permission::{IntegrationsManage, PromosWrite};

    fn operations() -> Vec<Operation> {
        document::operations(&document::document())
    }

    #[test]
    fn an_endpoint_that_is_not_in_the_table_keeps_the_program_from_starting() {
        assert!(Endpoints::new(operations()).is_ok());
        let mut more = operations();
        let (path, action) = ("/api/v1/secrets".to_owned(), "list_secrets".to_owned());
        more.push(Operation { method: "GET", path, action, takes_query: false, takes_version: false });
        assert!(Endpoints::new(more).err().unwrap().contains("/api/v1/secrets"));
        let fewer = operations().into_iter().filter(|one| one.action != "check_health").collect();
        assert!(Endpoints::new(fewer).err().unwrap().contains("check_health"));
    }

    #[test]
    fn paths_are_found_by_their_pattern() {
        let endpoints = Endpoints::new(operations()).unwrap();
        let access = |method: Method, path: &str| endpoints.endpoint(&method, path).map(|endpoint| endpoint.access);
        assert_eq!(access(Method::GET, "/api/v1/products"), Some(Public));
        assert_eq!(access(Method::DELETE, "/api/v1/products/x"), Some(Owner));
        assert_eq!(access(Method::PUT, "/api/v1/pos-connections/a/products/b"), Some(May(IntegrationsManage)));
        assert_eq!(access(Method::POST, "/api/v1/promo-codes/check"), Some(SignedIn));
        assert_eq!(access(Method::GET, "/api/v1/promo-codes/check"), None, "check is no id");
        assert_eq!(access(Method::GET, "/api/v1/promo-codes/checks"), Some(May(PromosWrite)));
        assert_eq!(endpoints.allowed("/api/v1/promo-codes/check").unwrap(), "POST, OPTIONS");
        for nothing in ["/", "", "/api/v1/products/", "/api/v1/productsx", "/api/v1/products/x/y", "//api/v1/products"]
        {
            assert_eq!(access(Method::GET, nothing), None, "{nothing}");
        }
        let allowed = endpoints.allowed("/api/v1/products/x").unwrap();
        for method in ["GET", "PATCH", "DELETE", "HEAD", "OPTIONS"] {
            assert!(allowed.contains(method), "{allowed}");
        }
    }

    #[test]
    fn a_path_that_was_most_likely_meant_is_found() {
        let endpoints = Endpoints::new(operations()).unwrap();
        for (path, near) in [
            ("/api/v1/product", Some("/api/v1/products")),
            ("/products", Some("/api/v1/products")),
            ("/api/v1/products/", Some("/api/v1/products")),
            ("/api/v1/order/7/accept", Some("/api/v1/orders/{id}/accept")),
            (
                "/orders/0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c/acept",
                Some("/api/v1/orders/0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c/accept"),
            ),
            ("/api/v2/products", Some("/api/v1/products")),
            ("/v1/products", Some("/api/v1/products")),
            ("/api/products", Some("/api/v1/products")),
            ("/api/v1/api/v1/products", Some("/api/v1/products")),
            ("/v1/prodcuts/", Some("/api/v1/products")),
            ("/api/cart", Some("/api/v1/cart")),
            ("/docs", Some("/api/docs")),
            ("/v1/docs/", Some("/api/docs")),
            ("/openapi.json", Some("/api/openapi.json")),
            ("/problems", Some("/api/problems")),
            ("/api/v1/auth/refresh", None),
            ("/api/v1/sales/today", None),
            ("/api", None),
            ("/api/v1/", None),
            ("/healthcheck", None),
            ("/wp-login.php", None),
            ("/", None),
        ] {
            assert_eq!(endpoints.nearest(path).as_deref(), near, "{path}");
        }
    }
}
