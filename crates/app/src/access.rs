//! Who may do what: everything that can be asked of a shop has a name and stands in one table, with who may. Whoever offers something that
//! does not stand there finds out at start.

use tradepost_domain::identity::{Permission, Principal, Role};

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody. A credential is not even looked at, so that a dead one does not keep anybody from logging in.
    Anyone,
    /// Everybody; a credential that is presented must be good, and may show more.
    Public,
    /// Whoever holds the secret that signs what is sent; whoever takes it checks.
    Signature,
    /// Every user who has logged in, whatever they may otherwise.
    SignedIn,
    /// Users with this permission.
    Permission(Permission),
    /// Owners alone, whatever others are granted.
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

    /// May this principal, who has proved who they are?
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

/// The name of what can be asked for, and who may.
pub type Rule = (&'static str, Access);

use Access::{Anyone, Owner, Permission as May, Public, Signature, SignedIn};
use Permission::{
    CatalogueWrite, CustomersRead, CustomersWrite, IntegrationsManage, OrdersFulfil, PromosWrite, ReportsRead,
    SalesRead, SalesWrite, SettingsWrite, StockRead, StockWrite, UsersManage,
};

/// How the program itself is doing.
const HEALTH: &[Rule] = &[("check_health", Anyone), ("check_readiness", Anyone), ("get_metrics", Anyone)];

/// Logging in and out.
const IDENTITY: &[Rule] = &[
    ("register", Anyone),
    ("log_in", Anyone),
    ("log_out", SignedIn),
    ("log_out_everywhere", SignedIn),
    ("get_me", SignedIn),
    ("change_password", SignedIn),
];

const USERS: &[Rule] = &[
    ("list_users", May(UsersManage)),
    ("create_user", May(UsersManage)),
    ("get_user", May(UsersManage)),
    ("update_user", May(UsersManage)),
    ("delete_user", May(UsersManage)),
];

const CATEGORIES: &[Rule] = &[
    ("list_categories", Public),
    ("create_category", May(CatalogueWrite)),
    ("get_category", Public),
    ("update_category", May(CatalogueWrite)),
    ("delete_category", May(CatalogueWrite)),
];

const PRODUCTS: &[Rule] = &[
    ("list_products", Public),
    ("create_product", May(CatalogueWrite)),
    ("get_product", Public),
    ("update_product", May(CatalogueWrite)),
    ("delete_product", Owner),
];

const LOCATIONS: &[Rule] = &[
    ("list_locations", May(StockRead)),
    ("create_location", May(SettingsWrite)),
    ("get_location", May(StockRead)),
    ("update_location", May(SettingsWrite)),
    ("delete_location", May(SettingsWrite)),
];

/// What is where, and how it got there.
const STOCK: &[Rule] = &[
    ("list_inventory", May(StockRead)),
    ("get_inventory", May(StockRead)),
    ("adjust_stock", May(StockWrite)),
    ("count_stock", May(StockWrite)),
    ("list_stock_movements", May(StockRead)),
    ("get_stock_movement", May(StockRead)),
];

const SALES: &[Rule] = &[
    ("list_sales", May(SalesRead)),
    ("record_sale", May(SalesWrite)),
    ("get_sale", May(SalesRead)),
    ("correct_sale", May(SalesWrite)),
    ("void_sale", May(SalesWrite)),
    ("refund_sale", May(SalesWrite)),
];

const CUSTOMERS: &[Rule] = &[
    ("list_customers", May(CustomersRead)),
    ("create_customer", May(CustomersWrite)),
    ("get_customer", May(CustomersRead)),
    ("update_customer", May(CustomersWrite)),
    ("delete_customer", May(CustomersWrite)),
];

/// One's own cart; nobody else's can be named.
const CARTS: &[Rule] = &[
    ("get_cart", SignedIn),
    ("update_cart", SignedIn),
    ("empty_cart", SignedIn),
    ("put_cart_item", SignedIn),
    ("remove_cart_item", SignedIn),
    ("check_out_cart", SignedIn),
];

/// Whose order it is, the order itself decides.
const ORDERS: &[Rule] = &[
    ("list_orders", SignedIn),
    ("create_order", SignedIn),
    ("get_order", SignedIn),
    ("update_order", SignedIn),
    ("delete_order", SignedIn),
    ("accept_order", May(OrdersFulfil)),
    ("reject_order", May(OrdersFulfil)),
    ("ship_order", May(OrdersFulfil)),
    ("deliver_order", May(OrdersFulfil)),
    ("cancel_order", SignedIn),
    ("return_order", May(OrdersFulfil)),
];

const PROMO_CODES: &[Rule] = &[
    ("check_promo_code", SignedIn),
    ("list_promo_codes", May(PromosWrite)),
    ("create_promo_code", May(PromosWrite)),
    ("get_promo_code", May(PromosWrite)),
    ("update_promo_code", May(PromosWrite)),
    ("delete_promo_code", May(PromosWrite)),
];

const REPORTS: &[Rule] = &[("get_order_dashboard", May(ReportsRead))];

/// Tills and POS accounts, and what they report.
const POS: &[Rule] = &[
    ("list_pos_connections", May(IntegrationsManage)),
    ("create_pos_connection", May(IntegrationsManage)),
    ("get_pos_connection", May(IntegrationsManage)),
    ("update_pos_connection", May(IntegrationsManage)),
    ("delete_pos_connection", May(IntegrationsManage)),
    ("rotate_pos_secret", May(IntegrationsManage)),
    ("map_pos_product", May(IntegrationsManage)),
    ("unmap_pos_product", May(IntegrationsManage)),
    ("receive_pos_webhook", Signature),
    ("list_pos_events", May(IntegrationsManage)),
    ("get_pos_event", May(IntegrationsManage)),
    ("retry_pos_event", May(IntegrationsManage)),
    ("dismiss_pos_event", May(IntegrationsManage)),
];

/// Everything that can be asked for, noun by noun.
pub const NOUNS: &[&[Rule]] = &[
    HEALTH,
    IDENTITY,
    USERS,
    CATEGORIES,
    PRODUCTS,
    LOCATIONS,
    STOCK,
    SALES,
    CUSTOMERS,
    CARTS,
    ORDERS,
    PROMO_CODES,
    REPORTS,
    POS,
];

/// Everything that can be asked for.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    NOUNS.iter().copied().flatten()
}

/// Who may do this; `None` where nobody said, and then nobody may.
pub fn access(action: &str) -> Option<Access> {
    rules().find(|(name, _)| *name == action).map(|(_, access)| *access)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everything_has_a_name_of_its_own() {
        let names: BTreeSet<_> = rules().map(|(name, _)| name).collect();
        assert_eq!(names.len(), rules().count());
    }

    #[test]
    fn who_may_is_found_by_name() {
        assert_eq!(access("list_products"), Some(Public));
        assert_eq!(access("delete_product"), Some(Owner));
        assert_eq!(access("map_pos_product"), Some(May(IntegrationsManage)));
        assert_eq!(access("get_secrets"), None);
    }
}
