//! What somebody may do who sits at the machine itself: whoever holds the data folder needs no password.
//!
//! The actor of these in the audit log is `command line`, which no user can be called.

use std::time::Duration;

use postern_ledger::{COMMAND_LINE, Ledger, NewToken, Token, User, UserChange};

use crate::auth::passwords::{self, Passwords};
use crate::auth::{Role, Secret};
use crate::problem::Problem;

/// The administrator whom the first start makes.
pub const FIRST_ADMINISTRATOR: &str = "admin";

/// Makes the administrator [`FIRST_ADMINISTRATOR`] where there is no administrator yet, and gives back the password,
/// which is nowhere else. `None` where there is one.
///
/// # Errors
/// A problem when somebody of that name is no administrator; those of the ledger.
pub async fn first_administrator(ledger: &Ledger) -> Result<Option<Secret>, Problem> {
    let is_there = |user: &User| user.role == Role::Administrator && !user.is_disabled;
    if ledger.users().await?.iter().any(is_there) {
        return Ok(None);
    }
    let password = Secret::for_person()?;
    let hash = Passwords::default().hash(password.clone()).await?;
    let made = ledger
        .create_first_administrator(FIRST_ADMINISTRATOR, hash, COMMAND_LINE)
        .await?;
    Ok(made.map(|_| password))
}

/// Makes a token that belongs to no user: its role is all that bounds it, and an administrator can revoke it.
///
/// # Errors
/// A problem for a name or life that no token can have.
pub async fn create_token(
    ledger: &Ledger,
    name: &str,
    role: Role,
    expires_in: Duration,
) -> Result<(Token, Secret), Problem> {
    let secret = Secret::for_token()?;
    let token = NewToken {
        hash: secret.hash(),
        name: name.to_owned(),
        role,
        owner: None,
        expires_in,
    };
    Ok((ledger.create_token(token, COMMAND_LINE).await?, secret))
}

/// Makes a user. Without a password one is generated and given back.
///
/// # Errors
/// A problem for a name that is taken or cannot be one, or a password that is too easy.
pub async fn add_user(
    ledger: &Ledger,
    name: &str,
    role: Role,
    password: Option<Secret>,
) -> Result<(User, Option<Secret>), Problem> {
    let (password, generated) = chosen_or_generated(name, password)?;
    let hash = Passwords::default().hash(password).await?;
    let user = ledger.create_user(name, role, hash, COMMAND_LINE).await?;
    Ok((user, generated))
}

/// Sets a user's password, which ends the user's sessions. Without one it is generated and given back.
///
/// # Errors
/// A problem for a user that is not there, or a password that is too easy.
pub async fn set_password(
    ledger: &Ledger,
    name: &str,
    password: Option<Secret>,
) -> Result<(User, Option<Secret>), Problem> {
    let (password, generated) = chosen_or_generated(name, password)?;
    let change = UserChange {
        password_hash: Some(Passwords::default().hash(password).await?),
        ..UserChange::default()
    };
    Ok((ledger.change_user(name, change, COMMAND_LINE).await?, generated))
}

/// The password to set, and again if it was generated and has to be told.
pub fn chosen_or_generated(name: &str, password: Option<Secret>) -> Result<(Secret, Option<Secret>), Problem> {
    match password {
        Some(password) => {
            passwords::check_new(&password, name)?;
            Ok((password, None))
        }
        None => {
            let generated = Secret::for_person()?;
            Ok((generated.clone(), Some(generated)))
        }
    }
}
