//! What a query may use: its stack, its time, its rows; and that it can be stopped.

use std::sync::Arc;
use std::time::Duration;

use postern_hunt::output::Collector;
use postern_hunt::run::{Summary, run};
use postern_hunt::{Budget, HuntError};
use tokio_util::sync::CancellationToken;

use crate::nothing::{Nothing, results};

/// Rows without an end in sight, out of joins that never wait.
const ENDLESS: &str = "let T = range x from 1 to 3000 step 1 | extend k = 1;
T | join kind=inner T on k | join kind=inner T on k | join kind=inner T on k | summarize count()";

async fn with(query: &str, budget: &Budget, stop: &CancellationToken) -> Result<Summary, HuntError> {
    run(query, Arc::new(Nothing), budget, stop, &mut Collector::default()).await
}

#[tokio::test]
async fn a_projection_that_looks_like_the_one_below_it_is_another_one() {
    for (times, expected) in [(1, 2), (3, 4), (40, 41)] {
        let query = format!("print a = 1{}", " | extend a = a + 1".repeat(times));
        let results = results(&query).await.expect("a query");
        let mut members = Vec::new();
        results[0].write_members(&mut members);
        let text = String::from_utf8(members).expect("JSON is text");
        assert!(text.contains(&format!("[[{expected}]]")), "{times}: {text}");
    }
}

#[tokio::test]
async fn a_query_as_deep_as_the_language_allows_does_not_take_the_stack() {
    let query = format!("print a = 1{}", " | where a > 0".repeat(295));
    assert!(
        with(&query, &Budget::default(), &CancellationToken::new())
            .await
            .is_ok()
    );
    let query = format!("print a = 1{}", " | where a > 0".repeat(1_000));
    let refused = with(&query, &Budget::default(), &CancellationToken::new()).await;
    assert!(matches!(refused, Err(HuntError::Query(_))), "{refused:?}");
}

#[tokio::test]
async fn joins_that_multiply_rows_stop_when_they_are_told_to() {
    let stop = CancellationToken::new();
    let teller = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        teller.cancel();
    });
    let done = with(ENDLESS, &Budget::default(), &stop).await;
    assert!(matches!(done, Err(HuntError::Cancelled)), "{done:?}");
}

#[tokio::test]
async fn time_that_is_over_ends_a_query_and_says_so() {
    for query in [
        ENDLESS,
        "range x from 1 to 100000 step 1 | mv-expand y = range(1, 100000) | count",
    ] {
        let budget = Budget {
            time_max: Duration::from_millis(300),
            ..Budget::default()
        };
        let done = with(query, &budget, &CancellationToken::new()).await;
        assert!(matches!(done, Err(HuntError::Limit { .. })), "{query}: {done:?}");
    }
}

#[tokio::test]
async fn a_result_of_too_many_rows_is_cut_and_says_so() {
    let budget = Budget {
        rows_max: 10,
        ..Budget::default()
    };
    let summary = with("range x from 1 to 100 step 1", &budget, &CancellationToken::new()).await;
    let summary = summary.expect("a query");
    assert_eq!(summary.rows, [10]);
    assert_eq!(summary.partial.map(|partial| partial.budget).as_deref(), Some("rows"));
}

#[tokio::test]
async fn groups_beyond_the_memory_of_a_query_fail_it_in_plain_words() {
    let budget = Budget {
        memory_bytes_max: 4 << 20,
        ..Budget::default()
    };
    let query = "range x from 1 to 3000000 step 1 | summarize make_list(x) by x % 100000";
    let done = with(query, &budget, &CancellationToken::new()).await;
    assert!(matches!(done, Err(HuntError::Limit { .. })), "{done:?}");
}
