//! A shop inside another program: no server, no HTTP, and the clock and the ids are the program's own.
//!
//! `cargo run -p tradepost-store --example embedded` works in a file that is thrown away, `… --example embedded -- shop.db` in one that is
//! kept: run it twice, and the shop, its product and its stock are there already.

use std::{
    error::Error,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tradepost_domain::{
    catalogue::{ProductForm, ProductPatch},
    identity::Principal,
    ids::{LocationId, ProductId},
    instant::Instant,
    ledger::{Command, Effects, Refusal, SellLine, catalogue, sales::NewSale},
    money::Currency,
    repository::Repository,
    stock::Location,
};
use tradepost_store::{
    FirstStart, ListRequest, Sources, Store, StoreConfig, StoreError, SubmitError,
    catalogue::{ProductFilter, View},
    locations::LocationFilter,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What became of one evening in the shop.
#[derive(Debug)]
pub(crate) struct Evening {
    /// What was decided when seven bags of tea were sold.
    pub(crate) sold: Effects,
    /// Why seven more were not.
    pub(crate) refused: Refusal,
    /// The locations, by code.
    pub(crate) locations: Vec<String>,
}

/// A shop and where its ids come from.
struct Shop {
    store: Store,
    sources: Sources,
}

fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("tradepost-embedded-{}", std::process::id()));
    let path = std::env::args_os().nth(1).map_or_else(|| folder.join("shop.db"), Into::into);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let evening = runtime.block_on(evening(&path, "2026-01-31T18:00:00Z"))?;
    let sale = evening.sold.sales.sales.first().ok_or("no sale was made")?;
    println!("sale {} of {}, to locations {:?}", sale.value.number, sale.value.total, evening.locations);
    for movement in evening.sold.movements() {
        println!("  {}: {} on hand", movement.kind.as_str(), movement.change.on_hand);
    }
    println!("and then: {}", evening.refused);
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// Opens the shop in this file, or makes it; sees to it that tea is in stock; sells some, and tries to sell more than there is.
pub(crate) async fn evening(path: &Path, now: &str) -> Result<Evening> {
    let shop = open(path, Instant::parse(now)?)?;
    shop.add_location("cellar", "Cellar").await?;
    let tea = shop.tea().await?;
    let sold = shop.sell(tea, "7").await??;
    let Err(refused) = shop.sell(tea, "7").await? else { return Err("there was more tea than was bought".into()) };
    Ok(Evening { sold, refused, locations: shop.location_codes().await? })
}

/// A clock that stands still, and ids that are counted from it.
fn sources(now: Instant) -> Sources {
    let count = AtomicU64::new(0);
    let new_id = move || {
        let millis = u64::try_from(now.micros() / 1_000).unwrap_or(0);
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&count.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    };
    Sources::new(move || now, new_id)
}

fn open(path: &Path, now: Instant) -> Result<Shop> {
    let sources = sources(now);
    let url = format!("sqlite://{}", path.display());
    let store = Store::open(&StoreConfig { url, readers: 2, queue: 64, sources: sources.clone() })?;
    store.claim()?;
    store.migrate()?;
    store.first_start(&FirstStart {
        shop_name: "Tea and more".to_owned(),
        currency: None,
        default_currency: Currency::parse("EUR")?,
        location: LocationId::from_uuid(sources.new_id()),
        now,
    })?;
    Ok(Shop { store, sources })
}

impl Shop {
    /// What is kept as a whole goes through the repositories, in a unit of work.
    async fn add_location(&self, code: &str, name: &str) -> Result<()> {
        let id = LocationId::from_uuid(self.sources.new_id());
        let location = Location::new(id, code, name, self.sources.now())?;
        let added = self.store.write_plain(move |session| Ok::<_, StoreError>(session.add(&location)?)).await;
        match added {
            // The shop was here before.
            Ok(()) | Err(StoreError::Duplicate { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Lists are read in a snapshot.
    async fn location_codes(&self) -> Result<Vec<String>> {
        let filter = LocationFilter::default();
        let all = ListRequest { filter, order: Vec::new(), limit: 100, after: None, count: false };
        let page = self.store.read(move |session| tradepost_store::locations::list(session, &all)).await?;
        Ok(page.rows.into_iter().map(|location| location.code).collect())
    }

    /// The tea, ten bags of it where it is new.
    async fn tea(&self) -> Result<ProductId> {
        let filter = ProductFilter { sku: Some("TEA".to_owned()), ..ProductFilter::default() };
        let asked = ListRequest { filter, order: Vec::new(), limit: 1, after: None, count: false };
        let page =
            self.store.read(move |session| tradepost_store::catalogue::list(session, View::Staff, &asked)).await?;
        if let Some(tea) = page.rows.first() {
            return Ok(tea.id.into());
        }
        let (id, currency) = (ProductId::from_uuid(self.sources.new_id()), Currency::parse("EUR")?);
        let rest = ProductPatch { price: Some("2.50".to_owned()), ..ProductPatch::default() };
        let form = ProductForm { sku: "TEA".to_owned(), name: "Tea".to_owned(), rest };
        let product = Arc::new(form.parse(id, currency, self.sources.now())?);
        let initial_quantity = Some("10".parse()?);
        self.submit(Command::Catalogue(catalogue::Command::Add { product, initial_quantity })).await??;
        Ok(id)
    }

    async fn sell(&self, product: ProductId, quantity: &str) -> Result<std::result::Result<Effects, Refusal>> {
        let line = SellLine::of(product, quantity.parse()?);
        self.submit(NewSale::of([line]).into()).await
    }

    /// What changes stock goes through the ledger, which answers with what it has decided and kept, or with why not.
    async fn submit(&self, command: Command) -> Result<std::result::Result<Effects, Refusal>> {
        match self.store.ledger().execute(command, Principal::system()).await {
            Ok(effects) => Ok(Ok(effects)),
            Err(SubmitError::Refused(refusal)) => Ok(Err(refusal)),
            Err(SubmitError::Store(error)) => Err(error.into()),
        }
    }
}
