//! `parse-kv`: values by their keys out of a text.
//!
//! Three ways: delimiters that the query names, none (then every character that is neither letter nor digit is one), or
//! a regular expression whose first group is the key and whose second the value. The first value of a key counts.

use postern_kql::ir::{self, ParseKvOptions, Scalar};
use postern_kql::{Diagnostic, Type};
use regex::{Regex, RegexBuilder};

use super::{Out, Preparation, RowError, RowOperator, empty, read, widened, wrong};
use crate::context::PATTERN_BYTES_MAX;
use crate::evaluate::{Program, Values};
use crate::{Context, Datum, convert};

pub(super) struct ParseKv {
    value: Program,
    reader: Reader,
    keys: Vec<String>,
    outputs: Vec<usize>,
    types: Vec<Type>,
    width: usize,
}

enum Reader {
    Delimited {
        pair: String,
        key_value: String,
        is_greedy: bool,
        quotes: Quotes,
    },
    Words(Quotes),
    Pattern(Regex),
}

struct Quotes {
    pairs: Vec<(char, char)>,
    escape: Option<char>,
}

impl ParseKv {
    pub(super) fn new(
        value: &Scalar,
        outputs: &[usize],
        keys: &[String],
        options: &ParseKvOptions,
        node: &ir::Tabular,
        with: &Preparation<'_>,
    ) -> Result<Self, Diagnostic> {
        let quotes = Quotes {
            pairs: options.quote.clone(),
            escape: options.escape,
        };
        let reader = match (&options.regex, &options.pair_delimiter, &options.kv_delimiter) {
            (Some(pattern), None, None) => {
                let pattern = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build().ok();
                match pattern.filter(|pattern| pattern.captures_len() == 3) {
                    Some(pattern) => Reader::Pattern(pattern),
                    None => return Err(wrong(node.span, "regex is not a regular expression with two groups")),
                }
            }
            (None, Some(pair), Some(key_value)) if !pair.is_empty() && !key_value.is_empty() => Reader::Delimited {
                pair: pair.clone(),
                key_value: key_value.clone(),
                is_greedy: options.greedy,
                quotes,
            },
            (None, None, None) => Reader::Words(quotes),
            _ => {
                let message = "parse-kv takes both pair_delimiter and kv_delimiter, or regex, or none of them";
                return Err(wrong(node.span, message));
            }
        };
        Ok(Self {
            value: with.program(value)?,
            reader,
            keys: keys.to_vec(),
            outputs: outputs.to_vec(),
            types: outputs.iter().map(|output| node.columns[*output].ty).collect(),
            width: node.columns.len(),
        })
    }

    fn read(&self, text: &str) -> Vec<Option<String>> {
        let mut found = vec![None; self.keys.len()];
        let mut keep = |key: &str, value: &str| {
            if let Some(index) = self.keys.iter().position(|known| known == key.trim())
                && found[index].is_none()
            {
                found[index] = Some(value.to_owned());
            }
        };
        match &self.reader {
            Reader::Pattern(pattern) => {
                for captures in pattern.captures_iter(text) {
                    let group = |group| captures.get(group).map_or("", |group| group.as_str());
                    keep(group(1), group(2).trim());
                }
            }
            Reader::Delimited {
                pair,
                key_value,
                is_greedy,
                quotes,
            } => delimited(text, pair, key_value, *is_greedy, quotes, &mut keep),
            Reader::Words(quotes) => {
                let words = words(text, quotes);
                let mut words = words.iter().peekable();
                while let Some(word) = words.next() {
                    // What follows a key is its value, and no key.
                    if self.keys.contains(word)
                        && let Some(value) = words.next()
                    {
                        keep(word, value);
                    }
                }
            }
        }
        found
    }
}

impl RowOperator for ParseKv {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let value = self.value.run(&Values(row), cx);
        let found = self.read(&convert::text(&value));
        let mut wide = widened(row, self.width);
        for ((output, ty), text) in self.outputs.iter().zip(&self.types).zip(&found) {
            wide[*output] = text
                .as_deref()
                .map_or_else(|| empty(*ty), |text| read::value_or_empty(text, *ty));
        }
        out(&wide)
    }
}

/// Finds quoted texts in one text, and remembers which quotes nothing closes any more, so that it is not looked for
/// again and again.
struct Unquoting<'q> {
    quotes: &'q Quotes,
    unclosed: Vec<char>,
}

impl<'q> Unquoting<'q> {
    fn new(quotes: &'q Quotes) -> Self {
        let unclosed = Vec::new();
        Self { quotes, unclosed }
    }

