//! Users, sessions and tokens: who may decide, and for how long.

use std::time::Duration;

use postern_ledger::{
    AuditQuery, COMMAND_LINE, Ledger, LedgerError, NOBODY, NewToken, PasswordHash, Role, SESSION_ABSOLUTE,
    SESSION_IDLE, SESSIONS_PER_USER_MAX, SecretHash, SessionLimits, TOKEN_LIFE_MAX, TOKENS_PER_OWNER_MAX, Token,
    UserChange,
};
use serde_json::json;

use super::{Folder, HOUR, NO_TIME};

fn hash(text: &str) -> PasswordHash {
    PasswordHash(text.to_owned())
}

fn secret(text: &str) -> SecretHash {
    SecretHash::of(text.as_bytes())
}

/// A ledger with the administrator `alice`.
async fn with_alice(folder: &Folder) -> Ledger {
    let ledger = folder.open().await;
    ledger
        .create_first_administrator("alice", hash("a"), COMMAND_LINE)
        .await
        .unwrap()
        .unwrap();
    ledger
}

async fn user(ledger: &Ledger, name: &str, role: Role) {
    ledger.create_user(name, role, hash("x"), "alice").await.unwrap();
}

fn role(role: Role) -> UserChange {
    UserChange {
        role: Some(role),
        ..UserChange::default()
    }
}

fn disabled(is_disabled: bool) -> UserChange {
    UserChange {
        is_disabled: Some(is_disabled),
        ..UserChange::default()
    }
}

fn password(text: &str) -> UserChange {
    UserChange {
        password_hash: Some(hash(text)),
        ..UserChange::default()
    }
}

async fn sign_in(ledger: &Ledger, text: &str, name: &str) {
    ledger
        .open_session(secret(text), name, SessionLimits::default(), "127.0.0.1")
        .await
        .unwrap();
}

async fn is_signed_in(ledger: &Ledger, text: &str) -> bool {
    ledger.session(secret(text)).await.unwrap().is_some()
}

fn token(text: &str, role: Role, owner: Option<&str>) -> NewToken {
    NewToken {
        hash: secret(text),
        name: format!("for {text}"),
        role,
        owner: owner.map(str::to_owned),
        expires_in: HOUR,
    }
}

/// The role that a token gives now.
async fn role_of(ledger: &Ledger, text: &str) -> Option<Role> {
    ledger.token(secret(text)).await.unwrap().map(|it| it.role)
}

/// Lets time pass, as far as sessions are concerned.
fn sessions_grow_older(folder: &Folder, by: Duration) {
    let us = by.as_micros();
    folder.tamper(&format!(
        "UPDATE sessions SET created_at_us = created_at_us - {us}, last_used_at_us = last_used_at_us - {us},
                             ends_at_us = ends_at_us - {us}"
    ));
}

async fn verbs(ledger: &Ledger) -> Vec<String> {
    let mut entries = ledger.audit(1_000).await.unwrap();
    entries.reverse();
    entries.into_iter().map(|it| it.verb).collect()
}

#[tokio::test]
async fn who_was_there_before_the_first_administrator_does_not_keep_it_from_being_made() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    user(&ledger, "bob", Role::Reader).await;
    let first = async |name| ledger.create_first_administrator(name, hash("a"), COMMAND_LINE).await;
    assert!(matches!(first("bob").await, Err(LedgerError::UserExists { .. })));
    let alice = first("alice").await.unwrap().unwrap();
    assert_eq!(alice.role, Role::Administrator);
    assert_eq!(first("carol").await.unwrap(), None);
}

#[tokio::test]
async fn the_first_administrator_is_made_once_also_by_two_processes_at_a_time() {
    let folder = Folder::new();
    let (one, other) = (folder.open().await, folder.open().await);
    let (first, second) = tokio::join!(
        one.create_first_administrator("alice", hash("a"), COMMAND_LINE),
        other.create_first_administrator("bob", hash("b"), COMMAND_LINE),
    );
    let made: Vec<_> = [first.unwrap(), second.unwrap()].into_iter().flatten().collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].role, Role::Administrator);
    assert_eq!(one.users().await.unwrap(), made);
    assert_eq!(verbs(&one).await, ["create-user"]);
}

