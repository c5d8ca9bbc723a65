//! Queries that are kept: generated ones, which are valid, and those that once broke something.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use crate::common::World;
use postern_kql::complete::{complete, hover};
use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Options, bind, parse};
use std::sync::Arc;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

#[test]
fn generated_queries_parse() {
    let text = fs::read_to_string(testdata().join("queries.kql")).expect("the generated queries");
    let queries: Vec<&str> = text.split("\n\n").collect();
    assert!(queries.len() > 100);
    for query in queries {
        let parsed = parse(query);
        assert!(parsed.is_grammatical(), "{query}\n{:?}", parsed.diagnostics);
        World::exposure().bind(query);
    }
}

/// A world without names.
struct Nothing;

impl Schema for Nothing {
    fn table(&self, _: &str) -> Found<Arc<Table>> {
        Found::No
    }

    fn table_function(&self, _: &str) -> Option<Arc<TableFunction>> {
        None
    }

    fn stored_function(&self, _: &str) -> Option<Arc<StoredFunction>> {
        None
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        Vec::new()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        Vec::new()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        Vec::new()
    }
}

#[test]
fn what_once_broke_something_is_read_on_a_small_stack() {
    let mut count = 0;
    for entry in fs::read_dir(testdata().join("regressions")).expect("a folder of regressions") {
        let path = entry.expect("an entry").path();
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a readable file")).into_owned();
        let reading = thread::Builder::new()
            .stack_size(2 << 20)
            .name(path.display().to_string())
            .spawn(move || {
                let parsed = parse(&text);
                World::exposure().bind(&text);
                drop(bind(&parsed.script, &text, &Nothing, &Options::default()));
                complete(&text, text.len(), &Nothing);
                hover(&text, text.len() / 2, &Nothing);
            });
        reading.expect("a thread").join().expect("no panic");
        count += 1;
    }
    assert!(count > 0);
}
