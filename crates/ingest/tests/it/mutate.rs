//! Damage that keeps most of a document's structure, so that it gets behind the first brace. Start at [`mutate`].
//!
//! The parts of a document are found by a scan that forgives everything, since most documents here are broken
//! already. It knows JSON (one document or many) and XML by the first character; other bytes have no parts, and
//! are damaged as bytes. The fuzz targets (`fuzz/src/main.rs`) include this file.

use std::ops::Range;

/// Numbers and words that readers of JSON stumble over.
pub const JSON_EXTREMES: &[&str] = &[
    "null",
    "true",
    "0",
    "-0.0",
    "-1",
    "65536",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "1e308",
    "1e99999",
    "253402300800",
    "1.7976931348623157e400",
    "NaN",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"S-1-5-21-0-0-0-99999999999\"",
    "\"../../../etc/passwd\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"0000-00-00T00:00:00Z\"",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "[{}]",
    "{\"\":{}}",
];

/// Texts that readers of XML stumble over.
pub const XML_EXTREMES: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "65536",
    "18446744073709551616",
    "1e99999",
    "&amp;",
    "&#0;",
    "&#x110000;",
    "&bomb;",
    "&lt;![CDATA[",
    "<![CDATA[]]>",
    "<!---->",
    "<?x?>",
    "<x/>",
    "]]>",
    "Thu Jan  1 00:00:00 1970",
    "Fri Feb 30 25:61:61 99999",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value of JSON that is no key.
    Value,
    /// A key of an object with its quotes.
    Key,
    /// A key with its value.
    Member,
    /// An element of XML from `<` to its end tag.
    Element,
    /// An attribute with the space before it.
    Attribute,
    /// What stands between two tags.
    Text,
}

/// A piece of a document that can be taken out, repeated or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub kind: Kind,
    pub range: Range<usize>,
}

/// Parts of a document in the order of their ends, so that inner ones come first.
pub fn parts(bytes: &[u8]) -> Vec<Part> {
    if is_xml(bytes) {
        xml_parts(bytes)
    } else {
        json_parts(bytes)
    }
}

pub fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"<")
}

fn json_parts(bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    // Starts of the containers that are open, each with the key whose value it is.
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    let mut key: Option<usize> = None;
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            b'{' | b'[' => {
                open.push((start, key.take()));
                continue;
            }
            b'}' | b']' => {
                let Some((start, key)) = open.pop() else { continue };
                push_value(&mut parts, start..at, key);
                continue;
            }
            b'"' => {
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
                if bytes[at..].trim_ascii_start().starts_with(b":") {
                    parts.push(Part {
                        kind: Kind::Key,
                        range: start..at,
                    });
                    key = Some(start);
                    continue;
                }
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                let is_scalar = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                at += bytes[at..].iter().take_while(|byte| is_scalar(byte)).count();
            }
            _ => continue,
        }
        push_value(&mut parts, start..at, key.take());
    }
    parts
}

fn push_value(parts: &mut Vec<Part>, range: Range<usize>, key: Option<usize>) {
    let end = range.end;
    parts.push(Part {
        kind: Kind::Value,
        range,
    });
    if let Some(start) = key {
        parts.push(Part {
            kind: Kind::Member,
            range: start..end,
        });
    }
}

fn xml_parts(bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut open = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        if bytes[start] != b'<' {
            at += bytes[at..].iter().take_while(|&&byte| byte != b'<').count();
            if !bytes[start..at].trim_ascii().is_empty() {
                parts.push(Part {
                    kind: Kind::Text,
                    range: start..at,
                });
            }
            continue;
        }
        let end_mark: &[u8] = match &bytes[start..] {
            rest if rest.starts_with(b"<!--") => b"-->",
            rest if rest.starts_with(b"<![CDATA[") => b"]]>",
            _ => b">",
        };
        at = find(bytes, start, end_mark).map_or(bytes.len(), |found| found + end_mark.len());
        match bytes.get(start + 1) {
            Some(b'!' | b'?') | None => {}
            Some(b'/') => {
                if let Some(start) = open.pop() {
                    parts.push(Part {
                        kind: Kind::Element,
                        range: start..at,
                    });
                }
            }
            Some(_) => {
                push_attributes(&mut parts, bytes, start..at);
                if bytes[start..at].ends_with(b"/>") {
                    parts.push(Part {
                        kind: Kind::Element,
                        range: start..at,
                    });
                } else {
                    open.push(start);
                }
            }
        }
    }
    parts
}

