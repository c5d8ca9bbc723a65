//! Signing in, users, tokens, the audit log and settings, through the real router.

use std::fs;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version, password_hash::phc};
use postern_engine::{Clock, Engine};
use postern_ledger::{AuditQuery, COMMAND_LINE, Ledger, NewToken, PasswordHash, SecretHash, SessionLimits};
use postern_server::auth::{Role, machine};
use postern_server::{HuntingLimits, Options, Server, WorkerCommand};
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::http::{HeaderMap, Request};

const ADMIN: &str = "admin";
const PASSWORD: &str = "correct horse battery";

/// A server on a free port with a data folder of its own.
struct Host {
    folder: TempDir,
    url: String,
    ledger: Ledger,
    agent: ureq::Agent,
    /// The administrator's password.
    password: String,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

/// Who sends a request.
#[derive(Clone, Debug)]
enum As {
    Nobody,
    Session(String),
    Token(String),
}

impl Host {
    async fn start() -> Self {
        Self::start_with(SessionLimits::default(), None).await
    }

    async fn start_with(session_limits: SessionLimits, public_url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let engine = Engine::open(folder.path(), None, Clock::System).await.expect("opens");
        let ledger = engine.ledger().clone();
        let password = machine::first_administrator(&ledger)
            .await
            .expect("made")
            .expect("the first");
        let options = Options {
            listen: "127.0.0.1:0".to_owned(),
            public_url: public_url.map(str::to_owned),
            session_limits,
            hunting: HuntingLimits::default(),
            worker: WorkerCommand {
                program: "/nonexistent".into(),
                arguments: Vec::new(),
            },
            console: None,
        };
        let server = Server::bind(engine, options).await.expect("listens");
        let url = server.url();
        tokio::spawn(server.run(std::future::pending()));
        // A connection on which something was refused unread is closed, and must not be taken for the next request.
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections(0)
            .build();
        let agent = agent.new_agent();
        Self {
            folder,
            url,
            ledger,
            agent,
            password: password.expose().to_owned(),
        }
    }

    fn send(&self, who: &As, method: &str, path: &str, body: Value) -> Answer {
        self.send_with(who, method, path, body, &[])
    }

