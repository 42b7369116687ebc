//! Who may do what: every endpoint stands in one table, and one that does not stand there keeps the program from starting.

use actix_web::http::Method;
use std::collections::HashMap;
use tradepost_domain::identity::{Permission, Principal, Role};

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody. A credential is not even looked at, so that a dead one does not keep anybody from logging in.
    Anyone,
    /// Everybody; a credential that is presented must be good, and may show more.
    Public,
    /// Whoever holds the secret that signs the request; the endpoint itself checks.
    Signature,
    /// Every signed-in user.
    SignedIn,
    /// Users with this permission.
    Permission(Permission),
    /// Owners.
    Owner,
}

impl Access {
    /// Is a credential needed?
    pub const fn needs_credential(self) -> bool {
        match self {
            Self::Anyone | Self::Public | Self::Signature => false,
            Self::SignedIn | Self::Permission(_) | Self::Owner => true,
        }
    }

    /// May they?
    pub fn allows(self, principal: &Principal) -> bool {
        match self {
            Self::Anyone | Self::Public | Self::Signature | Self::SignedIn => true,
            Self::Permission(permission) => principal.may(permission),
            Self::Owner => principal.role == Role::Owner,
        }
    }
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anyone | Self::Public => f.write_str("anyone"),
            Self::Signature => f.write_str("whoever signs with the connection's secret"),
            Self::SignedIn => f.write_str("any signed-in user"),
            Self::Permission(permission) => write!(f, "the permission {}", permission.as_str()),
            Self::Owner => f.write_str("the role owner"),
        }
    }
}

/// Method, path with names in braces, and who may.
pub type Rule = (&'static str, &'static str, Access);

use Access::{Anyone, Owner, Permission as May, Public, Signature, SignedIn};
use Permission::{
    CatalogueWrite, CustomersRead, CustomersWrite, IntegrationsManage, OrdersFulfil, PromosWrite, ReportsRead,
    SalesRead, SalesWrite, SettingsWrite, StockRead, StockWrite, UsersManage,
};