fn push_attributes(parts: &mut Vec<Part>, bytes: &[u8], tag: Range<usize>) {
    let mut at = tag.start;
    while let Some(space) = find(&bytes[..tag.end], at, b" ") {
        let Some(open) = find(&bytes[..tag.end], space, b"=\"") else {
            break;
        };
        let Some(close) = find(&bytes[..tag.end], open + 2, b"\"") else {
            break;
        };
        parts.push(Part {
            kind: Kind::Attribute,
            range: space..close + 1,
        });
        at = close + 1;
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|it| it == what).map(|at| from + at)
}

/// A document with a part replaced.
pub fn replaced(bytes: &[u8], range: &Range<usize>, by: &[u8]) -> Vec<u8> {
    [&bytes[..range.start], by, &bytes[range.end..]].concat()
}

/// A document with a part twice, as its kind allows.
pub fn doubled(bytes: &[u8], part: &Part) -> Vec<u8> {
    repeated(bytes, part, 2)
}

fn repeated(bytes: &[u8], part: &Part, times: usize) -> Vec<u8> {
    let separator: &[u8] = match part.kind {
        Kind::Value | Kind::Member => b",",
        Kind::Key => b":",
        Kind::Element | Kind::Attribute | Kind::Text => b"",
    };
    let copies = vec![&bytes[part.range.clone()]; times];
    replaced(bytes, &part.range, &copies.join(separator))
}

/// A part inside so many others.
pub fn nested(bytes: &[u8], part: &Part, depth: usize) -> Vec<u8> {
    let inner = &bytes[part.range.clone()];
    let wrap = |open: &str, close: &str| {
        let (open, close) = (open.repeat(depth), close.repeat(depth));
        [open.as_bytes(), inner, close.as_bytes()].concat()
    };
    let deep = match part.kind {
        Kind::Value => wrap("[", "]"),
        Kind::Member => wrap("\"a\":{", "}"),
        Kind::Element | Kind::Text => wrap("<a>", "</a>"),
        Kind::Key | Kind::Attribute => inner.to_vec(),
    };
    replaced(bytes, &part.range, &deep)
}

/// Text in UTF-16; what is no UTF-8 becomes the replacement character.
pub fn utf16(bytes: &[u8], to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    text.encode_utf16().flat_map(to_bytes).collect()
}

/// Numbers that look random and are the same for the same seed (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % (end as u64).max(1)) as usize
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

/// Longest repetition and deepest nesting of a part.
const TIMES: &[usize] = &[2, 3, 10, 130, 1_000, 10_000];

/// One change of a document, of at most `length_max` bytes.
pub fn mutate(bytes: &[u8], length_max: usize, random: &mut Random) -> Vec<u8> {
    let mut changed = changed(bytes, length_max, random).unwrap_or_else(|| {
        let mut changed = bytes.to_vec();
        let at = random.below(changed.len());
        if let Some(byte) = changed.get_mut(at) {
            *byte = random.next() as u8;
        }
        changed
    });
    changed.truncate(length_max);
    changed
}