#[tokio::test]
async fn a_name_is_one_user_in_any_letter_case_and_keeps_its_own() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    user(&ledger, "Bob.Builder", Role::Reader).await;
    assert_eq!(ledger.user("BOB.builder").await.unwrap().unwrap().name, "Bob.Builder");
    let again = ledger
        .create_user("bob.BUILDER", Role::Reader, hash("x"), "alice")
        .await;
    assert!(matches!(again, Err(LedgerError::UserExists { name }) if name == "Bob.Builder"));
    let names: Vec<_> = ledger.users().await.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["alice", "Bob.Builder"]);
    assert_eq!(ledger.user("carol").await.unwrap(), None);
}

#[tokio::test]
async fn names_that_could_be_mistaken_are_refused_with_a_reason() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let long = "a".repeat(65);
    for (name, reason) in [
        ("", "1 to 64 characters"),
        (long.as_str(), "1 to 64 characters"),
        ("al ice", "digits and . _ - @ only"),
        ("älice", "digits and . _ - @ only"),
        ("alice\n", "digits and . _ - @ only"),
        ("-alice", "begin with a letter or a digit"),
        ("Housekeeping", "the audit log uses it"),
        (NOBODY, "the audit log uses it"),
    ] {
        let error = ledger
            .create_user(name, Role::Reader, hash("x"), "alice")
            .await
            .unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert_eq!(ledger.users().await.unwrap(), []);
    for name in ["a", "7", "alice@corp.example", "a_b-c.d", &"a".repeat(64)] {
        user(&ledger, name, Role::Reader).await;
    }
}

#[tokio::test]
async fn the_last_enabled_administrator_cannot_be_demoted_disabled_or_deleted() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    user(&ledger, "bob", Role::Administrator).await;
    ledger.change_user("bob", disabled(true), "alice").await.unwrap();

    // A disabled administrator does not count, nor does one who would become one by the same change.
    let both = UserChange {
        role: Some(Role::Administrator),
        is_disabled: Some(true),
        password_hash: Some(hash("new")),
    };
    for change in [role(Role::Analyst), disabled(true), both] {
        let refused = ledger.change_user("ALICE", change, "bob").await;
        assert!(
            matches!(&refused, Err(LedgerError::LastAdministrator { name }) if name == "alice"),
            "{refused:?}"
        );
    }
    let refused = ledger.delete_user("alice", "bob").await;
    assert!(
        matches!(refused, Err(LedgerError::LastAdministrator { .. })),
        "{refused:?}"
    );
    // Nothing of a refused change stays.
    let alice = ledger.credentials("alice").await.unwrap().unwrap();
    assert_eq!((alice.user.role, alice.user.is_disabled), (Role::Administrator, false));
    assert_eq!(alice.password_hash, hash("a"));
    assert_eq!(verbs(&ledger).await, ["create-user", "create-user", "disable-user"]);

    ledger.change_user("bob", disabled(false), "alice").await.unwrap();
    ledger.change_user("alice", role(Role::Reader), "bob").await.unwrap();
    let refused = ledger.delete_user("bob", "bob").await;
    assert!(
        matches!(refused, Err(LedgerError::LastAdministrator { .. })),
        "{refused:?}"
    );
    ledger.delete_user("alice", "bob").await.unwrap();
}

#[tokio::test]
async fn a_change_is_made_whole_and_told_part_by_part() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    user(&ledger, "bob", Role::Reader).await;
    let change = UserChange {
        role: Some(Role::Analyst),
        is_disabled: Some(true),
        password_hash: Some(hash("new")),
    };
    let bob = ledger.change_user("BOB", change, "alice").await.unwrap();
    assert_eq!((bob.role, bob.is_disabled), (Role::Analyst, true));
    // What is so already is no change.
    ledger.change_user("bob", role(Role::Analyst), "alice").await.unwrap();
    ledger.change_user("bob", disabled(false), "alice").await.unwrap();
    assert_eq!(
        verbs(&ledger).await,
        [
            "create-user",
            "create-user",
            "set-role",
            "disable-user",
            "set-password",
            "enable-user"
        ]
    );
    let entries = ledger.audit(4).await.unwrap();
    assert_eq!(
        entries[3].detail,
        json!({ "user": "bob", "before": "reader", "role": "analyst" })
    );
    assert!(entries.iter().all(|it| it.actor == "alice"));
    let missing = ledger.change_user("carol", role(Role::Reader), "alice").await;
    assert!(matches!(missing, Err(LedgerError::NoSuchUser { .. })), "{missing:?}");
}

