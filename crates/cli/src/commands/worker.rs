//! `worker`: what the server starts for imports and builds.

use anyhow::{Context, Result};

use super::{Outcome, Session};

pub async fn run(session: &Session) -> Result<Outcome> {
    let engine = session.open_or_create().await?;
    postern_server::worker::run(engine)
        .await
        .context("cannot tell the server how it went")?;
    Ok(Outcome::Done)
}
