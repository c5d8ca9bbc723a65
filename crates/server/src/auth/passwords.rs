//! Passwords: what they must be like, and checking them with Argon2id.
//!
//! Hashing is meant to be dear, so it is rationed: [`HASHES_AT_ONCE_MAX`] run at a time, on threads of their own,
//! [`HASHES_WAITING_MAX`] wait, and the next caller is told to come back. However many people try to sign in, no
//! more than 38 MiB and two cores are theirs.

use std::sync::{Arc, OnceLock};

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use postern_ledger::PasswordHash;
use tokio::sync::Semaphore;

use crate::auth::Secret;
use crate::problem::{Kind, Problem};

/// Least length of a password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Greatest length of a password, in characters.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Passwords that are hashed at the same time.
pub const HASHES_AT_ONCE_MAX: usize = 2;
/// Callers that wait for their turn to hash.
pub const HASHES_WAITING_MAX: usize = 32;
/// When a caller may come back for whom there was no room, in seconds.
const BUSY_RETRY_S: u64 = 2;

/// The OWASP Password Storage Cheat Sheet's for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Refuses a password that is too easy to guess.
///
/// # Errors
/// A problem that says what is wrong with it.
pub fn check_new(password: &Secret, user: &str) -> Result<(), Problem> {
    let chars = password.expose().chars().count();
    let title = if chars < PASSWORD_CHARS_MIN {
        "The password is too short."
    } else if chars > PASSWORD_CHARS_MAX {
        "The password is too long."
    } else if password.expose().eq_ignore_ascii_case(user) {
        "The password is the user's name."
    } else {
        return Ok(());
    };
    let detail = format!(
        "A password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters and is not the user's name. \
         A few words that do not belong together are good, and easy to keep in mind."
    );
    Err(Problem::invalid(title, detail))
}

/// Whether a password was right.
#[derive(Debug)]
pub enum Verdict {
    Wrong,
    Right {
        /// The hash to keep from now on, where the old one was made with other parameters than today's.
        renewed: Option<PasswordHash>,
    },
}

/// Hashes passwords, a few at a time.
#[derive(Clone, Debug)]
pub struct Passwords(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    turns: Arc<Semaphore>,
    /// Those that hash or wait.
    places: Arc<Semaphore>,
    /// Of no password: checked for names that nobody has, so that these take as long as any other.
    decoy: OnceLock<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Shared {
            turns: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)),
            places: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX + HASHES_WAITING_MAX)),
            decoy: OnceLock::new(),
        }))
    }
}

impl Passwords {
    /// # Errors
    /// A problem when too many wait already, or the operating system has no random numbers to give.
    pub async fn hash(&self, password: Secret) -> Result<PasswordHash, Problem> {
        self.in_turn(move |_| hash(password.expose()).map(PasswordHash)).await
    }

    /// Checks a password; takes as long when there is no hash to check against, and is wrong then.
    ///
    /// # Errors
    /// A problem when too many wait already, or the hash cannot be understood.
    pub async fn verify(&self, password: Secret, against: Option<PasswordHash>) -> Result<Verdict, Problem> {
        self.in_turn(move |shared| {
            // Made by the first check of all, whoever is asked for, or the first unknown name would take longer.
            let decoy = match shared.decoy.get() {
                Some(decoy) => decoy,
                None => {
                    let decoy = hash(Secret::for_session()?.expose())?;
                    shared.decoy.get_or_init(|| decoy)
                }
            };
            let Some(PasswordHash(against)) = against else {
                is_right(password.expose(), decoy)?;
                return Ok(Verdict::Wrong);
            };
            if !is_right(password.expose(), &against)? {
                return Ok(Verdict::Wrong);
            }
            let renewed = match is_of_today(&against)? {
                true => None,
                false => Some(PasswordHash(hash(password.expose())?)),
            };
            Ok(Verdict::Right { renewed })
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() else {
            let problem = Problem::new(
                Kind::Busy,
                "Too many people are signing in at the moment.",
                "Try again in a few seconds.",
            );
            return Err(problem.retry_after(BUSY_RETRY_S));
        };
        let turn = Arc::clone(&self.0.turns).acquire_owned().await;
        let held = (place, turn.map_err(Problem::internal)?);
        let shared = Arc::clone(&self.0);
        let hashing = tokio::task::spawn_blocking(move || {
            // Held by the thread and not by the request, which may be gone before the thread is done.
            let _held = held;
            work(&shared)
        });
        hashing.await.map_err(Problem::internal)?
    }
}

fn params() -> Result<Params, Problem> {
    Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Problem::internal)
}

fn hash(password: &str) -> Result<String, Problem> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params()?);
    let hash: phc::PasswordHash = argon2.hash_password(password.as_bytes()).map_err(Problem::internal)?;
    Ok(hash.to_string())
}

