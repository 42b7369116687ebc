//! Which endpoints there are and who may use them: each is an operation of the contract, and the name of the operation is what
//! [`tradepost_app::access`] says who may do. One that does not stand there keeps the program from starting.

use actix_web::http::Method;
use std::collections::HashMap;
use tradepost_app::{
    access::{self, Access},
    nearest::nearest,
};

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

    /// The path that was most likely meant by one that does not exist; what stands in it for a name is taken over.
    pub fn nearest(&self, path: &str) -> Option<String> {
        const BASE: &str = "/api/v1";
        let path = path.trim_end_matches('/');
        let based = if path.starts_with("/api") { path.to_owned() } else { format!("{BASE}{path}") };
        for meant in [path, &based] {
            let parts: Vec<_> = meant.split('/').skip(1).collect();
            let filled = |known: &PathEndpoints| {
                let pairs = known.segments.iter().zip(&parts);
                pairs
                    .map(|(pattern, part)| format!("/{}", if is_name(pattern) { part } else { pattern.as_str() }))
                    .collect()
            };
            let known: Vec<String> = self.paths.get(&parts.len()).into_iter().flatten().map(filled).collect();
            if let Some(near) = nearest(meant, known.iter().map(String::as_str)) {
                return Some(near.to_owned());
            }
        }
        None
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
            ("/api/v1/order/7/accept", Some("/api/v1/orders/7/accept")),
            ("/api/v2/products", Some("/api/v1/products")),
            ("/healthcheck", None),
            ("/wp-login.php", None),
            ("/", None),
        ] {
            assert_eq!(endpoints.nearest(path).as_deref(), near, "{path}");
        }
    }
}
