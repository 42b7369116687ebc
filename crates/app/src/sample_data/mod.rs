//! A smoothie shop to try things with. Nothing is ever deleted; every unit of stock comes through the ledger.

mod goods;
mod ledger;
mod orders;

use crate::{Error, Result, Shop, clock, credentials::tokens, usecases::users};
use anyhow::{Context, anyhow, bail};
use goods::{CATEGORIES, GOODS, Good};
use ledger::{lines_of, price, submit};
use std::sync::Arc;
use tradepost_domain::{
    catalogue::{Category, ProductForm, ProductPatch},
    customers::{Customer, CustomerForm},
    identity::{Permissions, Role, User, UserForm},
    ids::{CategoryId, CustomerId, LocationId, ProductId},
    ledger::{self as rules, Command},
    money::Currency,
    quantity::Quantity,
    repository::Repository,
    sales::Buyer,
    stock::Location,
};
use tradepost_store::{ListRequest, Session, Store, catalogue, categories, locations, users as stored_users};

/// How many of each were added.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filled {
    categories: usize,
    products: usize,
    sales: usize,
    orders: usize,
}

impl std::fmt::Display for Filled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { categories, products, sales, orders } = self;
        write!(f, "{categories} categories, {products} products, {sales} sales and {orders} orders")
    }
}

/// Who may log in to the shop to try things with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// The shop was new: it has sample data now, and this owner.
    New {
        /// The owner's username.
        login: String,
        /// Shown once; only its hash is kept.
        password: String,
    },
    /// The shop was there already, and so was this owner: the first who registered.
    Known {
        /// Their username, or their e-mail address where they have none.
        login: String,
    },
    /// The shop has data and no owner.
    Shut,
}

/// Fills an empty shop and makes an owner; leaves any other alone. Answers who may log in.
///
/// # Errors
/// A sentence that says what could not be added.
pub async fn open_demo_shop(shop: &Shop) -> anyhow::Result<Door> {
    let look = |session: &mut Session<'_>| -> Result<_> {
        let is_new =
            catalogue::is_empty(session)? && first_user(session, stored_users::UserFilter::default())?.is_none();
        let owners = stored_users::UserFilter { role: Some(Role::Owner), active: Some(true), ..Default::default() };
        Ok((is_new, first_user(session, owners)?))
    };
    let (is_new, owner) = shop.store.read(look).await?;
    if !is_new {
        return Ok(owner.map_or(Door::Shut, |owner| Door::Known {
            login: owner.username.unwrap_or_else(|| owner.email.to_string()),
        }));
    }
    fill(&shop.store, shop.currency(), false).await?;
    let password = tokens::one_time_password()?;
    let login = "owner".to_owned();
    let form = UserForm { username: Some(login.clone()), email: "owner@shop.test".to_owned(), ..UserForm::default() };
    let (role, permissions) = (Role::Owner, Permissions::NONE);
    let owner = users::NewUser { form, password: password.clone(), role, permissions };
    let (owner, hash) = owner.hashed(None, clock::now())?;
    let work = move |session: &mut Session<'_>| users::add(session, &owner, &hash);
    shop.store.write_plain(work).await?;
    Ok(Door::New { login, password })
}

fn first_user(session: &mut Session<'_>, filter: stored_users::UserFilter) -> Result<Option<User>> {
    let first = ListRequest { filter, order: Vec::new(), limit: 1, after: None, count: false };
    Ok(stored_users::list(session, &first)?.rows.into_iter().next())
}

/// Adds the sample data.
///
/// # Errors
/// A sentence; where the shop has data, unless `force` says to go on.
pub async fn fill(store: &Store, currency: Currency, force: bool) -> anyhow::Result<Filled> {
    let is_empty = store.read_one(|session| catalogue::is_empty(session).map_err(Error::from)).await?;
    if !is_empty && !force {
        bail!("this shop has data already; to add the sample data beside it, which deletes nothing, say so");
    }
    let mut filled = Filled::default();
    let mut places = Vec::new();
    for (name, description) in CATEGORIES {
        let (id, is_new) = category(store, name, description).await?;
        places.push(id);
        filled.categories += usize::from(is_new);
    }
    let store_room = store_room(store).await?;
    let mut products = Vec::new();
    for good in GOODS {
        let place = places.get(good.category).copied().context("a sample product without a category")?;
        if let Some(id) = product(store, currency, good, place).await? {
            products.push(id);
            adjust(store, id, store_room, good.in_store_room).await?;
        }
    }
    filled.products = products.len();
    if products.len() < GOODS.len() || currency.decimals() > 4 {
        // Some of the goods were there already: whatever is sold of them is somebody's real business.
        return Ok(filled);
    }
    let amina = customer(store, "Amina Otieno", "amina@example.org").await?;
    let jonas = customer(store, "Jonas Weber", "jonas@example.org").await?;
    filled.sales = sales(store, (amina, jonas), &products).await?;
    filled.orders = orders::place(store, currency, (amina, jonas), &products).await?;
    Ok(filled)
}