#[tokio::test]
async fn no_password_hash_is_shown_by_debug_or_told_to_the_audit_log() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let made = ledger
        .create_first_administrator("alice", hash("$argon2id$secret"), COMMAND_LINE)
        .await;
    made.unwrap();
    ledger
        .change_user("alice", password("$argon2id$other"), "alice")
        .await
        .unwrap();
    let credentials = ledger.credentials("alice").await.unwrap();
    let log = ledger.audit(10).await.unwrap();
    let seen = format!("{credentials:?} {log:?} {:?}", secret("secret"));
    assert!(!seen.contains("argon2id") && seen.contains("alice"), "{seen}");
}

#[tokio::test]
async fn a_hash_is_renewed_only_while_it_is_the_old_one_and_sessions_go_on() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    sign_in(&ledger, "s", "alice").await;
    let before = verbs(&ledger).await;
    ledger
        .renew_password_hash("alice", hash("a"), hash("stronger a"))
        .await
        .unwrap();
    ledger
        .renew_password_hash("alice", hash("a"), hash("too late"))
        .await
        .unwrap();
    let alice = ledger.credentials("alice").await.unwrap().unwrap();
    assert_eq!(alice.password_hash, hash("stronger a"));
    assert!(is_signed_in(&ledger, "s").await);
    assert_eq!(verbs(&ledger).await, before);
}

#[tokio::test]
async fn a_session_knows_its_user_as_the_user_is_now() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    user(&ledger, "bob", Role::Reader).await;
    sign_in(&ledger, "s", "BOB").await;
    let session = ledger.session(secret("s")).await.unwrap().unwrap();
    assert_eq!((session.user.name.as_str(), session.user.role), ("bob", Role::Reader));
    assert_eq!(session.user.last_seen_at, Some(session.created_at));
    assert_eq!(session.expires_at, session.created_at + SESSION_IDLE);
    ledger.change_user("bob", role(Role::Analyst), "alice").await.unwrap();
    let session = ledger.session(secret("s")).await.unwrap().unwrap();
    assert_eq!(session.user.role, Role::Analyst);
    assert!(!is_signed_in(&ledger, "other").await);
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_or_old() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    sign_in(&ledger, "s", "alice").await;
    sessions_grow_older(&folder, SESSION_IDLE - HOUR);
    ledger.touch_session(secret("s")).await.unwrap();
    sessions_grow_older(&folder, SESSION_IDLE - HOUR);
    assert!(is_signed_in(&ledger, "s").await, "it was used in between");
    sessions_grow_older(&folder, HOUR);
    assert!(!is_signed_in(&ledger, "s").await, "idle");
    ledger.touch_session(secret("s")).await.unwrap();
    assert!(!is_signed_in(&ledger, "s").await, "what has run out is not revived");

    sign_in(&ledger, "busy", "alice").await;
    let step = SESSION_IDLE / 2;
    for _ in 1..SESSION_ABSOLUTE.as_secs() / step.as_secs() {
        sessions_grow_older(&folder, step);
        ledger.touch_session(secret("busy")).await.unwrap();
        let session = ledger.session(secret("busy")).await.unwrap().expect("used often");
        assert!(session.expires_at <= session.created_at + SESSION_ABSOLUTE);
    }
    sessions_grow_older(&folder, step);
    assert!(!is_signed_in(&ledger, "busy").await, "old");
}

#[tokio::test]
async fn a_session_lives_as_long_as_it_was_given() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    for (idle, absolute) in [(NO_TIME, HOUR), (HOUR, NO_TIME)] {
        let limits = SessionLimits { idle, absolute };
        let text = format!("{idle:?}");
        ledger
            .open_session(secret(&text), "alice", limits, "::1")
            .await
            .unwrap();
        assert!(!is_signed_in(&ledger, &text).await);
    }
    let forever = SessionLimits {
        idle: Duration::MAX,
        absolute: Duration::MAX,
    };
    ledger
        .open_session(secret("forever"), "alice", forever, "::1")
        .await
        .unwrap();
    assert!(is_signed_in(&ledger, "forever").await);
}