    fn send_with(&self, who: &As, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.url));
        match who {
            As::Nobody => {}
            As::Session(secret) => request = request.header("cookie", format!("postern_session={secret}")),
            As::Token(secret) => request = request.header("authorization", format!("Bearer {secret}")),
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        if !bytes.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(bytes).expect("a request");
        let mut response = self.agent.run(request).expect("an answer");
        let text = response.body_mut().read_to_string().expect("text");
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: match text.is_empty() {
                true => Value::Null,
                false => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            },
        }
    }

    fn get(&self, who: &As, path: &str) -> Answer {
        self.send(who, "GET", path, Value::Null)
    }

    fn try_sign_in(&self, name: &str, password: &str) -> Answer {
        let body = json!({ "name": name, "password": password });
        self.send(&As::Nobody, "POST", "/session", body)
    }

    fn sign_in(&self, name: &str, password: &str) -> As {
        let answer = self.try_sign_in(name, password);
        assert_eq!(answer.status, 200, "{}", answer.body);
        As::Session(answer.cookie())
    }

    fn admin(&self) -> As {
        self.sign_in(ADMIN, &self.password)
    }

    /// A new user of this role, signed in.
    fn user(&self, admin: &As, name: &str, role: &str) -> As {
        let body = json!({ "name": name, "role": role, "password": PASSWORD });
        let made = self.send(admin, "POST", "/users", body);
        assert_eq!(made.status, 201, "{}", made.body);
        self.sign_in(name, PASSWORD)
    }

    fn token(&self, who: &As, role: &str) -> (String, As) {
        let body = json!({ "name": "nightly", "role": role, "expires_in_days": 30 });
        let made = self.send(who, "POST", "/tokens", body);
        assert_eq!(made.status, 201, "{}", made.body);
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        (text(&made.body["token"]["id"]), As::Token(text(&made.body["secret"])))
    }

    /// The verbs of an actor, in order.
    async fn verbs_of(&self, actor: &str) -> Vec<String> {
        let query = AuditQuery {
            actor: Some(actor.to_owned()),
            limit: 100,
            ..AuditQuery::default()
        };
        let page = self.ledger.audit_page(query).await.expect("a page");
        page.entries.into_iter().rev().map(|it| it.verb).collect()
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The session's secret that the answer brings.
    fn cookie(&self) -> String {
        let cookie = self.header("set-cookie").expect("a cookie");
        let (pair, _) = cookie.split_once(';').expect("attributes");
        pair.strip_prefix("postern_session=").expect("the session's").to_owned()
    }

    /// Status and `type` of a problem document.
    fn problem(&self) -> (u16, &str) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.body
        );
        assert_eq!(self.body["status"], self.status);
        for sentence in ["title", "detail"] {
            let text = self.body[sentence].as_str().expect("a sentence");
            assert!(text.ends_with('.') && text.len() > 5, "{text}");
        }
        let kind = self.body["type"].as_str().and_then(|it| it.strip_prefix("/problems/"));
        (self.status, kind.expect("a type"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_given_for_the_password_and_says_who_is_there() {
    let host = Host::start().await;
    assert_eq!(host.get(&As::Nobody, "/session").problem(), (401, "sign-in-needed"));
    let answer = host.try_sign_in("ADMIN", &host.password);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["user"], json!({ "name": "admin", "role": "administrator" }));
    assert_eq!(
        (&answer.body["via"], &answer.body["must_change_password"]),
        (&json!("session"), &json!(false))
    );
    let permissions = answer.body["permissions"].as_array().expect("a list");
    assert!(permissions.contains(&json!("manage-users")), "{permissions:?}");

    let session = As::Session(answer.cookie());
    let seen = host.get(&session, "/session");
    assert_eq!((seen.status, &seen.body["user"]), (200, &answer.body["user"]));
    assert_eq!(seen.header("cache-control"), Some("no-store"));

    let out = host.send(&session, "DELETE", "/session", Value::Null);
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").expect("taken back").contains("Max-Age=0"));
    assert_eq!(host.get(&session, "/session").status, 401);
    assert_eq!(host.verbs_of(ADMIN).await, ["sign-in", "sign-out"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_for_this_server_only_and_secure_where_people_come_by_tls() {
    let attributes = |answer: &Answer| {
        let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
        cookie.split("; ").skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let plain = Host::start().await;
    let answer = plain.try_sign_in(ADMIN, &plain.password);
    assert_eq!(
        attributes(&answer),
        ["Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Strict"]
    );
    assert_eq!(answer.cookie().len(), 64, "256 bits");
    assert_ne!(answer.cookie(), plain.try_sign_in(ADMIN, &plain.password).cookie());

    let behind = Host::start_with(SessionLimits::default(), Some("https://postern.example")).await;
    let answer = behind.try_sign_in(ADMIN, &behind.password);
    assert!(attributes(&answer).contains(&"Secure".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_and_a_wrong_password_cannot_be_told_apart() {
    let host = Host::start().await;
    let password = host.try_sign_in(ADMIN, "not the password");
    let name = host.try_sign_in("nobody-here", "not the password");
    let long = host.try_sign_in(&"n".repeat(5_000), "not the password");
    for answer in [&password, &name, &long] {
        assert_eq!(answer.problem(), (401, "wrong-password"));
        assert_eq!(answer.body, password.body);
        assert_eq!(answer.header("set-cookie"), None);
    }
    // What was typed in for a name may be a password: it is nowhere.
    let log = host.ledger.audit(10).await.expect("a log");
    let failed: Vec<_> = log
        .iter()
        .filter(|it| it.verb == "fail-sign-in")
        .map(|it| it.actor.as_str())
        .collect();
    assert_eq!(failed, ["nobody", "nobody", ADMIN]);
    assert!(!format!("{log:?}").contains("nobody-here"));
    assert_eq!(log[0].detail["address"], "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_few_wrong_passwords_a_name_has_to_wait_and_others_do_not() {
    let host = Host::start().await;
    let admin = host.admin();
    host.user(&admin, "ann", "reader");
    for _ in 0..5 {
        assert_eq!(host.try_sign_in("ann", "not the password").status, 401);
    }
    let refused = host.try_sign_in("ANN", PASSWORD);
    assert_eq!(refused.problem(), (429, "too-many-requests"));
    let seconds: u64 = refused.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((1..=30).contains(&seconds), "{seconds}");
    assert!(
        refused.body["detail"]
            .as_str()
            .expect("text")
            .contains(&seconds.to_string())
    );
    // Names that nobody has run out in the same way.
    for _ in 0..5 {
        assert_eq!(host.try_sign_in("nobody-here", "x").status, 401);
    }
    assert_eq!(host.try_sign_in("nobody-here", "x").status, 429);
    // Who knows the password is not counted.
    for _ in 0..8 {
        host.admin();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_runs_out() {
    let limits = SessionLimits {
        idle: Duration::from_millis(1500),
        absolute: Duration::from_secs(60),
    };
    let host = Host::start_with(limits, None).await;
    let session = host.admin();
    assert_eq!(host.get(&session, "/session").status, 200);
    tokio::time::sleep(limits.idle).await;
    assert_eq!(host.get(&session, "/session").problem(), (401, "sign-in-needed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_user_is_out_at_once_and_a_changed_role_counts_at_once() {
    let host = Host::start().await;
    let admin = host.admin();
    let ann = host.user(&admin, "ann", "administrator");
    let (_, token) = host.token(&ann, "administrator");
    assert_eq!(host.get(&ann, "/users").status, 200);
    assert_eq!(host.get(&token, "/users").status, 200);

    let changed = host.send(&admin, "PATCH", "/users/ANN", json!({ "role": "analyst" }));
    assert_eq!((changed.status, &changed.body["role"]), (200, &json!("analyst")));
    assert_eq!(host.get(&ann, "/users").problem(), (403, "not-allowed"));
    assert_eq!(host.get(&token, "/users").problem(), (403, "not-allowed"));
    assert_eq!(host.get(&ann, "/session").body["user"]["role"], "analyst");

    let changed = host.send(&admin, "PATCH", "/users/ann", json!({ "is_disabled": true }));
    assert_eq!(changed.body["is_disabled"], true);
    assert_eq!(host.get(&ann, "/session").status, 401);
    assert_eq!(host.get(&token, "/session").status, 401);
    assert_eq!(host.try_sign_in("ann", PASSWORD).problem(), (403, "not-allowed"));
    assert_eq!(
        host.try_sign_in("ann", "not the password").problem(),
        (401, "wrong-password")
    );

    host.send(&admin, "PATCH", "/users/ann", json!({ "is_disabled": false }));
    assert_eq!(host.get(&ann, "/session").status, 401, "the old session is gone");
    assert_eq!(
        host.get(&token, "/session").body["user"],
        json!({ "name": "ann", "role": "analyst" })
    );
    host.sign_in("ann", PASSWORD);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_their_own_password_and_all_other_sessions_end() {
    let host = Host::start().await;
    let admin = host.admin();
    let ann = host.user(&admin, "ann", "reader");
    let elsewhere = host.sign_in("ann", PASSWORD);
    let change = |current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        host.send(&ann, "PUT", "/session/password", body)
    };
    assert_eq!(
        change("not the password", "another password").problem(),
        (422, "invalid")
    );
    for (new, title) in [
        ("too short", "The password is too short."),
        (PASSWORD, "The new password is the current one."),
    ] {
        let refused = change(PASSWORD, new);
        assert_eq!(refused.problem(), (422, "invalid"));
        assert_eq!(refused.body["title"], title);
    }
    assert_eq!(host.get(&elsewhere, "/session").status, 200, "nothing has changed yet");

    let changed = change(PASSWORD, "another password");
    assert_eq!(changed.status, 204, "{}", changed.body);
    assert_eq!(host.get(&ann, "/session").status, 401);
    assert_eq!(host.get(&elsewhere, "/session").status, 401);
    assert_eq!(host.get(&As::Session(changed.cookie()), "/session").status, 200);
    assert_eq!(host.try_sign_in("ann", PASSWORD).status, 401);
    host.sign_in("ann", "another password");
    assert_eq!(
        host.verbs_of("ann").await,
        [
            "sign-in",
            "sign-in",
            "fail-sign-in",
            "set-password",
            "sign-in",
            "fail-sign-in",
            "sign-in"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_the_current_password_is_limited_like_a_sign_in() {
    let host = Host::start().await;
    let admin = host.admin();
    let body = json!({ "current": "not the password", "new": "another password" });
    let tries = (0..6).map(|_| host.send(&admin, "PUT", "/session/password", body.clone()).status);
    assert_eq!(tries.collect::<Vec<_>>(), [422, 422, 422, 422, 422, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_added_with_a_password_of_their_own_or_a_generated_one() {
    let host = Host::start().await;
    let admin = host.admin();
    let made = host.send(&admin, "POST", "/users", json!({ "name": "Ann", "role": "analyst" }));
    assert_eq!(made.status, 201, "{}", made.body);
    let password = made.body["password"].as_str().expect("generated").to_owned();
    host.sign_in("ann", &password);
    let made = host.send(
        &admin,
        "POST",
        "/users",
        json!({ "name": "bob", "role": "reader", "password": PASSWORD }),
    );
    assert_eq!((made.status, made.body.get("password")), (201, None));

    for (body, problem) in [
        (json!({ "name": "ANN", "role": "reader" }), (409, "conflict")),
        (json!({ "name": "command line", "role": "reader" }), (422, "invalid")),
        (
            json!({ "name": "carol", "role": "reader", "password": "short" }),
            (422, "invalid"),
        ),
        (
            json!({ "name": "carol.of.corp", "role": "reader", "password": "Carol.of.Corp" }),
            (422, "invalid"),
        ),
        (json!({ "name": "carol", "role": "king" }), (422, "invalid")),
        (
            json!({ "name": "carol", "role": "reader", "admin": true }),
            (422, "invalid"),
        ),
    ] {
        let refused = host.send(&admin, "POST", "/users", body);
        assert_eq!(refused.problem(), problem, "{}", refused.body);
    }
    let users = host.get(&admin, "/users").body;
    let names: Vec<_> = users["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["admin", "Ann", "bob"]);
    assert!(users["items"][0]["last_seen_at"].is_string());
    assert!(users["items"][2]["last_seen_at"].is_null());
    assert!(!users.to_string().contains("argon2"));

    let reset = host.send(&admin, "PATCH", "/users/ann", json!({ "generate_password": true }));
    let new = reset.body["password"].as_str().expect("generated");
    assert_ne!(new, password);
    host.sign_in("ann", new);
    assert_eq!(host.try_sign_in("ann", &password).status, 401);
    let both = json!({ "generate_password": true, "password": PASSWORD });
    assert_eq!(host.send(&admin, "PATCH", "/users/ann", both).status, 422);
    assert_eq!(
        host.send(&admin, "PATCH", "/users/carol", json!({ "role": "reader" }))
            .problem(),
        (404, "not-found")
    );

    assert_eq!(host.send(&admin, "DELETE", "/users/ann", Value::Null).status, 204);
    assert_eq!(
        host.send(&admin, "DELETE", "/users/ann", Value::Null).problem(),
        (404, "not-found")
    );
    let by_admin = host.verbs_of(ADMIN).await;
    assert_eq!(
        by_admin,
        ["sign-in", "create-user", "create-user", "set-password", "delete-user"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_enabled_administrator_stays() {
    let host = Host::start().await;
    let admin = host.admin();
    for change in [json!({ "role": "analyst" }), json!({ "is_disabled": true })] {
        let refused = host.send(&admin, "PATCH", "/users/admin", change);
        assert_eq!(refused.problem(), (409, "conflict"));
    }
    assert_eq!(
        host.send(&admin, "DELETE", "/users/admin", Value::Null).problem(),
        (409, "conflict")
    );
    assert_eq!(host.get(&admin, "/session").body["user"]["role"], "administrator");
    host.user(&admin, "ann", "administrator");
    assert_eq!(host.send(&admin, "DELETE", "/users/admin", Value::Null).status, 204);
    assert_eq!(host.get(&admin, "/session").status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_what_its_role_allows_until_it_is_revoked() {
    let host = Host::start().await;
    let admin = host.admin();
    let (_, reader) = host.token(&admin, "reader");
    let (id, administrator) = host.token(&admin, "administrator");
    assert_eq!(
        host.get(&reader, "/session").body["user"],
        json!({ "name": "admin", "role": "reader" })
    );
    assert_eq!(host.get(&reader, "/session").body["via"], "token");
    assert_eq!(host.get(&reader, "/users").problem(), (403, "not-allowed"));
    assert_eq!(host.get(&administrator, "/users").status, 200);

    let mine = host.get(&admin, "/tokens").body;
    assert_eq!(mine["items"].as_array().expect("a list").len(), 2);
    assert!(!mine.to_string().contains("postern_"));

    // A leaked token must not be able to outlive itself, nor to lock its owner out.
    for token in [&reader, &administrator] {
        let made = host.send(
            token,
            "POST",
            "/tokens",
            json!({ "name": "x", "role": "reader", "expires_in_days": 1 }),
        );
        assert_eq!(made.problem(), (403, "not-allowed"));
        let body = json!({ "current": host.password, "new": "another password" });
        assert_eq!(
            host.send(token, "PUT", "/session/password", body).problem(),
            (403, "not-allowed")
        );
    }

    assert_eq!(
        host.send(&admin, "DELETE", &format!("/tokens/{id}"), Value::Null)
            .status,
        204
    );
    assert_eq!(host.get(&administrator, "/session").problem(), (401, "sign-in-needed"));
    assert_eq!(host.get(&reader, "/session").status, 200);
    for secret in ["postern_", "postern_00", "", "Basic"] {
        assert_eq!(
            host.get(&As::Token(secret.to_owned()), "/session").status,
            401,
            "{secret}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_others_are_seen_by_administrators_only() {
    let host = Host::start().await;
    let admin = host.admin();
    let ann = host.user(&admin, "ann", "analyst");
    let (admins, _) = host.token(&admin, "reader");
    let (anns, secret) = host.token(&ann, "analyst");
    for (body, status) in [
        (
            json!({ "name": "x", "role": "administrator", "expires_in_days": 1 }),
            422,
        ),
        (json!({ "name": "x", "role": "reader", "expires_in_days": 0 }), 422),
        (json!({ "name": "x", "role": "reader", "expires_in_days": 366 }), 422),
        (json!({ "name": "", "role": "reader", "expires_in_days": 1 }), 422),
    ] {
        let refused = host.send(&ann, "POST", "/tokens", body);
        assert_eq!(refused.problem(), (status, "invalid"));
    }
    let ids = |who| {
        let listed = host.get(who, "/tokens").body;
        let items = listed["items"].as_array().expect("a list").clone();
        items
            .iter()
            .map(|it| it["id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&admin), [anns.clone(), admins.clone()]);
    assert_eq!(ids(&ann), [anns.as_str()]);
    let others = format!("/tokens/{admins}");
    assert_eq!(
        host.send(&ann, "DELETE", &others, Value::Null).problem(),
        (404, "not-found")
    );
    assert_eq!(
        host.send(&admin, "DELETE", &format!("/tokens/{anns}"), Value::Null)
            .status,
        204
    );
    assert_eq!(host.get(&secret, "/session").status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_refused_and_a_wrong_token_is_not_made_good_by_a_cookie() {
    let host = Host::start().await;
    let expired = NewToken {
        hash: SecretHash::of(b"postern_expired"),
        name: "expired".to_owned(),
        role: postern_ledger::Role::Reader,
        owner: None,
        expires_in: Duration::ZERO,
    };
    host.ledger.create_token(expired, COMMAND_LINE).await.expect("made");
    assert_eq!(
        host.get(&As::Token("postern_expired".to_owned()), "/session").status,
        401
    );
    let admin = host.admin();
    let wrong = [("authorization", "Bearer postern_wrong")];
    assert_eq!(
        host.send_with(&admin, "GET", "/session", Value::Null, &wrong).status,
        401
    );
    // A proxy in front may have a password of its own.
    let basic = [("authorization", "Basic YTpi")];
    assert_eq!(
        host.send_with(&admin, "GET", "/session", Value::Null, &basic).status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_machine_itself_no_password_is_needed() {
    let host = Host::start().await;
    assert!(
        machine::first_administrator(&host.ledger)
            .await
            .expect("asked")
            .is_none(),
        "there is one"
    );
    let life = Duration::from_secs(3600);
    let made = machine::create_token(&host.ledger, "benchmark", Role::Analyst, life).await;
    let (token, secret) = made.expect("made");
    assert_eq!(token.owner, None);
    let secret = As::Token(secret.expose().to_owned());
    let user = json!({ "name": "command line", "role": "analyst" });
    assert_eq!(host.get(&secret, "/session").body["user"], user);
    let listed = host.get(&host.admin(), "/tokens").body;
    assert_eq!(listed["items"][0]["owner"], "command line");

    let session = host.admin();
    let (_, password) = machine::set_password(&host.ledger, ADMIN, None).await.expect("set");
    assert_eq!(host.get(&session, "/session").status, 401);
    assert_eq!(host.try_sign_in(ADMIN, &host.password).status, 401);
    host.sign_in(ADMIN, password.expect("generated").expose());
    assert_eq!(
        host.verbs_of("command line").await,
        ["create-user", "create-token", "set-password"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_can_neither_sign_in_nor_act_for_who_has() {
    let host = Host::start().await;
    let body = json!({ "name": ADMIN, "password": host.password });
    let origin = [("origin", "https://attacker.example")];
    let refused = host.send_with(&As::Nobody, "POST", "/session", body.clone(), &origin);
    assert_eq!(refused.problem(), (403, "foreign-site"));
    assert_eq!(refused.header("set-cookie"), None);
    let admin = host.admin();
    let user = json!({ "name": "mallory", "role": "administrator" });
    for header in [origin[0], ("sec-fetch-site", "cross-site")] {
        let refused = host.send_with(&admin, "POST", "/users", user.clone(), &[header]);
        assert_eq!(refused.problem(), (403, "foreign-site"), "{header:?}");
    }
    assert_eq!(
        host.get(&admin, "/users").body["items"]
            .as_array()
            .expect("a list")
            .len(),
        1
    );
    let own = [("origin", host.url.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(host.send_with(&As::Nobody, "POST", "/session", body, &own).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_made_with_other_parameters_is_renewed_at_sign_in() {
    let host = Host::start().await;
    let params = Params::new(64, 1, 1, None).expect("parameters");
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let old: phc::PasswordHash = weak.hash_password(PASSWORD.as_bytes()).expect("hashes");
    let old = PasswordHash(old.to_string());
    let role = postern_ledger::Role::Reader;
    host.ledger
        .create_user("ann", role, old.clone(), COMMAND_LINE)
        .await
        .expect("made");
    let hash = async || {
        host.ledger
            .credentials("ann")
            .await
            .expect("read")
            .expect("ann")
            .password_hash
    };
    assert_eq!(host.try_sign_in("ann", "not the password").status, 401);
    assert_eq!(hash().await, old);
    let first = host.sign_in("ann", PASSWORD);
    assert!(hash().await.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    host.sign_in("ann", PASSWORD);
    assert_eq!(host.get(&first, "/session").status, 200, "renewing ends no session");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_data_folder() {
    let host = Host::start().await;
    let admin = host.admin();
    let (_, As::Token(token)) = host.token(&admin, "reader") else {
        panic!("a token");
    };
    let As::Session(session) = &admin else {
        panic!("a session")
    };
    host.user(&admin, "ann", "reader");
    let mut read = 0;
    for entry in fs::read_dir(host.folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = fs::read(&path).expect("reads");
            read += bytes.len();
            for secret in [host.password.as_str(), PASSWORD, session, &token] {
                let found = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
                assert!(!found, "{} holds a secret", path.display());
            }
        }
    }
    assert!(read > 10_000, "the ledger was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_read_and_checked_by_administrators() {
    let host = Host::start().await;
    let admin = host.admin();
    let ann = host.user(&admin, "ann", "analyst");
    for path in ["/audit", "/audit/check"] {
        assert_eq!(host.get(&ann, path).problem(), (403, "not-allowed"));
    }
    let page = host.get(&admin, "/audit?limit=2").body;
    assert_eq!(
        (&page["total"], &page["offset"], &page["limit"]),
        (&json!(4), &json!(0), &json!(2))
    );
    assert_eq!(page["items"][0]["verb"], "sign-in");
    assert_eq!(page["items"][0]["actor"], "ann");
    let page = host.get(&admin, "/audit?actor=ADMIN&verb=create-user").body;
    assert_eq!(page["total"], 1);
    assert_eq!(page["items"][0]["detail"], json!({ "user": "ann", "role": "analyst" }));
    let page = host.get(&admin, "/audit?offset=3&actor=").body;
    assert_eq!((&page["items"][0]["seq"], &page["items"][1]), (&json!(1), &Value::Null));
    assert_eq!(host.get(&admin, "/audit?limit=many").problem(), (400, "malformed"));
    let check = host.get(&admin, "/audit/check").body;
    assert_eq!(check, json!({ "is_intact": true, "entries": 4, "first_broken": null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_by_all_and_changed_by_administrators() {
    let host = Host::start().await;
    let admin = host.admin();
    let ann = host.user(&admin, "ann", "analyst");
    let setting = |id: &str| {
        let list = host.get(&ann, "/settings").body;
        let items = list["items"].as_array().expect("a list").clone();
        items.into_iter().find(|it| it["id"] == id).expect("a setting")
    };
    let before = setting("session-window-days");
    assert_eq!((&before["kind"], &before["is_set"]), (&json!("number"), &json!(false)));
    assert_eq!(before["value"], before["default"]);
    let put = |who: &As, id: &str, body: Value| host.send(who, "PUT", &format!("/settings/{id}"), body);
    assert_eq!(
        put(&ann, "session-window-days", json!({ "value": 7 })).problem(),
        (403, "not-allowed")
    );

    let changed = put(&admin, "session-window-days", json!({ "value": 7 }));
    assert_eq!((changed.status, changed.body), (200, json!({ "pending": true })));
    let after = setting("session-window-days");
    assert_eq!((&after["value"], &after["is_set"]), (&json!(7), &json!(true)));
    assert_eq!(after["default"], before["default"]);
    for (id, body, problem) in [
        ("session-window-days", json!({ "value": 0 }), (422, "invalid")),
        ("session-window-days", json!({ "value": true }), (422, "invalid")),
        ("session-window-days", json!({}), (422, "invalid")),
        ("no-such-setting", json!({ "value": 1 }), (404, "not-found")),
    ] {
        let refused = put(&admin, id, body.clone());
        assert_eq!(refused.problem(), problem, "{id} {body} {}", refused.body);
    }
    assert_eq!(setting("session-window-days"), after);
    put(&admin, "session-window-days", json!({ "value": null }));
    assert_eq!(setting("session-window-days"), before);
    assert!(host.verbs_of(ADMIN).await.contains(&"set-setting".to_owned()));
}
