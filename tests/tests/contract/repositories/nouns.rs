//! Every noun that is kept as a whole: a line in the list, and how one is made and edited.

use super::{
    battery::{Sample, Texts, keeping, removing},
    on_each_implementation,
};
use crate::{a_customer, a_user, address, at, eur, new_id, ordering};
use tradepost_domain::{
    catalogue::Category,
    customers::{Customer, CustomerPatch},
    identity::{Permission, Role, User},
    ids::{CategoryId, LocationId, PosConnectionId},
    pos::{OnShortage, PosConnection, PosConnectionPatch},
    promos::{Promo, PromoPatch},
    repository::{Carts, Customers, LoginFailures, PosConnections, Promos, Remove, Repository, Tokens, Users},
    stock::Location,
    text::fold,
};

macro_rules! every_noun {
    ($($rule:ident: [$($promise:ident),+] of $noun:ty,)+) => {
        $(on_each_implementation!($rule, |shop| { $($promise::<$noun>(shop);)+ });)+
    };
}

every_noun! {
    categories: [keeping, removing] of Category,
    customers: [keeping, removing] of Customer,
    // Removing a location is a command of the ledger.
    locations: [keeping] of Location,
    pos_connections: [keeping, removing] of PosConnection,
    promos: [keeping, removing] of Promo,
    users: [keeping, removing] of User,
}

/// All that is promised, by one and the same thing.
pub(crate) trait Repositories:
    Users + Tokens + LoginFailures + Customers + PosConnections + Promos + Carts + Remove<Category> + Repository<Location>
{
}

impl<S> Repositories for S where
    S: Users
        + Tokens
        + LoginFailures
        + Customers
        + PosConnections
        + Promos
        + Carts
        + Remove<Category>
        + Repository<Location>
{
}

impl Sample for Category {
    fn make(texts: Texts<'_>) -> Self {
        Self::new(CategoryId::from_uuid(new_id()), &texts("name"), "What is in it", at(10)).expect("a category")
    }

    fn edit(mut self, texts: Texts<'_>) -> Self {
        Self::edit(&mut self, Some(&texts("name")), Some(""), at(20)).expect("a good edit");
        self
    }
}

impl Sample for Customer {
    fn make(texts: Texts<'_>) -> Self {
        let mut customer = a_customer(&texts("name"), Some(&texts("code")));
        customer.email = Some(address("a.family@shop.test"));
        customer
    }

    fn edit(mut self, texts: Texts<'_>) -> Self {
        let (name, code) = (Some(texts("name")), Some(texts("code")));
        let patch = CustomerPatch { name, code, email: Some(None), ..CustomerPatch::default() };
        Self::edit(&mut self, &patch, None, at(20)).expect("a good edit");
        self
    }
}

impl Sample for Location {
    fn make(texts: Texts<'_>) -> Self {
        Self::new(LocationId::from_uuid(new_id()), &texts("code"), &texts("name"), at(10)).expect("a location")
    }

    fn edit(mut self, texts: Texts<'_>) -> Self {
        Self::edit(&mut self, Some(&texts("code")), Some(&texts("name")), at(20)).expect("a good edit");
        self
    }
}

impl Sample for PosConnection {
    fn make(texts: Texts<'_>) -> Self {
        let form = PosConnectionPatch { name: Some(texts("name")), ..PosConnectionPatch::default() };
        Self::new(PosConnectionId::from_uuid(new_id()), &form, at(10)).expect("a connection")
    }

    fn edit(mut self, texts: Texts<'_>) -> Self {
        let (name, on_shortage) = (Some(texts("name")), Some(OnShortage::Hold));
        Self::edit(&mut self, &PosConnectionPatch { name, on_shortage, ..PosConnectionPatch::default() }, at(20))
            .expect("a good edit");
        self
    }
}

impl Sample for Promo {
    /// A percentage with every limit there is.
    fn make(texts: Texts<'_>) -> Self {
        ordering::a_promo(&texts("code"), "12.5", |form| {
            form.max_discount = Some(Some("5".into()));
            form.minimum_subtotal = Some(Some("20".into()));
            form.usage_limit = Some(Some(u32::MAX));
            form.per_customer_limit = Some(Some(1));
        })
    }

    /// An amount without any.
    fn edit(mut self, texts: Texts<'_>) -> Self {
        let patch = PromoPatch {
            code: Some(texts("code")),
            name: Some(texts("name")),
            kind: Some("fixed".to_owned()),
            amount: Some(Some("5".to_owned())),
            percentage: Some(None),
            max_discount: Some(None),
            minimum_subtotal: Some(None),
            active: Some(false),
            usage_limit: Some(None),
            per_customer_limit: Some(None),
            ..PromoPatch::default()
        };
        Self::edit(&mut self, &patch, eur(), at(20)).expect("a good edit");
        self
    }
}

impl Sample for User {
    fn make(texts: Texts<'_>) -> Self {
        let email = format!("{}@shop.test", texts("email"));
        let mut user = a_user(&email, Some(&texts("username")), Role::Employee);
        user.permissions = [Permission::StockRead, Permission::SalesWrite].into_iter().collect();
        user.date_of_birth = "1990-01-31".parse().ok();
        user
    }

    fn edit(self, texts: Texts<'_>) -> Self {
        Self {
            email: address(&format!("{}@shop.test", texts("email"))),
            username: Some(texts("username")),
            first_name: fold(&texts("name")),
            date_of_birth: None,
            role: Role::Shopper,
            active: false,
            version: self.version + 1,
            updated_at: at(20),
            ..self
        }
    }
}
