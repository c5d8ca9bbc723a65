//! Addresses and paths taken apart: `parse_url`, `parse_urlquery`, `parse_path`.

use crate::json::Properties;
use crate::strings::text;
use crate::{Context, Datum, Json, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("parse_path", parse_path),
    ("parse_url", parse_url),
    ("parse_urlquery", parse_urlquery),
];

fn object<const N: usize>(entries: [(&str, Json); N]) -> Datum<'static> {
    let entries = entries.into_iter().map(|(name, value)| (name.to_owned(), value));
    Datum::dynamic(Json::Object(entries.collect()))
}

fn string(text: &str) -> Json {
    Json::String(text.to_owned())
}

/// `scheme://user:password@host:port/path?a=1&b=2#fragment`; what is no such address has no parts.
fn parse_url<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let url = text(arguments, 0);
    let (rest, fragment) = url.split_once('#').unwrap_or((&url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("", rest),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    // The colons of an IPv6 address stand in brackets.
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (host, ""),
    };
    object([
        ("Scheme", string(scheme)),
        ("Host", string(host)),
        ("Port", string(port)),
        ("Path", string(path)),
        ("Username", string(user)),
        ("Password", string(password)),
        ("Query Parameters", parameters(query)),
        ("Fragment", string(fragment)),
    ])
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
}

fn parse_urlquery<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let query = text(arguments, 0);
    object([(
        "Query Parameters",
        parameters(query.strip_prefix('?').unwrap_or(&query)),
    )])
}

/// `a=1&b=2`: of equal names the last value stays.
fn parameters(query: &str) -> Json {
    let mut properties = Properties::default();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        *properties.place(name.to_owned()) = string(value);
    }
    properties.into()
}

/// Paths of Windows and of Unix, with a scheme, a share or an alternate data stream.
fn parse_path<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let whole = text(arguments, 0);
    let (scheme, path) = whole.split_once("://").unwrap_or(("", &whole));
    // `\\?\` announces a long path and is no part of it.
    let path = path.strip_prefix(r"\\?\").unwrap_or(path);
    let root = match path.as_bytes() {
        [letter, b':', ..] if letter.is_ascii_alphabetic() => &path[..2],
        _ => "",
    };
    let last = path.rfind(['/', '\\']);
    let directory = last.map_or("", |end| &path[..end]);
    let directory = if directory.len() < root.len() { root } else { directory };
    let name = &path[last.map_or(root.len(), |end| end + 1)..];
    let (name, stream) = name.split_once(':').unwrap_or((name, ""));
    let directory_name = directory[if directory.len() > root.len() {
        root.len()
    } else {
        directory.len()
    }..]
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or("");
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    object([
        ("Scheme", string(scheme)),
        ("RootPath", string(root)),
        ("DirectoryPath", string(directory)),
        ("DirectoryName", string(directory_name)),
        ("Filename", string(name)),
        ("Extension", string(extension)),
        ("AlternateDataStreamName", string(stream)),
    ])
}
