//! `token`: secrets for programs that use the API.

use std::time::Duration;

use anyhow::Result;
use postern_server::auth::machine;

use super::{Outcome, Session, told};
use crate::args;

const DAY_S: u64 = 24 * 60 * 60;

pub async fn run(session: &Session, args: args::Token) -> Result<Outcome> {
    let args::Token::Create {
        role,
        name,
        expires_in_days,
    } = args;
    let engine = session.open_or_create().await?;
    let life = Duration::from_secs(u64::from(expires_in_days) * DAY_S);
    let made = machine::create_token(engine.ledger(), &name, role.into(), life).await;
    let (_, secret) = made.map_err(told)?;
    anstream::println!("{}", secret.expose());
    Ok(Outcome::Done)
}