async fn category(store: &Store, name: &str, description: &str) -> anyhow::Result<(CategoryId, bool)> {
    let id = CategoryId::from_uuid(clock::new_uuid());
    let category = Category::new(id, name, description, clock::now()).map_err(|errors| anyhow!("{errors}"))?;
    let work = move |session: &mut Session<'_>| -> Result<_> {
        let filter = categories::CategoryFilter { name: Some(category.name.clone()), search: None };
        let request = ListRequest { filter, order: Vec::new(), limit: 1, after: None, count: false };
        if let Some(known) = categories::list(session, &request)?.rows.first() {
            return Ok((known.id, false));
        }
        session.add(&category)?;
        Ok((category.id, true))
    };
    store.write_plain(work).await.map_err(Into::into)
}

async fn store_room(store: &Store) -> anyhow::Result<LocationId> {
    let id = LocationId::from_uuid(clock::new_uuid());
    let location = Location::new(id, "store", "Store room", clock::now()).map_err(|errors| anyhow!("{errors}"))?;
    let work = move |session: &mut Session<'_>| -> Result<_> {
        let filter = locations::LocationFilter { code: Some(location.code.clone()), name: None, search: None };
        let request = ListRequest { filter, order: Vec::new(), limit: 1, after: None, count: false };
        if let Some(known) = locations::list(session, &request)?.rows.first() {
            return Ok(known.id);
        }
        session.add(&location)?;
        Ok(location.id)
    };
    store.write_plain(work).await.map_err(Into::into)
}

/// Adds a product with its first stock; nothing where its SKU or name is taken.
async fn product(
    store: &Store,
    currency: Currency,
    good: &Good,
    place: CategoryId,
) -> anyhow::Result<Option<ProductId>> {
    let rest = ProductPatch {
        description: Some(good.description.to_owned()),
        price: Some(price(good.price_cents, currency).to_string()),
        category: Some(Some(place)),
        unit: Some(good.unit.to_owned()),
        unit_decimals: Some(good.unit_decimals),
        low_stock_threshold: Some(Quantity::whole(good.low)),
        ..ProductPatch::default()
    };
    let form = ProductForm { sku: good.sku.to_owned(), name: good.name.to_owned(), rest };
    let id = ProductId::from_uuid(clock::new_uuid());
    let product = form.parse(id, currency, clock::now()).map_err(|errors| anyhow!("{}: {errors}", good.sku))?;
    let initial_quantity = Quantity::whole(good.in_shop);
    let command = rules::catalogue::Command::Add { product: Arc::new(product), initial_quantity };
    match submit(store, Command::Catalogue(command)).await {
        Ok(()) => Ok(Some(id)),
        Err(error) if error.is_duplicate() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn adjust(store: &Store, product: ProductId, location: LocationId, quantity: u32) -> anyhow::Result<()> {
    let change = Quantity::whole(quantity).context("a sample quantity")?.as_increase();
    if change.is_zero() {
        return Ok(());
    }
    let reason = "Delivered to the store room".to_owned();
    let command = rules::stock::Command::Adjust { product, location: Some(location), change, reason };
    submit(store, Command::Stock(command)).await.map_err(Into::into)
}

/// A few sales, to two customers and to people who only left a name.
async fn sales(
    store: &Store,
    (amina, jonas): (CustomerId, CustomerId),
    products: &[ProductId],
) -> anyhow::Result<usize> {
    let sold: [(Buyer, &[(usize, u32)]); 5] = [
        (Buyer::Customer(amina), &[(0, 2), (12, 1)]),
        (Buyer::Named("Walk-in".to_owned()), &[(1, 1), (17, 2), (21, 1)]),
        (Buyer::Customer(jonas), &[(3, 1), (4, 1), (25, 1)]),
        (Buyer::Named("Office on the third floor".to_owned()), &[(2, 6), (14, 4), (18, 3)]),
        (Buyer::Customer(amina), &[(7, 1)]),
    ];
    for (buyer, lines) in &sold {
        let lines = lines_of(lines, products);
        let new = rules::sales::NewSale { lines, buyer: Some(buyer.clone()), ..Default::default() };
        submit(store, Command::Sales(rules::sales::Command::Record(new))).await?;
    }
    Ok(sold.len())
}

async fn customer(store: &Store, name: &str, email: &str) -> anyhow::Result<CustomerId> {
    let form = CustomerForm { name: name.to_owned(), email: Some(email.to_owned()), ..CustomerForm::default() };
    let id = CustomerId::from_uuid(clock::new_uuid());
    let customer: Customer = form.parse(id, None, clock::now()).map_err(|errors| anyhow!("{errors}"))?;
    let work = move |session: &mut Session<'_>| session.add(&customer).map_err(Error::from);
    store.write_plain(work).await?;
    Ok(id)
}
