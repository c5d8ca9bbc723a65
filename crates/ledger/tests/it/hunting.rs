//! Saved queries, functions, watchlists, and the history of what people asked.

use std::time::Duration;

use postern_ledger::{
    AUDITED_TEXT_BYTES_MAX, AuditQuery, COMMAND_LINE, HISTORY_KEPT, Ledger, LedgerError, NewQuery, NewWatchlist,
    PasswordHash, QueryOutcome, QueryRun, Role,
};

use super::{Folder, time};

async fn with_people(folder: &Folder) -> Ledger {
    let ledger = folder.open().await;
    let hash = || PasswordHash("x".to_owned());
    ledger
        .create_first_administrator("alice", hash(), COMMAND_LINE)
        .await
        .unwrap()
        .unwrap();
    ledger.create_user("bob", Role::Analyst, hash(), "alice").await.unwrap();
    ledger
}

fn query(owner: Option<&str>, name: &str) -> NewQuery {
    NewQuery {
        owner: owner.map(str::to_owned),
        name: name.to_owned(),
        description: String::new(),
        query: "Findings | count".to_owned(),
    }
}

fn run(text: impl Into<String>) -> QueryRun {
    QueryRun {
        query: text.into(),
        started_at: time("2026-11-22T08:00:00Z"),
        wall: Duration::from_micros(1_500),
        row_count: Some(3),
        outcome: QueryOutcome::Done,
        message: String::new(),
        tables: Vec::new(),
    }
}

fn list(name: &str, items: &[[&str; 2]]) -> NewWatchlist {
    NewWatchlist {
        name: name.to_owned(),
        description: "People who travel".to_owned(),
        search_key: "Upn".to_owned(),
        columns: vec!["Upn".to_owned(), "Country".to_owned()],
        items: items.iter().map(|item| item.map(str::to_owned).to_vec()).collect(),
    }
}

#[tokio::test]
async fn a_query_is_its_owners_or_everybodys() {
    let folder = Folder::new();
    let ledger = with_people(&folder).await;
    let own = ledger
        .save_query(None, query(Some("alice"), "mine"), "alice")
        .await
        .unwrap();
    let shared = ledger.save_query(None, query(None, "ours"), "alice").await.unwrap();
    let names = async |who| {
        let queries = ledger.saved_queries(who).await.unwrap();
        queries.into_iter().map(|it| it.name).collect::<Vec<_>>()
    };
    assert_eq!(names(Some("alice")).await, ["mine", "ours"]);
    assert_eq!(names(Some("bob")).await, ["ours"]);
    assert_eq!(names(None).await, ["ours"]);

    let stolen = ledger
        .save_query(Some(own.id), query(Some("bob"), "bob's now"), "bob")
        .await;
    assert!(matches!(stolen, Err(LedgerError::NoSuchHunting { .. })));
    assert!(ledger.delete_query(own.id, "bob").await.is_err());
    let changed = ledger
        .save_query(Some(shared.id), query(None, "all of ours"), "bob")
        .await
        .unwrap();
    assert_eq!((changed.id, changed.author.as_str()), (shared.id, "bob"));
    assert_eq!(names(Some("alice")).await, ["all of ours", "mine"]);
    ledger.delete_query(own.id, "alice").await.unwrap();
    assert_eq!(names(Some("alice")).await, ["all of ours"]);
}

#[tokio::test]
async fn what_was_a_persons_goes_with_them_and_what_is_everybodys_stays() {
    let folder = Folder::new();
    let ledger = with_people(&folder).await;
    ledger
        .save_query(None, query(Some("bob"), "bob's"), "bob")
        .await
        .unwrap();
    ledger.save_query(None, query(None, "ours"), "bob").await.unwrap();
    ledger.record_query(run("print 1"), Some("bob"), "bob").await.unwrap();
    ledger.delete_user("bob", "alice").await.unwrap();
    assert_eq!(ledger.saved_queries(Some("bob")).await.unwrap().len(), 1);
    assert!(ledger.query_history("bob").await.unwrap().is_empty());
}

