//! Texts of other forms read into values: lines of CSV, command lines, versions.

use rust_decimal::Decimal;

use crate::strings::text;
use crate::{Context, Datum, Json, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("parse_command_line", parse_command_line),
    ("parse_csv", parse_csv),
    ("parse_version", parse_version),
];

/// The fields of the first record: `a,"b ""c""",d`.
fn parse_csv<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let source = text(arguments, 0);
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut is_quoted = false;
    let mut rest = source.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' if is_quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' if is_quoted || field.is_empty() => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(Json::String(std::mem::take(&mut field))),
            '\r' | '\n' if !is_quoted => break,
            other => field.push(other),
        }
    }
    fields.push(Json::String(field));
    Datum::dynamic(Json::Array(fields))
}

/// The arguments of a command line of Windows, as its `CommandLineToArgvW` takes them apart. Other kinds give null.
fn parse_command_line<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !text(arguments, 1).eq_ignore_ascii_case("windows") {
        return Datum::Null;
    }
    let line = text(arguments, 0);
    let items = windows_arguments(&line).into_iter().map(Json::String).collect();
    Datum::dynamic(Json::Array(items))
}

fn windows_arguments(line: &str) -> Vec<String> {
    let is_blank = |character: char| matches!(character, ' ' | '\t');
    let mut found = Vec::new();
    let mut rest = line.trim_start_matches(is_blank);
    // In the name of the program a backslash is nothing special.
    if let Some(quoted) = rest.strip_prefix('"') {
        let (name, behind) = quoted.split_once('"').unwrap_or((quoted, ""));
        found.push(name.to_owned());
        rest = behind;
    } else if !rest.is_empty() {
        let end = rest.find(is_blank).unwrap_or(rest.len());
        // A quote inside a name that began without one still counts for blanks.
        let end = match rest[..end].find('"') {
            Some(quote) => rest[quote + 1..].find('"').map_or(rest.len(), |close| {
                let behind = quote + 1 + close + 1;
                behind + rest[behind..].find(is_blank).unwrap_or(rest.len() - behind)
            }),
            None => end,
        };
        found.push(rest[..end].replace('"', ""));
        rest = &rest[end..];
    }
    let mut characters = rest.trim_start_matches(is_blank).chars().peekable();
    while characters.peek().is_some() {
        let mut argument = String::new();
        let mut is_quoted = false;
        while let Some(character) = characters.next_if(|next| is_quoted || !is_blank(*next)) {
            match character {
                '\\' => {
                    let mut backslashes = 1;
                    while characters.next_if_eq(&'\\').is_some() {
                        backslashes += 1;
                    }
                    // Before a quote two stand for one, and an odd one takes the quote's meaning.
                    if characters.peek() == Some(&'"') {
                        argument.extend(std::iter::repeat_n('\\', backslashes / 2));
                        if backslashes % 2 == 1 {
                            characters.next();
                            argument.push('"');
                        }
                    } else {
                        argument.extend(std::iter::repeat_n('\\', backslashes));
                    }
                }
                '"' if is_quoted && characters.next_if_eq(&'"').is_some() => argument.push('"'),
                '"' => is_quoted = !is_quoted,
                other => argument.push(other),
            }
        }
        found.push(argument);
        while characters.next_if(|next| is_blank(*next)).is_some() {}
    }
    found
}

/// `1.2.3.4` as a number in which each of up to four parts has eight digits.
fn parse_version<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    version(&text(arguments, 0)).map_or(Datum::Null, Datum::Decimal)
}

fn version(text: &str) -> Option<Decimal> {
    const PARTS: usize = 4;
    const DIGITS: usize = 8;
    let parts: Vec<&str> = text.trim().split('.').collect();
    if parts.len() > PARTS {
        return None;
    }
    let factor = Decimal::from(100_000_000);
    let mut number = Decimal::ZERO;
    for index in 0..PARTS {
        let part = match parts.get(index) {
            None => 0,
            Some(part) if (1..=DIGITS).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()) => {
                part.parse::<u32>().ok()?
            }
            Some(_) => return None,
        };
        number = number.checked_mul(factor)?.checked_add(Decimal::from(part))?;
    }
    Some(number)
}