/// Every endpoint there is.
pub const RULES: &[Rule] = &[
    ("GET", "/healthz", Anyone),
    ("GET", "/readyz", Anyone),
    ("GET", "/metrics", Anyone),
    ("POST", "/api/v1/auth/register", Anyone),
    ("POST", "/api/v1/auth/login", Anyone),
    ("POST", "/api/v1/auth/logout", SignedIn),
    ("POST", "/api/v1/auth/logout-all", SignedIn),
    ("GET", "/api/v1/me", SignedIn),
    ("GET", "/api/v1/users", May(UsersManage)),
    ("POST", "/api/v1/users", May(UsersManage)),
    ("GET", "/api/v1/users/{id}", May(UsersManage)),
    ("PATCH", "/api/v1/users/{id}", May(UsersManage)),
    ("DELETE", "/api/v1/users/{id}", May(UsersManage)),
    ("GET", "/api/v1/categories", Public),
    ("POST", "/api/v1/categories", May(CatalogueWrite)),
    ("GET", "/api/v1/categories/{id}", Public),
    ("PATCH", "/api/v1/categories/{id}", May(CatalogueWrite)),
    ("DELETE", "/api/v1/categories/{id}", May(CatalogueWrite)),
    ("GET", "/api/v1/products", Public),
    ("POST", "/api/v1/products", May(CatalogueWrite)),
    ("GET", "/api/v1/products/{id}", Public),
    ("PATCH", "/api/v1/products/{id}", May(CatalogueWrite)),
    ("DELETE", "/api/v1/products/{id}", Owner),
    ("GET", "/api/v1/locations", May(StockRead)),
    ("POST", "/api/v1/locations", May(SettingsWrite)),
    ("GET", "/api/v1/locations/{id}", May(StockRead)),
    ("PATCH", "/api/v1/locations/{id}", May(SettingsWrite)),
    ("DELETE", "/api/v1/locations/{id}", May(SettingsWrite)),
    ("GET", "/api/v1/inventory", May(StockRead)),
    ("GET", "/api/v1/inventory/{product_id}", May(StockRead)),
    ("POST", "/api/v1/inventory/{product_id}/adjustments", May(StockWrite)),
    ("POST", "/api/v1/inventory/{product_id}/counts", May(StockWrite)),
    ("GET", "/api/v1/stock-movements", May(StockRead)),
    ("GET", "/api/v1/stock-movements/{id}", May(StockRead)),
    ("GET", "/api/v1/sales", May(SalesRead)),
    ("POST", "/api/v1/sales", May(SalesWrite)),
    ("GET", "/api/v1/sales/{id}", May(SalesRead)),
    ("PATCH", "/api/v1/sales/{id}", May(SalesWrite)),
    ("DELETE", "/api/v1/sales/{id}", May(SalesWrite)),
    ("POST", "/api/v1/sales/{id}/refunds", May(SalesWrite)),
    ("GET", "/api/v1/customers", May(CustomersRead)),
    ("POST", "/api/v1/customers", May(CustomersWrite)),
    ("GET", "/api/v1/customers/{id}", May(CustomersRead)),
    ("PATCH", "/api/v1/customers/{id}", May(CustomersWrite)),
    ("DELETE", "/api/v1/customers/{id}", May(CustomersWrite)),
    ("GET", "/api/v1/cart", SignedIn),
    ("PATCH", "/api/v1/cart", SignedIn),
    ("DELETE", "/api/v1/cart", SignedIn),
    ("PUT", "/api/v1/cart/items/{product_id}", SignedIn),
    ("DELETE", "/api/v1/cart/items/{product_id}", SignedIn),
    ("POST", "/api/v1/cart/checkout", SignedIn),
    ("GET", "/api/v1/orders", SignedIn),
    ("POST", "/api/v1/orders", SignedIn),
    ("GET", "/api/v1/orders/{id}", SignedIn),
    ("PATCH", "/api/v1/orders/{id}", SignedIn),
    ("DELETE", "/api/v1/orders/{id}", SignedIn),
    ("POST", "/api/v1/orders/{id}/accept", May(OrdersFulfil)),
    ("POST", "/api/v1/orders/{id}/reject", May(OrdersFulfil)),
    ("POST", "/api/v1/orders/{id}/ship", May(OrdersFulfil)),
    ("POST", "/api/v1/orders/{id}/deliver", May(OrdersFulfil)),
    ("POST", "/api/v1/orders/{id}/cancel", SignedIn),
    ("POST", "/api/v1/orders/{id}/returns", May(OrdersFulfil)),
    // Before `{id}`: the first that fits a method counts.
    ("POST", "/api/v1/promo-codes/check", SignedIn),
    ("GET", "/api/v1/promo-codes", May(PromosWrite)),
    ("POST", "/api/v1/promo-codes", May(PromosWrite)),
    ("GET", "/api/v1/promo-codes/{id}", May(PromosWrite)),
    ("PATCH", "/api/v1/promo-codes/{id}", May(PromosWrite)),
    ("DELETE", "/api/v1/promo-codes/{id}", May(PromosWrite)),
    ("GET", "/api/v1/dashboard/orders", May(ReportsRead)),
    ("GET", "/api/v1/pos-connections", May(IntegrationsManage)),
    ("POST", "/api/v1/pos-connections", May(IntegrationsManage)),
    ("GET", "/api/v1/pos-connections/{id}", May(IntegrationsManage)),
    ("PATCH", "/api/v1/pos-connections/{id}", May(IntegrationsManage)),
    ("DELETE", "/api/v1/pos-connections/{id}", May(IntegrationsManage)),
    ("PUT", "/api/v1/pos-connections/{id}/products/{external_id}", May(IntegrationsManage)),
    ("DELETE", "/api/v1/pos-connections/{id}/products/{external_id}", May(IntegrationsManage)),
    ("POST", "/api/v1/webhooks/pos/{connection_id}", Signature),
    ("GET", "/api/v1/pos-events", May(IntegrationsManage)),
    ("GET", "/api/v1/pos-events/{id}", May(IntegrationsManage)),
    ("POST", "/api/v1/pos-events/{id}/retry", May(IntegrationsManage)),
    ("POST", "/api/v1/pos-events/{id}/dismiss", May(IntegrationsManage)),
];

/// The rules, ready to be asked.
pub struct Rules {
    /// By number of segments, so that few paths are compared.
    paths: HashMap<usize, Vec<PathRules>>,
}

struct PathRules {
    segments: Vec<&'static str>,
    methods: Vec<(Method, Endpoint)>,
}

/// One endpoint of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Its place in [`RULES`].
    pub index: usize,
    /// Who may.
    pub access: Access,
    /// Does it know any parameters?
    pub takes_query: bool,
}

/// An operation as the contract has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its method.
    pub method: &'static str,
    /// Its path, with names in braces.
    pub path: String,
    /// Does it know any parameters?
    pub takes_query: bool,
}