#[tokio::test]
async fn functions_and_watchlists_take_the_place_of_those_of_their_name() {
    let folder = Folder::new();
    let ledger = with_people(&folder).await;
    for body in ["() { 1 }", "() { 2 }"] {
        ledger.store_function("Two", body, "", "alice").await.unwrap();
    }
    let functions = ledger.hunting_functions().await.unwrap();
    assert_eq!(functions.len(), 1);
    assert_eq!(functions[0].declaration, "() { 2 }");
    assert!(matches!(
        ledger.store_function("two words", "() { 1 }", "", "alice").await,
        Err(LedgerError::HuntingRefused { .. })
    ));
    ledger.delete_function("Two", "alice").await.unwrap();
    assert!(ledger.delete_function("Two", "alice").await.is_err());

    ledger
        .store_watchlist(list("Travel", &[["a@x", "DE"]]), "alice")
        .await
        .unwrap();
    let info = ledger
        .store_watchlist(list("travel", &[["a@x", "DE"], ["b@x", ""]]), "bob")
        .await
        .unwrap();
    assert_eq!(ledger.watchlists().await.unwrap(), [info]);
    let found = ledger.watchlist("TRAVEL").await.unwrap().unwrap();
    assert_eq!(found.items[1], ["b@x", ""]);
    ledger.delete_watchlist("Travel", "alice").await.unwrap();
    assert_eq!(ledger.watchlist("travel").await.unwrap(), None);
}

#[tokio::test]
async fn a_watchlist_whose_rows_do_not_fit_its_columns_is_refused() {
    let folder = Folder::new();
    let ledger = with_people(&folder).await;
    let mut short = list("short", &[["a", "b"]]);
    short.items[0].pop();
    let mut twice = list("twice", &[]);
    twice.columns[1] = "Upn".to_owned();
    let mut keyless = list("keyless", &[]);
    keyless.search_key = "Phone".to_owned();
    for list in [short, twice, keyless] {
        let refused = ledger.store_watchlist(list, "alice").await;
        assert!(
            matches!(refused, Err(LedgerError::HuntingRefused { .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_history_is_bounded_and_holds_a_text_once() {
    let folder = Folder::new();
    let ledger = with_people(&folder).await;
    for number in 0..HISTORY_KEPT + 3 {
        ledger
            .record_query(run(format!("print {number}")), Some("bob"), "bob")
            .await
            .unwrap();
    }
    ledger.record_query(run("print 100"), Some("BOB"), "bob").await.unwrap();
    let history = ledger.query_history("bob").await.unwrap();
    assert_eq!(history.len() as u32, HISTORY_KEPT);
    assert_eq!(history[0], run("print 100"));
    assert_eq!(history.iter().filter(|it| it.query == "print 100").count(), 1);
    assert!(ledger.query_history("alice").await.unwrap().is_empty());
    ledger.clear_query_history("bob").await.unwrap();
    assert!(ledger.query_history("bob").await.unwrap().is_empty());
}

#[tokio::test]
async fn every_query_is_audited_and_a_long_one_by_its_hash() {
    let folder = Folder::new();
    let ledger = with_people(&folder).await;
    ledger.record_query(run("print 1"), None, COMMAND_LINE).await.unwrap();
    let long = "é".repeat(AUDITED_TEXT_BYTES_MAX);
    ledger
        .record_query(run(long.clone()), Some("bob"), "bob")
        .await
        .unwrap();
    let page = ledger
        .audit_page(AuditQuery {
            verb: Some("hunt".to_owned()),
            limit: 10,
            ..AuditQuery::default()
        })
        .await
        .unwrap();
    let [newest, first] = page.entries.as_slice() else {
        panic!("{page:?}")
    };
    assert_eq!(
        (first.actor.as_str(), &first.detail["query"]),
        (COMMAND_LINE, &"print 1".into())
    );
    assert_eq!(newest.detail["query"]["bytes"], long.len());
    assert_eq!(ledger.verify_audit().await.unwrap().first_broken, None);
}
