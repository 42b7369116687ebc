//! Work that nobody waits for. Each worker takes one step at a time and says what came of it, so that a test can go through all there is to do
//! without waiting; [`Workers`] takes the steps of a running shop. Never here: rules.

mod housekeeping;
mod login_failures;
mod refusals;
mod tidying;
mod token_uses;
mod worker;

pub use housekeeping::Housekeeping;
pub use login_failures::LoginFailuresWriter;
pub use refusals::RefusalsWriter;
pub use tidying::Tidying;
pub use token_uses::TokenUses;
pub use worker::{Step, Worker};

use crate::Shop;
use std::sync::Arc;
use tokio::{sync::watch, task::JoinHandle};

/// Takes a step, and those after it for as long as `goes_on` says so.
async fn take_steps<W: Worker>(worker: &mut W, shop: &Shop, goes_on: impl Fn() -> bool) {
    loop {
        match worker.step(shop).await {
            Ok(Step::Done(_)) if goes_on() => {}
            Ok(Step::Done(_) | Step::Idle) => return,
            Err(error) => {
                log::warn!("{} was put off: {error}", W::WORK);
                return;
            }
        }
    }
}

async fn work<W: Worker>(mut worker: W, shop: Arc<Shop>, mut closing: watch::Receiver<bool>) {
    let told = closing.clone();
    loop {
        let is_last = tokio::select! {
            () = tokio::time::sleep(W::REST) => false,
            // Whoever could say so is gone: that is an end, too.
            _ = closing.wait_for(|closing| *closing) => true,
        };
        // A step is not cut short: what is being written would neither be written nor left for the last time.
        match (is_last, W::IS_FINISHED_AT_THE_END) {
            (false, _) => take_steps(&mut worker, &shop, || W::GOES_ON && !*told.borrow()).await,
            (true, true) => return take_steps(&mut worker, &shop, || true).await,
            (true, false) => return,
        }
    }
}

/// The workers of a running shop.
pub struct Workers {
    closing: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Sets them to work, on the runtime that this is called on.
    pub fn start(shop: &Arc<Shop>) -> Self {
        let (closing, told) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(work(TokenUses, Arc::clone(shop), told.clone())),
            tokio::spawn(work(LoginFailuresWriter, Arc::clone(shop), told.clone())),
            tokio::spawn(work(RefusalsWriter, Arc::clone(shop), told.clone())),
            tokio::spawn(work(Tidying, Arc::clone(shop), told.clone())),
            tokio::spawn(work(Housekeeping::start(), Arc::clone(shop), told)),
        ];
        Self { closing, tasks }
    }

    /// Lets them finish what must not be lost, also where one of them has panicked meanwhile.
    pub async fn stop(self) {
        self.closing.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                log::error!("a worker failed: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, clock, config, credentials::sealing::SecretKeys, shop::Settings, start};
    use tradepost_domain::{ids::TokenId, repository::LoginFailures};
    use tradepost_store::Session;

    async fn a_shop(name: &str) -> (Shop, std::path::PathBuf) {
        let path = std::env::temp_dir().join(format!("tradepost-{name}-{}.db", clock::new_uuid()));
        let url = ("DATABASE_URL".to_owned(), format!("sqlite://{}", path.display()));
        let values = config::Values::from_map(&[config::SETTINGS], [url].into_iter().collect()).unwrap();
        let config = config::Config::of(&values).unwrap();
        let store = start::open(&config).unwrap();
        let currency = start::prepare(&store, &config, true).unwrap();
        let settings = Settings { currency, country: None, public_url: None, token_hours: 1 };
        (Shop::open(store, settings, SecretKeys::new("a secret key of the shop, long enough", &[])).unwrap(), path)
    }

    fn remove(path: &std::path::Path) {
        for ending in ["", "-wal", "-shm", "-lock"] {
            let file = format!("{}{ending}", path.display());
            if std::fs::exists(&file).unwrap() {
                std::fs::remove_file(file).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn failed_logins_are_written_once_and_then_there_is_nothing_to_do() {
        let (shop, path) = a_shop("failures").await;
        let subjects = crate::login_throttle::Subjects::of("maria", [192, 0, 2, 1].into());
        assert_eq!(LoginFailuresWriter.step(&shop).await.unwrap(), Step::Idle);
        shop.failures.attempt(&subjects, &Vec::new(), None, clock::now());
        assert_eq!(LoginFailuresWriter.step(&shop).await.unwrap(), Step::Done(2));
        assert_eq!(LoginFailuresWriter.step(&shop).await.unwrap(), Step::Idle);
        let asked = subjects.all();
        let read = move |session: &mut Session<'_>| session.login_failures(&asked).map_err(Error::from);
        let stored = shop.store.read(read).await.unwrap();
        assert_eq!(stored.iter().map(|(_, failures, _)| *failures).collect::<Vec<_>>(), [1, 1]);
        remove(&path);
    }

    #[tokio::test]
    async fn the_use_of_a_token_is_written_once_a_minute_and_housekeeping_ends() {
        let (shop, path) = a_shop("uses").await;
        assert_eq!(TokenUses.step(&shop).await.unwrap(), Step::Idle);
        shop.principals.used(TokenId::from_uuid(clock::new_uuid()), clock::now());
        assert_eq!(TokenUses.step(&shop).await.unwrap(), Step::Done(1));
        assert_eq!(TokenUses.step(&shop).await.unwrap(), Step::Idle);
        assert_eq!(Housekeeping::start().step(&shop).await.unwrap(), Step::Idle);
        assert_eq!(Tidying.step(&shop).await.unwrap(), Step::Idle);
        remove(&path);
    }

    #[tokio::test]
    async fn what_was_counted_just_before_the_end_is_written_at_the_end() {
        let (shop, path) = a_shop("end").await;
        let shop = Arc::new(shop);
        let subjects = crate::login_throttle::Subjects::of("maria", [192, 0, 2, 1].into());
        let workers = Workers::start(&shop);
        shop.failures.attempt(&subjects, &Vec::new(), None, clock::now());
        workers.stop().await;
        let asked = subjects.all();
        let read = move |session: &mut Session<'_>| session.login_failures(&asked).map_err(Error::from);
        assert_eq!(shop.store.read(read).await.unwrap().len(), 2);
        remove(&path);
    }
}
