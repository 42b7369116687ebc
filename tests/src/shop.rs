//! A shop of a test's own: a database, a server on it, and the people who come to it.

use crate::postgres::{create_database, drop_abandoned_templates, fresh_name, shared_server_url, template_name};
use crate::{Answer, Client, Engine, Program, Server, an_employee, sql, watchdog};
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The owner whom every test shop has.
pub const OWNER_LOGIN: &str = "boss";
/// The owner's password.
pub const OWNER_PASSWORD: &str = "plum-kettle-orbit-94";

/// A database that no other test knows, and a folder for the programs that work on it.
pub struct Database {
    /// Which of the two it is.
    pub engine: Engine,
    /// What `DATABASE_URL` is set to.
    pub url: String,
    folder: TempDir,
    /// Where to drop it in the end (PostgreSQL).
    dropped_by: Option<(String, String)>,
}

impl Database {
    /// A database without a table in it.
    pub fn empty(engine: Engine) -> Database {
        match engine {
            Engine::Sqlite => Database::sqlite(),
            Engine::Postgres => Database::postgres_on(shared_server_url(), None),
        }
    }

    fn sqlite() -> Database {
        let folder = temporary_folder();
        let url = format!("sqlite://{}", folder.path().join("shop.db").display());
        Database { engine: Engine::Sqlite, url, folder, dropped_by: None }
    }

    /// A database on this PostgreSQL server: empty, or a copy of another one.
    pub fn postgres_on(server_url: &str, template: Option<&str>) -> Database {
        Database::named_on(server_url, fresh_name(), template)
    }

    fn named_on(server_url: &str, name: String, template: Option<&str>) -> Database {
        let url = create_database(server_url, &name, template);
        let dropped_by = Some((server_url.to_owned(), name));
        Database { engine: Engine::Postgres, url, folder: temporary_folder(), dropped_by }
    }

    /// A copy of it. No program may be working on it.
    pub fn copy(&self) -> Database {
        match &self.dropped_by {
            Some((server_url, name)) => Database::postgres_on(server_url, Some(name)),
            None => {
                let copy = Database::sqlite();
                for file in files_of(self.folder()) {
                    let to = copy.folder().join(file.file_name().expect("a file's name"));
                    std::fs::copy(&file, to).expect("a copy of the template");
                }
                copy
            }
        }
    }

    /// The folder in which programs on this database run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `tradepost <arguments>` on this database.
    pub fn program(&self, arguments: &[&str]) -> Program {
        Program::new(self.folder(), arguments).env("DATABASE_URL", &self.url)
    }

    /// A server on this database; several may run on one PostgreSQL database.
    pub fn serve(&self, settings: &[(&str, &str)]) -> Server {
        Server::start(self.folder(), &self.url, settings)
    }

    /// `tradepost verify` finds every figure in order.
    #[track_caller]
    pub fn verify(&self) {
        self.program(&["verify"]).run().succeeded();
    }

    /// One whole number straight from the database, e.g. `select count(*) from sales`.
    pub fn number(&self, query: &str) -> i64 {
        sql::number(&self.url, query)
    }

    /// Makes the tables and the owner.
    pub fn set_up(&self) {
        self.program(&["migrate"]).run().succeeded();
        let words = [
            "user",
            "create",
            "--role",
            "owner",
            "--username",
            OWNER_LOGIN,
            "--email",
            "boss@shop.test",
            "--password-stdin",
        ];
        self.program(&words).input(OWNER_PASSWORD).run().succeeded();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server_url, name)) = &self.dropped_by {
            // The server may be stopped by now (outage tests), and it is thrown away anyway.
            drop(sql::try_execute(server_url, &format!("drop database \"{name}\" with (force)")));
        }
    }
}

fn temporary_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("tradepost-test-").tempdir().expect("a temporary folder");
    watchdog::watch_folder(folder.path());
    folder
}

/// A database with tables, an owner and the owner's token: made once in a process, copied for every test.
struct Template {
    database: Database,
    owner_token: String,
}

