//! Closed sets of words, as the contract lists them. What belongs to a set is the domain's to say.

use std::borrow::Cow;
use tradepost_domain::{
    identity::{Permission, Role},
    orders::OrderStatus,
    pos::{OnShortage, PosEventStatus, SignatureFault},
    promos::{Discount, PromoRefusal},
    sales::SaleStatus,
    stock::{MovementKind, Source},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

macro_rules! words {
    ($($name:ident as $schema_name:literal = $words:expr, $about:literal;)+) => {$(
        #[doc = $about]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words: Vec<&'static str> = Vec::from_iter($words);
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some($about)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($schema_name)
            }
        }
    )+

        /// All of them, with their names.
        pub fn schemas() -> Vec<(Cow<'static, str>, RefOr<Schema>)> {
            vec![$(($name::name(), $name::schema())),+]
        }
    };
}
words! {
    OrderStatusWord as "OrderStatus" = OrderStatus::ALL.map(OrderStatus::as_str), "Where an order stands.";
    SaleStatusWord as "SaleStatus" = SaleStatus::ALL.map(SaleStatus::as_str), "Where a sale stands.";
    PromoKindWord as "PromoKind" = Discount::KINDS, "`fixed`: an amount; `percentage`: a part of the subtotal.";
    PromoRefusalWord as "PromoRefusal" = PromoRefusal::ALL.map(PromoRefusal::as_str), "Why a promo code cannot be used.";
    MovementKindWord as "MovementKind" = MovementKind::ALL.iter().map(|kind| kind.as_str()), "What moved the stock.";
    SourceTypeWord as "SourceType" = Source::TYPE_NAMES, "What kind of document a movement belongs to.";
    ActorTypeWord as "ActorType" = ["user", "pos_connection", "system"], "A user, a till, or the program itself.";
    RoleWord as "Role" = Role::ALL.map(Role::as_str), "What a user is to the shop.";
    PermissionWord as "Permission" = Permission::ALL.iter().map(|permission| permission.as_str()), "One thing a user may be allowed to do.";
    OnShortageWord as "OnShortage" = OnShortage::ALL.map(OnShortage::as_str),
        "What to do with a till's report of goods that, by the books, are not there: refuse it, or hold it where not even the promised goods are enough.";
    DialectWord as "PosDialect" = ["standard"], "`standard`: Standard Webhooks 1.0.";
    PosEventStatusWord as "PosEventStatus" = PosEventStatus::ALL.map(PosEventStatus::as_str), "Where a delivery stands.";
    RefusedDeliveryWord as "RefusedDeliveryReason" = SignatureFault::ALL.map(SignatureFault::as_str),
        "Why a delivery was not let in: `incomplete`, a header is missing; `malformed`, a header cannot be what it should be; `clock_off`, it is signed well, but more than 300 s ago or ahead; `no_signature_matches`, signed with another secret or changed on its way.";
    ConflictWord as "ConflictReason" = tradepost_domain::ledger::CONFLICTS.iter().copied(), "What is contradicted.";
    StateWord as "State" = states(), "Where an order or a delivery stands.";
    ActionWord as "OrderAction" = actions(), "What can be done with an order, by the last part of the path.";
}

/// Everything that has states and steps between them.
fn states() -> Vec<&'static str> {
    let mut states = OrderStatus::ALL.map(OrderStatus::as_str).to_vec();
    states.extend(PosEventStatus::ALL.map(PosEventStatus::as_str));
    states
}

fn actions() -> Vec<&'static str> {
    let mut actions: Vec<_> = OrderStatus::ALL.iter().flat_map(|status| status.allowed_actions()).copied().collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}