/// Takes the parameters from the hash.
fn is_right(password: &str, against: &str) -> Result<bool, Problem> {
    let against = phc::PasswordHash::new(against).map_err(Problem::internal)?;
    match Argon2::default().verify_password(password.as_bytes(), &against) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(other) => Err(Problem::internal(other)),
    }
}

/// Whether a hash has the parameters that new ones have.
fn is_of_today(hash: &str) -> Result<bool, Problem> {
    let hash = phc::PasswordHash::new(hash).map_err(Problem::internal)?;
    let found = Params::try_from(&hash).map_err(Problem::internal)?;
    let today = params()?;
    Ok(hash.algorithm.as_str() == Algorithm::Argon2id.as_str()
        && hash.version == Some(Version::V0x13.into())
        && (found.m_cost(), found.t_cost(), found.p_cost()) == (today.m_cost(), today.t_cost(), today.p_cost()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_is_right_and_nothing_is_without_a_hash() {
        let passwords = Passwords::default();
        let hash = passwords.hash(secret("correct horse battery")).await.expect("hashes");
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        let verify = async |text: &str, hash: Option<&PasswordHash>| {
            passwords.verify(secret(text), hash.cloned()).await.expect("verifies")
        };
        let right = verify("correct horse battery", Some(&hash)).await;
        assert!(matches!(right, Verdict::Right { renewed: None }), "{right:?}");
        assert!(matches!(verify("correct horse", Some(&hash)).await, Verdict::Wrong));
        assert!(matches!(verify("correct horse battery", None).await, Verdict::Wrong));
        let again = passwords.hash(secret("correct horse battery")).await.expect("hashes");
        assert_ne!(hash, again, "salted");
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_renewed_when_the_password_is_right() {
        let weak = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(64, 1, 1, None).expect("parameters"),
        );
        let old: phc::PasswordHash = weak.hash_password(b"correct horse battery").expect("hashes");
        let old = PasswordHash(old.to_string());
        let passwords = Passwords::default();
        let wrong = passwords
            .verify(secret("wrong"), Some(old.clone()))
            .await
            .expect("verifies");
        assert!(matches!(wrong, Verdict::Wrong));
        let right = passwords.verify(secret("correct horse battery"), Some(old)).await;
        let Ok(Verdict::Right { renewed: Some(renewed) }) = right else {
            panic!("{right:?}");
        };
        assert!(is_of_today(&renewed.0).expect("parses"));
        assert!(is_right("correct horse battery", &renewed.0).expect("verifies"));
    }

    #[tokio::test]
    async fn a_flood_is_turned_away_and_hashing_goes_on_afterwards() {
        let passwords = Passwords::default();
        let held = passwords
            .0
            .turns
            .acquire_many(HASHES_AT_ONCE_MAX as u32)
            .await
            .expect("free");
        let places = HASHES_AT_ONCE_MAX + HASHES_WAITING_MAX;
        let waiting: Vec<_> = (0..places)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.verify(secret("guess"), None).await })
            })
            .collect();
        while passwords.0.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = passwords.verify(secret("guess"), None).await.expect_err("no room");
        assert_eq!((refused.kind, refused.retry_after_s), (Kind::Busy, Some(BUSY_RETRY_S)));
        for task in waiting {
            task.abort();
        }
        drop(held);
        while passwords.0.places.available_permits() < places {
            tokio::task::yield_now().await;
        }
        passwords
            .verify(secret("guess"), None)
            .await
            .expect("there is room again");
    }

    #[test]
    fn passwords_that_are_easy_to_guess_are_refused_with_the_reason() {
        let title = |password: &str, user: &str| check_new(&secret(password), user).err().map(|it| it.title);
        assert_eq!(
            title("elevenchars", "ann").as_deref(),
            Some("The password is too short.")
        );
        assert_eq!(title("twelve chars", "ann"), None);
        assert_eq!(title("äöüäöüäöüäöü", "ann"), None, "characters are counted, not bytes");
        assert_eq!(title(&"x".repeat(256), "ann"), None);
        assert_eq!(
            title(&"x".repeat(257), "ann").as_deref(),
            Some("The password is too long.")
        );
        assert_eq!(
            title("Ann@Corp.Example", "ann@corp.example").as_deref(),
            Some("The password is the user's name.")
        );
    }
}
