//! Signing in, and what everybody does with their own password. Start at [`sign_in`].
//!
//! **Invariant:** whoever asks cannot learn whether a name is known: not from the answer, not from how long it
//! takes, not from when tries run out.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use postern_ledger::{Session, SessionLimits, USER_NAME_CHARS_MAX, User, UserChange};

use crate::App;
use crate::auth::limiter::{Limiter, Rate};
use crate::auth::passwords::{self, Passwords, Verdict};
use crate::auth::{Identity, Secret, Via};
use crate::problem::{Kind, Problem};

/// Wrong passwords for one name: five at once, then one in half a minute.
pub const TRIES_OF_A_NAME: Rate = Rate {
    burst: 5,
    every: Duration::from_secs(30),
};

/// Wrong passwords from one address, whatever the names: twenty at once, then one in three seconds.
pub const TRIES_FROM_AN_ADDRESS: Rate = Rate {
    burst: 20,
    every: Duration::from_secs(3),
};

/// What sign-ins share.
#[derive(Debug)]
pub struct Accounts {
    pub passwords: Passwords,
    pub session_limits: SessionLimits,
    names: Limiter,
    addresses: Limiter,
}

impl Accounts {
    pub fn new(session_limits: SessionLimits) -> Self {
        Self {
            passwords: Passwords::default(),
            session_limits,
            names: Limiter::new(TRIES_OF_A_NAME),
            addresses: Limiter::new(TRIES_FROM_AN_ADDRESS),
        }
    }

    /// Counts a try as wrong, until [`Try::was_none`] says otherwise.
    fn begin_try(&self, name: &str, address: IpAddr) -> Result<Try<'_>, Problem> {
        let now = Instant::now();
        let attempt = Try {
            accounts: self,
            name: key_of_name(name),
            address: key_of_address(address),
        };
        self.addresses.take(&attempt.address, now).map_err(too_often)?;
        if let Err(wait) = self.names.take(&attempt.name, now) {
            self.addresses.give_back(&attempt.address);
            return Err(too_often(wait));
        }
        Ok(attempt)
    }
}

struct Try<'a> {
    accounts: &'a Accounts,
    name: String,
    address: String,
}

impl Try<'_> {
    fn was_none(self) {
        self.accounts.names.give_back(&self.name);
        self.accounts.addresses.give_back(&self.address);
    }
}

/// Names of users are ASCII and this long at most; whatever else is typed in is cut to the same size.
fn key_of_name(name: &str) -> String {
    name.chars()
        .take(USER_NAME_CHARS_MAX)
        .collect::<String>()
        .to_lowercase()
}

/// One subscriber has a whole /64 of version 6.
fn key_of_address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn too_often(wait: Duration) -> Problem {
    // Rounded up: who comes at the told moment is let in.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let plural = if seconds == 1 { "" } else { "s" };
    let detail = format!("Try again in {seconds} second{plural}. An administrator can set a new password.");
    Problem::new(Kind::TooManyRequests, "There were too many wrong passwords.", detail).retry_after(seconds)
}

/// Opens a session for whoever knows the password.
///
/// # Errors
/// A problem: wrong name or password, a disabled account, too many tries.
pub async fn sign_in(app: &App, name: &str, password: Secret, address: IpAddr) -> Result<(Secret, Session), Problem> {
    let Some(user) = check(app, name, password, address).await? else {
        let detail = "Try again. An administrator can set a new password, and so can, on the machine itself, \
                      `postern user password NAME`.";
        return Err(Problem::new(
            Kind::WrongPassword,
            "The name or the password is wrong.",
            detail,
        ));
    };
    if user.is_disabled {
        let from = address.to_string();
        app.engine
            .ledger()
            .record_failed_sign_in(Some(&user.name), &from)
            .await?;
        let detail = "An administrator can enable it.";
        return Err(Problem::new(Kind::NotAllowed, "This account is disabled.", detail));
    }
    open(app, &user.name, address).await
}

async fn open(app: &App, name: &str, address: IpAddr) -> Result<(Secret, Session), Problem> {
    let secret = Secret::for_session()?;
    let limits = app.accounts.session_limits;
    let ledger = app.engine.ledger();
    let session = ledger
        .open_session(secret.hash(), name, limits, &address.to_string())
        .await?;
    Ok((secret, session))
}

