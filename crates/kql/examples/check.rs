//! Reads `{"id", "query"}` lines and prints for each whether our parser takes the query:
//! `{"id","ok","position","message","other"}`. It is the counterpart of `tools/kql-oracle/oracle.mjs --syntax`.

use std::io::{BufRead, Write};

use postern_kql::{Code, Severity, parse};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut stdout = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        if let Some(query) = row["query"].as_str() {
            writeln!(stdout, "{}", answer(&row["id"], query))?;
        }
    }
    Ok(())
}

fn answer(id: &Value, query: &str) -> Value {
    let parsed = parse(query);
    let is_syntax = |code| matches!(code, Code::Syntax | Code::Limit);
    let first = parsed.diagnostics.iter().find(|found| is_syntax(found.code));
    // Positions are counted as the official service counts them, in UTF-16.
    let position = first.map(|found| {
        let before = query.get(..found.span.start as usize).unwrap_or_default();
        before.encode_utf16().count()
    });
    let others = parsed
        .diagnostics
        .iter()
        .filter(|found| !is_syntax(found.code) && found.severity == Severity::Error);
    json!({
        "id": id,
        "ok": first.is_none(),
        "position": position.map_or(json!(-1), |position| json!(position)),
        "message": first.map(|found| &found.message),
        "other": others.map(|found| &found.message).collect::<Vec<_>>(),
    })
}
