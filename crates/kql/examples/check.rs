//! Reads `{"id", "query"}` lines and prints for each whether our parser takes the query:
//! `{"id","ok","position","message","unsupported"}`. It is the counterpart of `tools/kql-oracle`.

use std::io::{BufRead, Write};

use postern_kql::literal::json_string as json;
use postern_kql::{Code, Severity, parse};

fn main() -> std::io::Result<()> {
    let stdin = std::io::stdin().lock();
    let mut stdout = std::io::stdout().lock();
    for line in stdin.lines() {
        let line = line?;
        let (Some(id), Some(query)) = (field(&line, "id"), field(&line, "query")) else {
            continue;
        };
        let parsed = parse(&query);
        let is_syntax = |code| matches!(code, Code::Syntax | Code::Limit);
        let first = parsed.diagnostics.iter().find(|found| is_syntax(found.code));
        let others = parsed.diagnostics.iter().filter(|found| !is_syntax(found.code));
        let others: Vec<String> = others
            .filter(|found| found.severity == Severity::Error)
            .map(|found| json(&found.message))
            .collect();
        // Positions are counted as the official service counts them, in UTF-16.
        let position = first.map_or(-1, |found| {
            let before = query.get(..found.span.start as usize).unwrap_or_default();
            before.encode_utf16().count() as i64
        });
        let message = first.map_or("null".to_owned(), |found| json(&found.message));
        writeln!(
            stdout,
            r#"{{"id":{},"ok":{},"position":{position},"message":{message},"other":[{}]}}"#,
            json(&id),
            first.is_none(),
            others.join(",")
        )?;
    }
    Ok(())
}

/// The value of a text property of a JSON object on one line; the language front end has no JSON library.
fn field(line: &str, name: &str) -> Option<String> {
    let mut rest = line.trim().strip_prefix('{')?;
    loop {
        let (key, after) = string(rest.trim_start())?;
        let after = after.trim_start().strip_prefix(':')?.trim_start();
        if key == name {
            return string(after).map(|(value, _)| value);
        }
        let (_, behind) = string(after)?;
        rest = behind.trim_start().strip_prefix(',')?;
    }
}

/// A JSON string and what stands behind it.
fn string(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('"')?;
    let mut is_escaped = false;
    let end = text.find(|c: char| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })?;
    // JSON's escapes, but for that of the slash, are among those of the language's strings.
    let quoted = format!("\"{}\"", &text[..end]);
    postern_kql::literal::unquote(&quoted).map(|value| (value, &text[end + 1..]))
}