/// Sets one's own password. All sessions end, and a new one begins for whoever asked.
///
/// # Errors
/// A problem: the current password is wrong, the new one too easy, too many tries, or a token asks.
pub async fn change_password(
    app: &App,
    who: &Identity,
    current: Secret,
    new: Secret,
    address: IpAddr,
) -> Result<Secret, Problem> {
    if who.via == Via::Token {
        return Err(tokens_may_not("A token cannot change a password."));
    }
    let is_same = current.expose() == new.expose();
    let Some(user) = check(app, &who.name, current, address).await? else {
        return Err(Problem::invalid("The current password is wrong.", "Type it in again."));
    };
    if is_same {
        let detail = "Choose one that was not used before.";
        return Err(Problem::invalid("The new password is the current one.", detail));
    }
    passwords::check_new(&new, &user.name)?;
    let change = UserChange {
        password_hash: Some(app.accounts.passwords.hash(new).await?),
        ..UserChange::default()
    };
    app.engine.ledger().change_user(&user.name, change, &user.name).await?;
    Ok(open(app, &user.name, address).await?.0)
}

/// What only a person may do, or a leaked token would be for ever.
pub fn tokens_may_not(title: &str) -> Problem {
    Problem::new(Kind::NotAllowed, title, "Sign in with name and password.")
}

/// The user of this name and password, disabled or not. A wrong one is counted and written down.
async fn check(app: &App, name: &str, password: Secret, address: IpAddr) -> Result<Option<User>, Problem> {
    let attempt = app.accounts.begin_try(name, address)?;
    let ledger = app.engine.ledger();
    let checked = async {
        let found = ledger.credentials(name).await?;
        let (user, hash) = found.map(|it| (it.user, it.password_hash)).unzip();
        Ok::<_, Problem>((user, app.accounts.passwords.verify(password, hash.clone()).await?, hash))
    };
    let (user, verdict, hash) = match checked.await {
        Ok(checked) => checked,
        Err(problem) => {
            // Ours is the failure: the password was never looked at.
            attempt.was_none();
            return Err(problem);
        }
    };
    match (user, verdict) {
        (Some(user), Verdict::Right { renewed }) => {
            attempt.was_none();
            if let (Some(old), Some(new)) = (hash, renewed) {
                ledger.renew_password_hash(&user.name, old, new).await?;
            }
            Ok(Some(user))
        }
        (user, _) => {
            let known = user.as_ref().map(|it| it.name.as_str());
            ledger.record_failed_sign_in(known, &address.to_string()).await?;
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_name_is_counted_in_any_letter_case_and_an_address_with_its_neighbours() {
        assert_eq!(key_of_name("Alice@Corp"), key_of_name("alice@CORP"));
        assert_eq!(key_of_name(&"x".repeat(10_000)).len(), USER_NAME_CHARS_MAX);
        let key = |text| key_of_address(address(text));
        assert_eq!(key("2001:db8:1:2::7"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::7"), key("2001:db8:1:3::7"));
        assert_eq!(key("::ffff:192.0.2.7"), key("192.0.2.7"));
        assert_ne!(key("192.0.2.7"), key("192.0.2.8"));
    }

    #[test]
    fn many_names_from_one_address_run_out_and_other_addresses_do_not() {
        let accounts = Accounts::new(SessionLimits::default());
        let begin = |name: &str, from| accounts.begin_try(name, address(from)).map(|_| ());
        for number in 0..TRIES_FROM_AN_ADDRESS.burst {
            begin(&number.to_string(), "192.0.2.7").expect("within the burst");
        }
        let refused = begin("one more", "192.0.2.7").expect_err("too many");
        assert_eq!((refused.kind, refused.retry_after_s), (Kind::TooManyRequests, Some(3)));
        begin("one more", "192.0.2.8").expect("another address");
    }

    #[test]
    fn a_name_that_is_refused_costs_its_address_nothing() {
        let accounts = Accounts::new(SessionLimits::default());
        let begin = |name: &str| accounts.begin_try(name, address("192.0.2.7")).map(|_| ());
        for _ in 0..TRIES_OF_A_NAME.burst {
            begin("ann").expect("within the burst");
        }
        for _ in 0..100 {
            assert!(begin("ann").is_err());
        }
        begin("bob").expect("the address has tries left");
    }
}
