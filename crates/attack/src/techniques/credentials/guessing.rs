//! Passwords that are guessed offline, from something that was encrypted with a key made of them: which can be at all,
//! and how likely that is.
//!
//! A guess costs some 4,000 hashes with AES ([RFC 3962]) and one with RC4, and a password that nobody changes was
//! chosen when shorter ones were allowed. Both are told by properties, so a step's grade follows from them: see
//! [`Guess::of`].
//!
//! [RFC 3962]: https://www.rfc-editor.org/rfc/rfc3962

use jiff::Timestamp;
use postern_model::estate::{AccountAttributes, Node};
use postern_model::{NodeKind, RelationKind};

use super::is_delegated_account;
use crate::derived::Manner;
use crate::fact::Fact;
use crate::view::View;

/// Three years: what CERT-FR's checklist for Active Directory (`vuln_password_change_priv`) and PingCastle
/// (`P-AdminPwdTooOld`) call too old.
const OLD_DAYS: i64 = 1095;

/// A password that never expires counts as old after a year: nobody is made to change it.
const UNCHANGED_DAYS: i64 = 365;

/// 27 February 2008, when Windows Server 2008 came out. No controller before it makes an AES key of a password.
const AES_SINCE: Timestamp = Timestamp::constant(1_204_070_400, 0);

const DAY_SECONDS: i64 = 86_400;

/// Whether a person may have chosen the password. Not of computers, managed service accounts and trusts, whose
/// passwords are long and random, nor of krbtgt and its like.
pub(crate) fn has_guessable_password(account: &Node) -> bool {
    account.kind == NodeKind::User && !has_random_password(account) && !is_ticket_account(account)
}

/// Whether the directory makes the account's password, long and random: a ticket then tells nothing of it.
fn has_random_password(account: &Node) -> bool {
    let attributes = &account.attributes;
    let is_managed = [attributes.is_gmsa, attributes.is_smsa].contains(&Some(true)) || is_delegated_account(account);
    // Managed accounts and trusts alone are users with such a name.
    is_managed
        || attributes
            .sam_account_name
            .as_deref()
            .is_some_and(|it| it.ends_with('$'))
}

/// The account whose key signs tickets, krbtgt, and those of read-only domain controllers. Nobody logs on with them.
fn is_ticket_account(account: &Node) -> bool {
    let name = account.attributes.sam_account_name.as_deref().unwrap_or(&account.name);
    account.key.ends_with("-502") || name.to_ascii_lowercase().starts_with("krbtgt")
}

/// What is known of the keys that an account's tickets are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// No AES: nobody allowed it, or the password is older than it.
    WithoutAes,
    AesOnly,
    /// Both, or nobody said: with the updates of 2026 (KB5073381) a controller takes AES then, before it took RC4.
    Unclear,
}

/// How likely it is that an account's password falls to guessing.
pub(crate) struct Guess {
    /// A circumstance that the techniques have a grade for; their own grade where there is none.
    when: Option<&'static str>,
    /// What is known of the password and its keys.
    pub facts: Vec<Fact>,
}

impl Guess {
    /// Where nothing tells the age of a password it counts as old: most of those that nobody is made to change are.
    ///
    /// | | old | changed of late |
    /// |---|---|---|
    /// | no AES | `rc4-only` | `rc4-only-recent` |
    /// | unclear | | `recent` |
    /// | AES only | `aes-only` | `aes-only-recent` |
    pub fn of(view: &View<'_>, account: &Node) -> Self {
        let Some(told) = account.attributes.account.as_deref() else {
            return Self {
                when: None,
                facts: Vec::new(),
            };
        };
        let (keys, of_keys) = keys(view, account, told);
        let (is_old, of_age) = age(view, account, told);
        let when = match (keys, is_old) {
            (Keys::WithoutAes, true) => Some("rc4-only"),
            (Keys::WithoutAes, false) => Some("rc4-only-recent"),
            (Keys::Unclear, true) => None,
            (Keys::Unclear, false) => Some("recent"),
            (Keys::AesOnly, true) => Some("aes-only"),
            (Keys::AesOnly, false) => Some("aes-only-recent"),
        };
        Self {
            when,
            facts: of_keys.into_iter().chain(of_age).collect(),
        }
    }

    pub fn manner(&self, view: &View<'_>, technique: RelationKind) -> Manner {
        let technique = view.world.catalog.technique(technique);
        Manner {
            grade: technique.zip(self.when).map(|(it, when)| it.grade_when(when)),
            ..Manner::default()
        }
    }
}

/// The keys, and the property that tells. That a password is older than AES is told by its age.
fn keys(view: &View<'_>, account: &Node, told: &AccountAttributes) -> (Keys, Option<Fact>) {
    if told.password_set_at.is_some_and(|set_at| set_at < AES_SINCE) {
        return (Keys::WithoutAes, None);
    }
    let types = told.encryption_types.as_deref().unwrap_or_default();
    let has = |name: &str| types.iter().any(|it| it.to_ascii_uppercase().contains(name));
    let (keys, text) = match (has("AES"), has("RC4") || has("DES")) {
        (true, false) => (Keys::AesOnly, "takes tickets with AES only"),
        (false, true) => (Keys::WithoutAes, "takes tickets with RC4 or DES only"),
        _ => return (Keys::Unclear, None),
    };
    let fact = view.property_fact(account, "supportedencryptiontypes", &types.join(", "), text);
    (keys, Some(fact))
}