#[tokio::test]
async fn the_use_of_a_session_is_written_down_once_a_minute() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    sign_in(&ledger, "s", "alice").await;
    let fresh = ledger.session(secret("s")).await.unwrap().unwrap();
    assert!(!fresh.is_touch_due);
    ledger.touch_session(secret("s")).await.unwrap();
    assert_eq!(ledger.session(secret("s")).await.unwrap().unwrap(), fresh);

    sessions_grow_older(&folder, Duration::from_secs(61));
    folder.tamper("UPDATE users SET last_seen_at_us = 1");
    assert!(ledger.session(secret("s")).await.unwrap().unwrap().is_touch_due);
    ledger.touch_session(secret("s")).await.unwrap();
    let touched = ledger.session(secret("s")).await.unwrap().unwrap();
    assert!(!touched.is_touch_due);
    assert!(touched.user.last_seen_at >= Some(fresh.created_at));
    assert_eq!(verbs(&ledger).await, ["create-user", "sign-in"], "uses are not logged");
}

#[tokio::test]
async fn disabling_a_new_password_and_deleting_end_the_users_sessions_and_no_others() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    sign_in(&ledger, "alice's", "alice").await;
    for change in [disabled(true), password("new")] {
        user(&ledger, "bob", Role::Reader).await;
        sign_in(&ledger, "bob's", "bob").await;
        ledger.change_user("bob", change, "alice").await.unwrap();
        assert!(!is_signed_in(&ledger, "bob's").await);
        // Enabled again, he signs in anew: the old session does not come back.
        ledger.change_user("bob", disabled(false), "alice").await.unwrap();
        assert!(!is_signed_in(&ledger, "bob's").await);
        ledger.delete_user("bob", "alice").await.unwrap();
    }
    user(&ledger, "bob", Role::Reader).await;
    sign_in(&ledger, "bob's", "bob").await;
    sign_in(&ledger, "bob's other", "bob").await;
    assert_eq!(ledger.close_sessions_of("bob", "alice").await.unwrap(), 2);
    assert_eq!(ledger.close_sessions_of("bob", "alice").await.unwrap(), 0);
    assert!(!is_signed_in(&ledger, "bob's").await);
    sign_in(&ledger, "bob's", "bob").await;
    ledger.delete_user("bob", "alice").await.unwrap();
    assert!(!is_signed_in(&ledger, "bob's").await);
    assert!(is_signed_in(&ledger, "alice's").await);
}

#[tokio::test]
async fn nobody_signs_in_who_is_disabled_or_unknown() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    user(&ledger, "bob", Role::Reader).await;
    ledger.change_user("bob", disabled(true), "alice").await.unwrap();
    let limits = SessionLimits::default();
    let refused = ledger.open_session(secret("s"), "bob", limits, "::1").await;
    assert!(matches!(refused, Err(LedgerError::UserDisabled { .. })), "{refused:?}");
    let refused = ledger.open_session(secret("s"), "carol", limits, "::1").await;
    assert!(matches!(refused, Err(LedgerError::NoSuchUser { .. })), "{refused:?}");
    assert!(!is_signed_in(&ledger, "s").await);
}

#[tokio::test]
async fn sign_in_its_failure_and_sign_out_are_logged_with_the_address() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    sign_in(&ledger, "s", "alice").await;
    ledger.record_failed_sign_in(Some("alice"), "192.0.2.7").await.unwrap();
    ledger.record_failed_sign_in(None, "192.0.2.7").await.unwrap();
    ledger.close_session(secret("s")).await.unwrap();
    ledger.close_session(secret("s")).await.unwrap();
    assert!(!is_signed_in(&ledger, "s").await);
    let told: Vec<_> = ledger
        .audit(4)
        .await
        .unwrap()
        .into_iter()
        .map(|it| (it.actor, it.verb, it.detail))
        .collect();
    let row = |actor: &str, verb: &str, detail| (actor.to_owned(), verb.to_owned(), detail);
    assert_eq!(
        told,
        [
            row("alice", "sign-out", json!({})),
            row(
                NOBODY,
                "fail-sign-in",
                json!({ "address": "192.0.2.7", "is_known": false })
            ),
            row(
                "alice",
                "fail-sign-in",
                json!({ "address": "192.0.2.7", "is_known": true })
            ),
            row("alice", "sign-in", json!({ "address": "127.0.0.1" })),
        ]
    );
}

#[tokio::test]
async fn one_session_too_many_ends_the_oldest_and_old_ones_are_swept() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    sign_in(&ledger, "0", "alice").await;
    sessions_grow_older(&folder, Duration::from_secs(1));
    for number in 1..=SESSIONS_PER_USER_MAX {
        sign_in(&ledger, &number.to_string(), "alice").await;
    }
    assert!(!is_signed_in(&ledger, "0").await);
    assert!(is_signed_in(&ledger, "1").await);
    assert_eq!(ledger.sweep_sessions().await.unwrap(), 0);
    sessions_grow_older(&folder, SESSION_IDLE);
    assert_eq!(ledger.sweep_sessions().await.unwrap(), u64::from(SESSIONS_PER_USER_MAX));
}