impl Rules {
    /// Takes the table, which must say something about every operation of the program and about nothing else.
    ///
    /// # Errors
    /// A sentence that names the endpoint that has no rule, or the rule that has no endpoint.
    pub fn new(operations: &[Known]) -> Result<Self, String> {
        let is_of = |operation: &Known, rule: &Rule| (rule.0, rule.1) == (operation.method, operation.path.as_str());
        if let Some(Known { method, path, .. }) =
            operations.iter().find(|known| !RULES.iter().any(|rule| is_of(known, rule)))
        {
            return Err(format!("{method} {path} has no entry in the access table"));
        }
        let mut paths: HashMap<usize, Vec<PathRules>> = HashMap::new();
        for (index, rule) in RULES.iter().enumerate() {
            let (method, path, access) = *rule;
            let Some(known) = operations.iter().find(|known| is_of(known, rule)) else {
                return Err(format!("the access table has an entry for {method} {path}, which does not exist"));
            };
            let segments: Vec<_> = path.split('/').skip(1).collect();
            let group = paths.entry(segments.len()).or_default();
            let method = Method::from_bytes(method.as_bytes()).map_err(|_| format!("{method} is no method"))?;
            let endpoint = (method, Endpoint { index, access, takes_query: known.takes_query });
            match group.iter_mut().find(|known| known.segments == segments) {
                Some(known) => known.methods.push(endpoint),
                None => group.push(PathRules { segments, methods: vec![endpoint] }),
            }
        }
        Ok(Self { paths })
    }

    /// The patterns that fit a path: seldom more than one, as with `/promo-codes/check` and `/promo-codes/{id}`.
    fn paths<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a PathRules> {
        let parts = move || path.split('/').skip(1);
        let fits =
            |pattern: &&str, part: &str| if pattern.starts_with('{') { !part.is_empty() } else { *pattern == part };
        let group = self.paths.get(&parts().count()).into_iter().flatten();
        group.filter(move |rules| rules.segments.iter().zip(parts()).all(|(pattern, part)| fits(pattern, part)))
    }

    /// The endpoint that a request goes to, where there is one.
    pub fn endpoint(&self, method: &Method, path: &str) -> Option<Endpoint> {
        let mut methods = self.paths(path).flat_map(|rules| &rules.methods);
        methods.find(|(known, _)| known == method).map(|(_, endpoint)| *endpoint)
    }

    /// What can be done with a path that exists.
    pub fn allowed(&self, path: &str) -> Option<String> {
        let mut methods: Vec<_> =
            self.paths(path).flat_map(|rules| &rules.methods).map(|(method, _)| method.as_str()).collect();
        if methods.is_empty() {
            return None;
        }
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        Some(methods.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations() -> Vec<Known> {
        RULES.iter().map(|(method, path, _)| Known { method, path: (*path).to_owned(), takes_query: false }).collect()
    }

    #[test]
    fn an_endpoint_that_is_not_in_the_table_keeps_the_program_from_starting() {
        assert!(Rules::new(&operations()).is_ok());
        let mut more = operations();
        more.push(Known { method: "GET", path: "/api/v1/secrets".to_owned(), takes_query: false });
        assert!(Rules::new(&more).err().unwrap().contains("/api/v1/secrets"));
        assert!(Rules::new(&operations()[1..]).err().unwrap().contains("/healthz"));
    }

    #[test]
    fn paths_are_found_by_their_pattern() {
        let rules = Rules::new(&operations()).unwrap();
        let access = |method: Method, path: &str| rules.endpoint(&method, path).map(|endpoint| endpoint.access);
        assert_eq!(access(Method::GET, "/api/v1/products"), Some(Public));
        assert_eq!(access(Method::DELETE, "/api/v1/products/x"), Some(Owner));
        assert_eq!(access(Method::PUT, "/api/v1/pos-connections/a/products/b"), Some(May(IntegrationsManage)));
        assert_eq!(access(Method::POST, "/api/v1/promo-codes/check"), Some(SignedIn));
        assert_eq!(access(Method::GET, "/api/v1/promo-codes/check"), Some(May(PromosWrite)), "as any other id");
        for nothing in ["/", "", "/api/v1/products/", "/api/v1/productsx", "/api/v1/products/x/y", "//api/v1/products"]
        {
            assert_eq!(access(Method::GET, nothing), None, "{nothing}");
        }
        assert_eq!(rules.allowed("/api/v1/products/x").as_deref(), Some("GET, PATCH, DELETE, HEAD"));
    }
}
