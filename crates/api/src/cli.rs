//! The commands. Each ends with status 0, or with one sentence on standard error and another status: 2 for a wrong setting, 1 for
//! everything else.

use crate::{
    config::{self, Config},
    http::document,
    probe,
    server::{self, Start},
};
use actix_web::rt::System;
use anyhow::{Context, anyhow, bail};
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::{
    io::{Read, Write},
    process::ExitCode,
};
use tradepost_app::{clock, config::WrongSetting, credentials::tokens, sample_data, start, usecases::users};
use tradepost_domain::identity::{Role, UserForm};
use tradepost_store::{OpenError, Session};

/// Keeps a shop's stock and takes its orders.
#[derive(Parser)]
#[command(
    name = "tradepost",
    version,
    disable_help_subcommand = true,
    after_help = "Settings: `tradepost help settings`."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API
    Serve {
        /// Fill an empty shop with sample data and an owner, and print the owner's one-time password
        #[arg(long)]
        demo: bool,
        /// Do not bring the tables up to date first
        #[arg(long)]
        no_migrate: bool,
    },
    /// Ask the program that serves at TRADEPOST_BIND how it is: status 0 where it is well
    Health {
        /// Also whether it can serve: its database answers and its tables are up to date
        #[arg(long)]
        ready: bool,
    },
    /// Bring the tables up to date
    Migrate,
    /// Manage users
    #[command(subcommand)]
    User(UserCommand),
    /// Fill a shop with sample data; deletes nothing
    SampleData {
        /// Also where the shop has data already
        #[arg(long)]
        force: bool,
    },
    /// Add everything up again and tell what does not agree
    Verify,
    /// Print the contract as OpenAPI 3.1
    Openapi,
    /// Print help about a command, or about `settings`
    Help {
        /// A command, or `settings`
        topic: Vec<String>,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add a user
    Create(NewUser),
}

#[derive(Args)]
struct NewUser {
    /// shopper, employee, admin or owner
    #[arg(long)]
    role: String,
    /// A name to log in with
    #[arg(long)]
    username: Option<String>,
    /// Also a name to log in with
    #[arg(long)]
    email: String,
    /// What an employee may do; may be given several times
    #[arg(long = "permission")]
    permissions: Vec<String>,
    /// Read the password from standard input; otherwise one is made and printed
    #[arg(long)]
    password_stdin: bool,
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match execute(cli.command) {
        Ok(code) => code,
        Err(error) => {
            // One sentence on one line, also where a library wrote several.
            let sentence = format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ");
            // Standard error may be closed; then the status has to speak for itself.
            let _ = writeln!(std::io::stderr(), "tradepost: {sentence}");
            ExitCode::from(if is_about_a_setting(&error) { 2 } else { 1 })
        }
    }
}

fn is_about_a_setting(error: &anyhow::Error) -> bool {
    error.is::<WrongSetting>() || matches!(error.downcast_ref(), Some(OpenError::BadUrl(_) | OpenError::Setting(_)))
}

fn execute(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Openapi => print(&serde_json::to_string_pretty(&document::document())?),
        Command::Help { topic } => help(&topic),
        Command::Serve { demo, no_migrate } => {
            let start = Start { migrate: !no_migrate, demo };
            System::new().block_on(server::serve(load()?, start))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Health { ready } => {
            probe::ask(&load()?.server, ready)?;
            print(if ready { "ready" } else { "ok" })
        }
        Command::Migrate => migrate(&load()?),
        Command::User(UserCommand::Create(new)) => System::new().block_on(create_user(load()?, new)),
        Command::SampleData { force } => System::new().block_on(fill(load()?, force)),
        Command::Verify => verify(&load()?),
    }
}

fn load() -> anyhow::Result<Config> {
    let config = Config::load()?;
    let mut log = env_logger::Builder::new();
    log.parse_filters(&config.log);
    // Only a second logger is refused, and there is none.
    log.try_init().context("the log cannot be opened")?;
    Ok(config)
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    writeln!(std::io::stdout(), "{}", text.trim_end()).context("standard output cannot be written to")?;
    Ok(ExitCode::SUCCESS)
}

fn help(topic: &[String]) -> anyhow::Result<ExitCode> {
    if topic == ["settings"] {
        return print(&config::help());
    }
    let mut command = Cli::command();
    command.build();
    let mut found = &mut command;
    for name in topic {
        let unknown = || anyhow!("there is no help about {name:?}; `tradepost help` lists the commands");
        found = found.find_subcommand_mut(name).ok_or_else(unknown)?;
    }
    print(&found.render_long_help().to_string())
}

fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    let store = start::open(&config.shop)?;
    let names = store.migrate()?;
    start::prepare(&store, &config.shop, false)?;
    start::checkpoint(&store);
    match names.as_slice() {
        [] => print("The tables are up to date."),
        names => print(&format!("Brought up to date: {}.", names.join(", "))),
    }
}

async fn create_user(config: Config, new: NewUser) -> anyhow::Result<ExitCode> {
    let role = Role::parse(&new.role);
    let role = role.ok_or_else(|| anyhow!("--role is {:?}: it must be shopper, employee, admin or owner", new.role))?;
    let permissions = users::parse_permissions(&new.permissions).map_err(|errors| anyhow!("--permission: {errors}"))?;
    let (password, is_made) =
        if new.password_stdin { (read_password()?, false) } else { (tokens::one_time_password()?, true) };
    let form = UserForm { username: new.username, email: new.email, ..UserForm::default() };
    let user = users::NewUser { form, password: password.clone(), role, permissions };
    let (user, hash) = user.hashed(config.shop.shop.country, clock::now()).context("this user cannot be made")?;
    let store = start::open(&config.shop)?;
    start::prepare(&store, &config.shop, true)?;
    let email = user.email.to_string();
    let work = move |session: &mut Session<'_>| users::add(session, &user, &hash);
    store.write_plain(work).await.context("this user cannot be made")?;
    start::checkpoint(&store);
    let password = if is_made { format!("\none-time password: {password}") } else { String::new() };
    print(&format!("Added the {} {email}.{password}", role.as_str()))
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("no password could be read from standard input")?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.contains(['\n', '\r']) {
        bail!("standard input must hold the password, on one line");
    }
    Ok(password.to_owned())
}

async fn fill(config: Config, force: bool) -> anyhow::Result<ExitCode> {
    let store = start::open(&config.shop)?;
    let currency = start::prepare(&store, &config.shop, true)?;
    let filled = sample_data::fill(&store, currency, force).await?;
    start::checkpoint(&store);
    print(&format!("Added {filled}."))
}

fn verify(config: &Config) -> anyhow::Result<ExitCode> {
    let store = start::open_existing(&config.shop)?;
    let mut problems = 0_usize;
    let mut out = std::io::stdout();
    let checked = store.verify(|problem| {
        problems += 1;
        // Whoever stopped reading still gets the status.
        let _ = writeln!(out, "{problem}");
    })?;
    let tradepost_store::Checked { levels, movements, sales, orders, events } = checked;
    let looked_at =
        format!("{levels} levels, {movements} movements, {sales} sales, {orders} orders, {events} POS events");
    if problems == 0 {
        return print(&format!("Everything agrees: {looked_at}."));
    }
    print(&format!("{problems} problems in {looked_at}."))?;
    Ok(ExitCode::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }
}