    /// A quoted text at the beginning: what it says, and what comes behind. Without a closing quote it is none.
    fn unquote<'t>(&mut self, text: &'t str) -> Option<(String, &'t str)> {
        let first = text.chars().next()?;
        let (_, close) = self.quotes.pairs.iter().find(|(open, _)| *open == first)?;
        if self.unclosed.contains(&first) {
            return None;
        }
        let mut inner = String::new();
        let mut characters = text.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            if Some(character) == self.quotes.escape {
                inner.extend(characters.next().map(|(_, escaped)| escaped));
            } else if character == *close {
                return Some((inner, &text[at + character.len_utf8()..]));
            } else {
                inner.push(character);
            }
        }
        self.unclosed.push(first);
        None
    }
}

fn delimited(
    text: &str,
    pair: &str,
    key_value: &str,
    is_greedy: bool,
    quotes: &Quotes,
    keep: &mut dyn FnMut(&str, &str),
) {
    let mut quotes = Unquoting::new(quotes);
    let behind = |text: &'_ str| text.find(pair).map_or(text.len(), |at| at + pair.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (key, behind_key) = match quotes.unquote(rest.trim_start()) {
            Some((key, behind_key)) => match behind_key.trim_start().strip_prefix(key_value) {
                Some(behind_key) => (key, behind_key),
                None => {
                    rest = &behind_key[behind(behind_key)..];
                    continue;
                }
            },
            None => {
                let Some(at) = rest.find(key_value) else { return };
                // A pair without a value may stand before.
                let key = rest[..at].rsplit(pair).next().unwrap_or_default();
                (key.to_owned(), &rest[at + key_value.len()..])
            }
        };
        if let Some((value, behind_value)) = quotes.unquote(behind_key.trim_start()) {
            keep(&key, &value);
            rest = &behind_value[behind(behind_value)..];
            continue;
        }
        let length = if is_greedy {
            greedy_length(behind_key, pair, key_value)
        } else {
            behind_key.find(pair).unwrap_or(behind_key.len())
        };
        keep(&key, behind_key[..length].trim());
        rest = behind_key.get(length + pair.len()..).unwrap_or_default();
    }
}

/// A value reaches to the pair delimiter before the next key.
fn greedy_length(text: &str, pair: &str, key_value: &str) -> usize {
    let next_key = text.find(pair).and_then(|at| {
        let behind = at + pair.len();
        text[behind..].find(key_value).map(|key| behind + key)
    });
    next_key.and_then(|at| text[..at].rfind(pair)).unwrap_or(text.len())
}