/// Whether a password counts as old, and the properties that tell. One that the policy asks nothing of does at any age.
fn age(view: &View<'_>, account: &Node, told: &AccountAttributes) -> (bool, Vec<Fact>) {
    if told.is_password_not_required == Some(true) {
        let text = "may have a password of any length, or none";
        return (true, vec![view.property_fact(account, "passwordnotreqd", "true", text)]);
    }
    let Some(set_at) = told.password_set_at else {
        return (true, Vec::new());
    };
    let days = (view.world.now.as_second() - set_at.as_second()) / DAY_SECONDS;
    let is_left_alone = told.does_password_never_expire == Some(true) && (UNCHANGED_DAYS..OLD_DAYS).contains(&days);
    let day = set_at.strftime("%Y-%m-%d").to_string();
    let text = match set_at < AES_SINCE {
        true => format!("has a password of {day}, of which there is no AES key"),
        false => format!("has a password of {day}"),
    };
    let mut facts = vec![view.property_fact(account, "pwdlastset", &day, &text)];
    if is_left_alone {
        let text = "has a password that never expires";
        facts.push(view.property_fact(account, "pwdneverexpires", "true", text));
    }
    (is_left_alone || days >= OLD_DAYS, facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Sketch, now};
    use crate::world::Removal;

    /// The circumstance of an account with such a password and such encryption types.
    fn when(days: Option<i64>, never_expires: bool, types: &[&str]) -> Option<&'static str> {
        let mut sketch = Sketch::domain();
        sketch.user("SVC").edit("SVC", |it| {
            it.account = Some(Box::new(AccountAttributes {
                password_set_at: days.map(|days| {
                    Timestamp::from_second(now().as_second() - days * DAY_SECONDS).expect("a time of these years")
                }),
                does_password_never_expire: Some(never_expires),
                encryption_types: Some(types.iter().map(|&it| it.to_owned()).collect()),
                ..AccountAttributes::default()
            }));
        });
        let built = sketch.build();
        let (world, removal) = (built.world(), Removal::default());
        let view = View::new(&world, &removal);
        let guess = Guess::of(&view, built.estate.node(built.index("SVC")));
        assert!(guess.when.is_none() || !guess.facts.is_empty(), "nothing tells why");
        guess.when
    }

    const AES: &[&str] = &["AES128-CTS-HMAC-SHA1-96", "AES256-CTS-HMAC-SHA1-96"];
    const RC4: &[&str] = &["RC4-HMAC-MD5"];
    const BOTH: &[&str] = &["RC4-HMAC-MD5", "AES256-CTS-HMAC-SHA1-96"];

    #[test]
    fn a_password_is_old_after_three_years_and_after_one_where_it_never_expires() {
        assert_eq!(when(Some(OLD_DAYS - 1), false, &[]), Some("recent"));
        assert_eq!(when(Some(OLD_DAYS), false, &[]), None);
        assert_eq!(when(Some(UNCHANGED_DAYS - 1), true, &[]), Some("recent"));
        assert_eq!(when(Some(UNCHANGED_DAYS), true, &[]), None);
        assert_eq!(when(None, true, &[]), None);
        assert_eq!(when(None, false, &[]), None);
    }

    #[test]
    fn a_password_that_no_policy_holds_for_counts_as_old() {
        let mut sketch = Sketch::domain();
        sketch.user("SVC").edit("SVC", |it| {
            let account = it.account.get_or_insert_default();
            account.password_set_at = Some(now());
            account.is_password_not_required = Some(true);
        });
        let built = sketch.build();
        let (world, removal) = (built.world(), Removal::default());
        let guess = Guess::of(&View::new(&world, &removal), built.estate.node(built.index("SVC")));
        assert_eq!((guess.when, guess.facts.len()), (None, 1));
    }

    #[test]
    fn encryption_types_that_leave_a_choice_tell_nothing() {
        assert_eq!(when(Some(1), false, RC4), Some("rc4-only-recent"));
        assert_eq!(when(Some(1), false, AES), Some("aes-only-recent"));
        assert_eq!(when(Some(1), false, BOTH), Some("recent"));
        assert_eq!(when(Some(1), false, &["Not defined"]), Some("recent"));
        assert_eq!(when(Some(OLD_DAYS), false, RC4), Some("rc4-only"));
        assert_eq!(when(Some(OLD_DAYS), false, AES), Some("aes-only"));
        assert_eq!(when(None, false, AES), Some("aes-only"));
    }

    #[test]
    fn a_password_older_than_aes_has_no_key_for_it_whatever_is_allowed() {
        let since_aes = (now().as_second() - AES_SINCE.as_second()) / DAY_SECONDS;
        assert_eq!(when(Some(since_aes + 1), false, AES), Some("rc4-only"));
        assert_eq!(when(Some(since_aes), false, AES), Some("aes-only"));
        assert_eq!(AES_SINCE.to_string(), "2008-02-27T00:00:00Z");
    }
}