#[tokio::test]
async fn a_token_gives_no_more_than_its_owner_may_do_now() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    user(&ledger, "bob", Role::Analyst).await;
    let too_much = ledger
        .create_token(token("t", Role::Administrator, Some("bob")), "bob")
        .await;
    assert_eq!(
        too_much.unwrap_err().to_string(),
        "the token cannot be made: its role administrator is more than analyst, its owner's"
    );
    ledger
        .create_token(token("t", Role::Analyst, Some("BOB")), "bob")
        .await
        .unwrap();
    assert_eq!(role_of(&ledger, "t").await, Some(Role::Analyst));
    ledger.change_user("bob", role(Role::Reader), "alice").await.unwrap();
    assert_eq!(role_of(&ledger, "t").await, Some(Role::Reader));
    ledger
        .change_user("bob", role(Role::Administrator), "alice")
        .await
        .unwrap();
    assert_eq!(
        role_of(&ledger, "t").await,
        Some(Role::Analyst),
        "nor more than it was given"
    );
    ledger.change_user("bob", disabled(true), "alice").await.unwrap();
    assert_eq!(role_of(&ledger, "t").await, None);
    let refused = ledger.create_token(token("u", Role::Reader, Some("bob")), "bob").await;
    assert!(matches!(refused, Err(LedgerError::UserDisabled { .. })), "{refused:?}");
    ledger.change_user("bob", disabled(false), "alice").await.unwrap();
    assert_eq!(role_of(&ledger, "t").await, Some(Role::Analyst));
    ledger.delete_user("bob", "alice").await.unwrap();
    assert_eq!(role_of(&ledger, "t").await, None);
    assert_eq!(role_of(&ledger, "unknown").await, None);
}

#[tokio::test]
async fn a_token_of_the_command_line_needs_no_user() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let made = ledger
        .create_token(token("t", Role::Reader, None), COMMAND_LINE)
        .await
        .unwrap();
    assert_eq!((made.owner, role_of(&ledger, "t").await), (None, Some(Role::Reader)));
    let entry = ledger.audit(1).await.unwrap().remove(0);
    assert_eq!(
        (entry.actor.as_str(), entry.verb.as_str()),
        (COMMAND_LINE, "create-token")
    );
    assert_eq!(entry.detail["owner"], COMMAND_LINE);
}

#[tokio::test]
async fn tokens_expire_within_a_year_and_are_listed_for_a_while_after() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    let life = |expires_in| NewToken {
        expires_in,
        ..token("t", Role::Reader, Some("alice"))
    };
    let refused = ledger.create_token(life(TOKEN_LIFE_MAX + HOUR), "alice").await;
    assert!(refused.unwrap_err().to_string().ends_with("365 days at most"));
    let made = ledger.create_token(life(TOKEN_LIFE_MAX), "alice").await.unwrap();
    assert_eq!(made.expires_at, made.created_at + TOKEN_LIFE_MAX);
    assert_eq!(role_of(&ledger, "t").await, Some(Role::Reader));

    let a_day = 86_400_000_000_i64;
    folder.tamper(&format!(
        "UPDATE tokens SET expires_at_us = expires_at_us - 365 * {a_day}"
    ));
    assert_eq!(role_of(&ledger, "t").await, None);
    assert_eq!(ledger.tokens(None).await.unwrap().len(), 1);
    folder.tamper(&format!(
        "UPDATE tokens SET expires_at_us = expires_at_us - 31 * {a_day}"
    ));
    assert_eq!(ledger.tokens(None).await.unwrap(), []);
}

#[tokio::test]
async fn tokens_have_names_and_there_are_not_too_many() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    let long = "n".repeat(65);
    for name in ["", long.as_str(), " nightly", "night\u{7}ly"] {
        let named = NewToken {
            name: name.into(),
            ..token("t", Role::Reader, Some("alice"))
        };
        let refused = ledger.create_token(named, "alice").await;
        assert!(
            matches!(refused, Err(LedgerError::TokenRefused { .. })),
            "{name:?} {refused:?}"
        );
    }
    for number in 0..TOKENS_PER_OWNER_MAX {
        let token = token(&number.to_string(), Role::Reader, Some("alice"));
        ledger.create_token(token, "alice").await.unwrap();
    }
    let refused = ledger
        .create_token(token("t", Role::Reader, Some("alice")), "alice")
        .await;
    assert!(matches!(refused, Err(LedgerError::TooManyTokens { .. })), "{refused:?}");
    // Others have room of their own.
    ledger
        .create_token(token("t", Role::Reader, None), COMMAND_LINE)
        .await
        .unwrap();
}

