//! `user`: who may sign in. Whoever holds the data folder needs no password to say so, which is the way back for an
//! administrator who has lost theirs.

use std::io::{self, BufRead};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use postern_ledger::User;
use postern_server::auth::{Secret, machine};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session, told};
use crate::args;
use crate::output::{Line, Page, Report, show};
use postern_report::words::time;

#[derive(Debug, Serialize, JsonSchema)]
pub struct UsersReport {
    pub users: Vec<UserReport>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct UserReport {
    pub name: String,
    /// `reader`, `analyst` or `administrator`
    pub role: &'static str,
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// To the minute.
    #[schemars(with = "Option<String>")]
    pub last_seen_at: Option<Timestamp>,
    pub is_disabled: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct UserSaved {
    pub user: UserReport,
    /// Where it was generated. It is shown this once.
    pub password: Option<String>,
}

pub async fn run(session: &Session, args: args::User) -> Result<Outcome> {
    match args {
        args::User::List(format) => {
            let engine = session.open().await?;
            let users = engine.ledger().users().await?.into_iter().map(UserReport::of);
            show(&UsersReport { users: users.collect() }, format.json)?;
        }
        args::User::Add {
            name,
            role,
            password,
            format,
        } => {
            let password = password.read()?;
            let engine = session.open().await?;
            let made = machine::add_user(engine.ledger(), &name, role.into(), password).await;
            show(&UserSaved::of(made.map_err(told)?), format.json)?;
        }
        args::User::Password { name, password, format } => {
            let password = password.read()?;
            let engine = session.open().await?;
            let set = machine::set_password(engine.ledger(), &name, password)
                .await
                .map_err(told)?;
            if set.0.is_disabled {
                anstream::eprintln!("{} is disabled; an administrator can enable the account", set.0.name);
            }
            show(&UserSaved::of(set), format.json)?;
        }
    }
    Ok(Outcome::Done)
}

impl args::PasswordInput {
    /// The password on standard input, if it is to be read from there.
    fn read(&self) -> Result<Option<Secret>> {
        if !self.password_stdin {
            return Ok(None);
        }
        let mut line = String::new();
        io::stdin()
            .lock()
            .read_line(&mut line)
            .context("cannot read the password from standard input")?;
        let password = line.trim_end_matches(['\n', '\r']);
        if password.is_empty() {
            bail!("there is no password on standard input");
        }
        Ok(Some(Secret::new(password.to_owned())))
    }
}

impl UserReport {
    fn of(user: User) -> Self {
        Self {
            name: user.name,
            role: user.role.as_str(),
            created_at: user.created_at,
            last_seen_at: user.last_seen_at,
            is_disabled: user.is_disabled,
        }
    }
}

impl UserSaved {
    fn of((user, generated): (User, Option<Secret>)) -> Self {
        Self {
            user: UserReport::of(user),
            password: generated.map(|it| it.expose().to_owned()),
        }
    }
}

impl Report for UsersReport {
    const SCHEMA: &'static str = "user-list";

    fn text(&self, page: &mut Page) {
        if self.users.is_empty() {
            page.line(
                0,
                "There are no users. `postern serve` makes an administrator when it first starts.",
            );
            return;
        }
        let rows = self.users.iter().map(|user| {
            [
                Line::new().bold(&user.name),
                Line::from(user.role),
                Line::from(user.last_seen_at.map_or_else(|| "never".to_owned(), time)),
                match user.is_disabled {
                    true => Line::new().bad("disabled"),
                    false => Line::new(),
                },
            ]
        });
        page.table(0, ["name", "role", "last seen", ""], rows.collect());
    }
}

impl Report for UserSaved {
    const SCHEMA: &'static str = "user-save";

    fn text(&self, page: &mut Page) {
        page.line(
            0,
            Line::new().bold(&self.user.name).plain(format!(
                " ({}) can sign in with this password from now on.",
                self.user.role
            )),
        );
        if let Some(password) = &self.password {
            page.line(0, Line::new().plain("password: ").bold(password));
            page.line(0, Line::new().dim("It is shown this once."));
        }
    }
}