/// `None` for documents without parts.
fn changed(bytes: &[u8], length_max: usize, random: &mut Random) -> Option<Vec<u8>> {
    let parts = parts(bytes);
    let part = random.pick(&parts)?;
    let other = random.pick(&parts)?;
    let range = &part.range;
    let text = &bytes[range.clone()];
    let times = (*random.pick(TIMES)?).min(length_max / text.len().max(1) + 1);
    Some(match random.below(14) {
        0 => {
            let is_listed = matches!(part.kind, Kind::Value | Kind::Member);
            let comma = usize::from(is_listed && bytes.get(range.end) == Some(&b','));
            replaced(bytes, &(range.start..range.end + comma), b"")
        }
        1 => doubled(bytes, part),
        2 => repeated(bytes, part, times),
        3 | 4 => replaced(bytes, range, &bytes[other.range.clone()]),
        5 | 6 => replaced(bytes, range, extreme(part.kind, random)?.as_bytes()),
        7 => nested(bytes, part, times),
        8 => {
            let both = [&bytes[other.range.clone()], text].join(&b","[..]);
            replaced(bytes, range, &both)
        }
        9 => bytes[..range.end].to_vec(),
        10 => replaced(bytes, range, &text.to_ascii_uppercase()),
        11 => replaced(bytes, range, &text.repeat(times)),
        12 => {
            let at = range.start + random.below(text.len());
            let byte = *random.pick(&[0, b'"', b'\\', b'<', b'&', 0x80, 0xC0, 0xED, 0xFF])?;
            replaced(bytes, &(at..at + random.below(2)), &[byte])
        }
        _ => match random.below(6) {
            0 => [b"\xEF\xBB\xBF", bytes].concat(),
            1 => [b"\xFF\xFE", &utf16(bytes, u16::to_le_bytes)[..]].concat(),
            2 => [b"\xFE\xFF", &utf16(bytes, u16::to_be_bytes)[..]].concat(),
            3 => [bytes, bytes].concat(),
            4 => [bytes, b"\n", bytes].concat(),
            _ => [bytes, text].concat(),
        },
    })
}

fn extreme(kind: Kind, random: &mut Random) -> Option<String> {
    Some(match kind {
        Kind::Value => (*random.pick(JSON_EXTREMES)?).to_owned(),
        Kind::Key => format!(
            "\"{}\"",
            random.pick(&["", "a", "\\u0000", "Properties", "data", "meta"])?
        ),
        Kind::Member => format!("\"a\":{}", random.pick(JSON_EXTREMES)?),
        Kind::Element | Kind::Text => (*random.pick(XML_EXTREMES)?).to_owned(),
        Kind::Attribute => format!(" name=\"{}\"", random.pick(XML_EXTREMES)?),
    })
}

#[test]
fn parts_of_json_are_its_values_keys_and_members() {
    let json = br#"{"a":[1,"x\"]"],"b":{}}"#;
    let texts = |kind: Kind| -> Vec<String> {
        let parts = parts(json).into_iter().filter(|it| it.kind == kind);
        parts
            .map(|it| String::from_utf8_lossy(&json[it.range]).into_owned())
            .collect()
    };
    assert_eq!(
        texts(Kind::Value),
        ["1", r#""x\"]""#, r#"[1,"x\"]"]"#, "{}", r#"{"a":[1,"x\"]"],"b":{}}"#]
    );
    assert_eq!(texts(Kind::Key), [r#""a""#, r#""b""#]);
    assert_eq!(texts(Kind::Member), [r#""a":[1,"x\"]"]"#, r#""b":{}"#]);
}

#[test]
fn parts_of_xml_are_its_elements_attributes_and_texts() {
    let xml = br#"<?xml?><a b="1" c="> 2"><d/>text<![CDATA[<e>]]></a>"#;
    let found: Vec<_> = parts(xml)
        .into_iter()
        .map(|it| (it.kind, String::from_utf8_lossy(&xml[it.range]).into_owned()))
        .collect();
    let named = |kind: Kind, text: &str| found.contains(&(kind, text.to_owned()));
    assert!(named(Kind::Attribute, " b=\"1\""), "{found:?}");
    assert!(named(Kind::Element, "<d/>"), "{found:?}");
    assert!(
        found
            .last()
            .is_some_and(|(kind, text)| { *kind == Kind::Element && text.starts_with("<a") && text.ends_with("</a>") })
    );
}

#[test]
fn the_same_seed_makes_the_same_change() {
    let json = br#"{"a":[1,2,{"b":"c"}]}"#;
    let changes = |seed: u64| -> Vec<_> {
        let mut random = Random(seed);
        (0..50).map(|_| mutate(json, 4096, &mut random)).collect()
    };
    assert_eq!(changes(7), changes(7));
    assert_ne!(changes(7), changes(8));
    assert!(changes(7).iter().all(|it| it.len() <= 4096));
}