impl Template {
    async fn of(engine: Engine) -> &'static Template {
        static SQLITE: OnceCell<Template> = OnceCell::const_new();
        static POSTGRES: OnceCell<Template> = OnceCell::const_new();
        let cell = match engine {
            Engine::Sqlite => &SQLITE,
            Engine::Postgres => &POSTGRES,
        };
        cell.get_or_init(async || {
            let database = match engine {
                Engine::Sqlite => Database::empty(engine),
                Engine::Postgres => {
                    drop_abandoned_templates(shared_server_url());
                    Database::named_on(shared_server_url(), template_name(), None)
                }
            };
            database.set_up();
            let mut server = database.serve(&[]);
            let owner_token = Client::of(&server).log_in(OWNER_LOGIN, OWNER_PASSWORD).await.token();
            server.stop();
            Template { database, owner_token }
        })
        .await
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the template's folder");
    entries.map(|entry| entry.expect("its entries").path()).filter(|path| path.is_file()).collect()
}

/// An open shop.
pub struct Shop {
    /// Which database it keeps its books in.
    pub engine: Engine,
    /// The server that clients talk to.
    pub server: Server,
    /// Its books.
    pub database: Database,
    owner_token: String,
    http: reqwest::Client,
}

impl Shop {
    /// A fresh shop with an owner and nothing else, with default settings.
    pub async fn open(engine: Engine) -> Shop {
        Shop::open_with(engine, &[]).await
    }

    /// A fresh shop with some settings changed.
    pub async fn open_with(engine: Engine, settings: &[(&str, &str)]) -> Shop {
        let template = Template::of(engine).await;
        let database = template.database.copy();
        let server = database.serve(settings);
        Shop { engine, server, database, owner_token: template.owner_token.clone(), http: reqwest::Client::new() }
    }

    /// A fresh shop on a PostgreSQL server of the test's own, which may be stopped.
    pub async fn open_on(server_url: &str, settings: &[(&str, &str)]) -> Shop {
        let database = Database::postgres_on(server_url, None);
        database.set_up();
        let server = database.serve(settings);
        let owner_token = Client::of(&server).log_in(OWNER_LOGIN, OWNER_PASSWORD).await.token();
        Shop { engine: Engine::Postgres, server, database, owner_token, http: reqwest::Client::new() }
    }

    /// Somebody whom the shop does not know.
    pub fn anonymous(&self) -> Client {
        Client::new(self.http.clone(), self.server.shared_address(), None)
    }

    /// The owner, logged in.
    pub fn owner(&self) -> Client {
        self.anonymous().with_token(&self.owner_token)
    }

    /// A new employee with these permissions and no others, logged in.
    pub async fn employee(&self, permissions: &[&str]) -> Client {
        an_employee().permissions(permissions).create(&self.owner()).await
    }

    /// A new administrator, logged in.
    pub async fn admin(&self) -> Client {
        an_employee().role("admin").create(&self.owner()).await
    }

    /// A new shopper, who registered and logged in.
    pub async fn shopper(&self) -> Client {
        let name = format!("shopper-{}", uuid::Uuid::new_v4().simple());
        let body = json!({ "email": format!("{name}@mail.test"), "username": name, "password": OWNER_PASSWORD, "first_name": "Sam" });
        self.anonymous().post("/auth/register", body).await.is(201);
        self.anonymous().log_in(&name, OWNER_PASSWORD).await
    }

    /// Another server process on the same database.
    pub fn second_server(&self) -> (Server, Client) {
        let server = self.database.serve(&[]);
        let owner = Client::new(self.http.clone(), server.shared_address(), Some(self.owner_token.clone()));
        (server, owner)
    }

    /// The default location, as the owner sees it.
    pub async fn main_location(&self) -> String {
        let locations = self.owner().get("/locations").await.is(200);
        let main = locations.items().iter().find(|location| location["code"] == "main").cloned();
        main.expect("the location `main`")["id"].as_str().expect("its id").to_owned()
    }

    /// How many SQL statements this costs the server: the least of three times, for the server does work of its own meanwhile.
    pub async fn statements_of(&self, mut request: impl AsyncFnMut()) -> u64 {
        let mut least = u64::MAX;
        for _ in 0..3 {
            let before = self.metric("tradepost_sql_statements_total").await;
            request().await;
            least = least.min(self.metric("tradepost_sql_statements_total").await - before);
        }
        least
    }

    /// The sum of one metric over its labels.
    pub async fn metric(&self, name: &str) -> u64 {
        let metrics: Answer = self.anonymous().get("/metrics").await.is(200);
        let samples = metrics.text();
        let values =
            samples.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        let figures: Vec<f64> = values.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        assert!(!figures.is_empty(), "no metric {name} in:\n{samples}");
        figures.iter().sum::<f64>() as u64
    }
}