/// Runs of letters and digits, and quoted texts.
fn words(text: &str, quotes: &Quotes) -> Vec<String> {
    let mut quotes = Unquoting::new(quotes);
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some((word, behind)) = quotes.unquote(rest) {
            words.push(word);
            rest = behind;
        } else if character.is_alphanumeric() {
            let length = rest
                .find(|character: char| !character.is_alphanumeric())
                .unwrap_or(rest.len());
            words.push(rest[..length].to_owned());
            rest = &rest[length..];
        } else {
            rest = &rest[character.len_utf8()..];
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{column, node, run, table, texts};

    fn parsed(text: &str, keys: &[(&str, Type)], options: &ParseKvOptions) -> Result<String, Diagnostic> {
        let mut columns = vec![("s", Type::String)];
        columns.extend(keys);
        let op = Op::ParseKv {
            input: table(&[("s", Type::String)]),
            value: column(0, Type::String),
            outputs: (1..=keys.len()).collect(),
            keys: keys.iter().map(|(key, _)| (*key).to_owned()).collect(),
            options: options.clone(),
        };
        let rows = run(&node(op, &columns), &[vec![Datum::string(text)]])?.unwrap();
        Ok(texts(&rows)[0][1..].join("|"))
    }

    fn delimiters(pair: &str, key_value: &str) -> ParseKvOptions {
        ParseKvOptions {
            pair_delimiter: Some(pair.to_owned()),
            kv_delimiter: Some(key_value.to_owned()),
            ..ParseKvOptions::default()
        }
    }

    #[test]
    fn documented_ways_to_read_pairs() {
        let text = Type::String;
        let keys = [("Text", text), ("ThreadId", Type::Long), ("Machine", text)];
        let line = "ThreadId:458745723, Machine:Node001, Text: The service is up, Level: Info";
        assert_eq!(
            parsed(line, &keys, &delimiters(",", ":")).unwrap(),
            "The service is up|458745723|Node001"
        );
        let line = "2021-01-01T10:00:34 [INFO] ThreadId:458745723, Machine:Node001, Text: Started";
        assert_eq!(
            parsed(line, &keys, &ParseKvOptions::default()).unwrap(),
            "Started|458745723|Node001"
        );
        let quoted = ParseKvOptions {
            quote: vec![('\'', '\'')],
            escape: Some('\\'),
            ..ParseKvOptions::default()
        };
        let line = r"x ThreadId:458745723, Machine:Node001, Text: 'The service \' is up'";
        assert_eq!(
            parsed(line, &keys, &quoted).unwrap(),
            "The service ' is up|458745723|Node001"
        );

        let keys = [
            ("event time", text),
            ("src", text),
            ("bytes", Type::Long),
            ("failure", text),
        ];
        let line = r#"src=10.1.1.123 bytes=125 failure="connection \"aborted\"" "event time"=now"#;
        let quoted = ParseKvOptions {
            quote: vec![('"', '"')],
            escape: Some('\\'),
            ..delimiters(" ", "=")
        };
        assert_eq!(
            parsed(line, &keys, &quoted).unwrap(),
            "now|10.1.1.123|125|connection \"aborted\""
        );
        let line = "src=10.1.1.123 bytes=125 failure=(connection aborted) (event time)=(then)";
        let bracketed = ParseKvOptions {
            quote: vec![('(', ')')],
            ..delimiters(" ", "=")
        };
        assert_eq!(
            parsed(line, &keys, &bracketed).unwrap(),
            "then|10.1.1.123|125|connection aborted"
        );

        let keys = [("name", text), ("phone", text), ("city", text)];
        let line = "name=John Doe phone=555 5555 city=New York";
        assert_eq!(parsed(line, &keys, &delimiters(" ", "=")).unwrap(), "John|555|New");
        let greedy = ParseKvOptions {
            greedy: true,
            ..delimiters(" ", "=")
        };
        assert_eq!(parsed(line, &keys, &greedy).unwrap(), "John Doe|555 5555|New York");

        let keys = [
            ("referer url", text),
            ("advertiser id", Type::Guid),
            ("absent", Type::Long),
        ];
        let line = r#"["referer url: https://h.com/?d=/?h=1", "advertiser id: 24fefbca-cf27-4d62-a623-249c2ad30c73"]"#;
        let regex = ParseKvOptions {
            regex: Some(r#""([\w ]+)\s*:\s*([^"]*)""#.to_owned()),
            ..ParseKvOptions::default()
        };
        assert_eq!(
            parsed(line, &keys, &regex).unwrap(),
            "https://h.com/?d=/?h=1|24fefbca-cf27-4d62-a623-249c2ad30c73|"
        );
    }

    #[test]
    fn the_first_value_of_a_key_counts_and_bad_values_are_empty() {
        let keys = [("a", Type::Long), ("b", Type::String)];
        assert_eq!(parsed("a=1;a=2;b", &keys, &delimiters(";", "=")).unwrap(), "1|");
        assert_eq!(parsed("a=x;a=2;b=", &keys, &delimiters(";", "=")).unwrap(), "|");
        assert_eq!(parsed("", &keys, &delimiters(";", "=")).unwrap(), "|");
        assert_eq!(parsed("junk;b=ß;", &keys, &delimiters(";", "=")).unwrap(), "|ß");
    }

    #[test]
    fn quotes_that_nothing_closes_are_no_quotes() {
        let open = ParseKvOptions {
            quote: vec![('(', ')')],
            ..ParseKvOptions::default()
        };
        // Quadratic time would be noticed here.
        let line = format!("a (b c) {}z 7", "(".repeat(200_000));
        let keys = [("a", Type::String), ("z", Type::Long)];
        assert_eq!(parsed(&line, &keys, &open).unwrap(), "b c|7");
        let greedy = ParseKvOptions {
            greedy: true,
            quote: vec![('(', ')')],
            ..delimiters(" ", "=")
        };
        let line = format!("a=b=(c {}z=7", "(=".repeat(200_000));
        assert_eq!(parsed(&line, &keys, &greedy).unwrap().split('|').next(), Some("b=(c"));
    }

    #[test]
    fn half_of_the_options_is_refused() {
        let options = ParseKvOptions {
            pair_delimiter: Some(",".to_owned()),
            ..ParseKvOptions::default()
        };
        let refused = parsed("a=1", &[("a", Type::Long)], &options).unwrap_err();
        assert_eq!(
            refused.message,
            "parse-kv takes both pair_delimiter and kv_delimiter, or regex, or none of them"
        );
    }
}