#[tokio::test]
async fn tokens_are_listed_and_revoked_by_their_owner_or_by_anybody_who_is_not_bound_to_one() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    user(&ledger, "bob", Role::Analyst).await;
    let alices = ledger
        .create_token(token("a", Role::Reader, Some("alice")), "alice")
        .await
        .unwrap();
    let bobs = ledger
        .create_token(token("b", Role::Reader, Some("bob")), "bob")
        .await
        .unwrap();
    let ids = |tokens: Vec<Token>| tokens.iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(ids(ledger.tokens(None).await.unwrap()), [bobs.id, alices.id]);
    assert_eq!(ids(ledger.tokens(Some("BOB")).await.unwrap()), [bobs.id]);

    let refused = ledger.revoke_token(alices.id, Some("bob"), "bob").await;
    assert!(matches!(refused, Err(LedgerError::NoSuchToken { .. })), "{refused:?}");
    ledger.revoke_token(bobs.id, Some("bob"), "bob").await.unwrap();
    assert_eq!(role_of(&ledger, "b").await, None);
    ledger.revoke_token(alices.id, None, "carol").await.unwrap();
    assert_eq!(role_of(&ledger, "a").await, None);
    let entry = ledger.audit(1).await.unwrap().remove(0);
    assert_eq!((entry.actor.as_str(), entry.verb.as_str()), ("carol", "revoke-token"));
    assert_eq!(entry.detail["name"], "for a");
}

#[tokio::test]
async fn the_use_of_a_token_is_written_down_once_a_minute() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    let made = ledger
        .create_token(token("t", Role::Reader, Some("alice")), "alice")
        .await
        .unwrap();
    assert!(ledger.token(secret("t")).await.unwrap().unwrap().is_touch_due);
    ledger.touch_token(made.id).await.unwrap();
    let first = ledger.token(secret("t")).await.unwrap().unwrap();
    assert!(!first.is_touch_due && first.token.last_used_at >= Some(made.created_at));
    ledger.touch_token(made.id).await.unwrap();
    assert_eq!(ledger.token(secret("t")).await.unwrap().unwrap(), first);
    folder.tamper("UPDATE tokens SET last_used_at_us = last_used_at_us - 61000000");
    assert!(ledger.token(secret("t")).await.unwrap().unwrap().is_touch_due);
    ledger.touch_token(made.id).await.unwrap();
    let again = ledger.token(secret("t")).await.unwrap().unwrap();
    assert!(!again.is_touch_due && again.token.last_used_at >= first.token.last_used_at);
}

#[tokio::test]
async fn the_audit_log_is_read_by_pages_of_one_actor_or_verb() {
    let folder = Folder::new();
    let ledger = with_alice(&folder).await;
    for number in 0..5 {
        let actor = if number % 2 == 0 { "alice" } else { "bob" };
        let value = number.to_string();
        ledger.set_setting("path-cost-max", Some(&value), actor).await.unwrap();
    }
    let page = async |actor: Option<&str>, verb: Option<&str>, offset, limit| {
        let query = AuditQuery {
            actor: actor.map(str::to_owned),
            verb: verb.map(str::to_owned),
            offset,
            limit,
        };
        let page = ledger.audit_page(query).await.unwrap();
        (page.total, page.entries.iter().map(|it| it.seq).collect::<Vec<_>>())
    };
    assert_eq!(page(None, None, 0, 2).await, (6, vec![6, 5]));
    assert_eq!(page(None, None, 4, 10).await, (6, vec![2, 1]));
    assert_eq!(page(Some("ALICE"), None, 0, 10).await, (3, vec![6, 4, 2]));
    assert_eq!(page(Some("bob"), Some("set-setting"), 1, 10).await, (2, vec![3]));
    assert_eq!(page(None, Some("create-user"), 0, 10).await, (1, vec![1]));
    assert_eq!(page(Some("carol"), None, 0, 10).await, (0, vec![]));
    assert_eq!(page(None, None, 100, 10).await, (6, vec![]));
}
