//! Values from text, as the language writes them: in literals (`datetime(...)`, `2h`) and in the conversions of texts
//! (`todatetime`, `totimespan`, `toguid`, ...), which take the same forms.
//!
//! Every function gives `None` for text that is not such a value; `null` is not a value here ([`typed`] knows it).

use crate::{Type, Value, lexer};

mod datetime;

pub use datetime::{date_of_days, days_of_date, format_datetime, parse_datetime};

pub const TICKS_PER_SECOND: i64 = 10_000_000;
pub const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
pub const MICROSECONDS_PER_DAY: i64 = TICKS_PER_DAY / 10;

/// The constant that `type(content)` is: `None` when the content is not a value of the type.
pub fn typed(ty: Type, content: &str) -> Option<Value> {
    let content = content.trim();
    if content == "null" || content.is_empty() {
        return Some(Value::Null(ty));
    }
    // Quotes are taken around the content of all but numbers: `datetime("2020-01-01")`.
    let quotes = ['"', '\''];
    let unquoted = match quotes
        .iter()
        .find_map(|quote| content.strip_prefix(*quote)?.strip_suffix(*quote))
    {
        Some(inner) if matches!(ty, Type::DateTime | Type::TimeSpan | Type::Guid) => inner,
        _ => content,
    };
    Some(match ty {
        Type::Bool => Value::Bool(parse_bool(content)?),
        Type::Int => Value::Int(i32::try_from(parse_long(content)?).ok()?),
        Type::Long => Value::Long(parse_long(content)?),
        Type::Real => Value::Real(parse_real(content)?),
        Type::Decimal => Value::Decimal(parse_decimal(content)?),
        Type::DateTime => Value::DateTime(parse_datetime(unquoted)?),
        Type::TimeSpan => Value::TimeSpan(parse_timespan(unquoted)?),
        Type::Guid => Value::Guid(parse_guid(unquoted)?),
        Type::String | Type::Dynamic => return None,
    })
}

/// `true`, `false` in any case, and numbers, of which 0 is false.
pub fn parse_bool(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        parse_long(text).map(|number| number != 0)
    }
}

/// An integer: decimal or, with `0x`, hexadecimal (then the bits of a 64-bit number).
pub fn parse_long(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(hexadecimal) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let is_digits = hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u64::from_str_radix(hexadecimal, 16).ok().filter(|_| is_digits)?;
        let value = bits as i64;
        return Some(if text.starts_with('-') {
            value.wrapping_neg()
        } else {
            value
        });
    }
    text.parse().ok()
}

/// A number with or without point and exponent; `nan`, `inf`, `+inf`, `-inf` in any case.
pub fn parse_real(text: &str) -> Option<f64> {
    let text = text.trim();
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = if digits.eq_ignore_ascii_case("nan") {
        f64::NAN
    } else if digits.eq_ignore_ascii_case("inf") || digits.eq_ignore_ascii_case("infinity") {
        f64::INFINITY
    } else if digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        digits.parse().ok()?
    } else {
        return None;
    };
    Some(if is_negative { -value } else { value })
}

/// The digits of a decimal with an optional sign and point; an exponent is written out.
pub fn parse_decimal(text: &str) -> Option<String> {
    /// Digits that a decimal can have before or behind its point.
    const EXPONENT_MAX: i32 = 38;

    let text = text.trim();
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, digits) = match mantissa.as_bytes().first()? {
        b'-' => ("-", &mantissa[1..]),
        b'+' => ("", &mantissa[1..]),
        _ => ("", mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || whole.len() + fraction.len() == 0 || exponent.abs() > EXPONENT_MAX {
        return None;
    }
    let mut all = format!("{whole}{fraction}");
    let mut point = whole.len() as i32 + exponent;
    while point <= 0 {
        all.insert(0, '0');
        point += 1;
    }
    while all.len() < point as usize {
        all.push('0');
    }
    let (whole, fraction) = all.split_at(point as usize);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    Some(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    })
}

/// `8-4-4-4-12` hexadecimal digits, or 32 in a row; in braces or parentheses or not.
pub fn parse_guid(text: &str) -> Option<u128> {
    let text = text.trim();
    let bare = match text.as_bytes().first()? {
        b'{' => text[1..].strip_suffix('}')?,
        b'(' => text[1..].strip_suffix(')')?,
        _ => text,
    };
    let is_dash = |index: usize| matches!(index, 8 | 13 | 18 | 23);
    let has_dashes = bare.len() == 36;
    if !has_dashes && bare.len() != 32 {
        return None;
    }
    let mut value = 0;
    for (index, byte) in bare.bytes().enumerate() {
        if has_dashes && is_dash(index) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        value = (value << 4) | u128::from(char::from(byte).to_digit(16)?);
    }
    Some(value)
}

/// Nanoseconds in a unit of a time span literal (`d`, `hours`, `ms`, `tick`, ...).
pub fn unit_nanoseconds(unit: &str) -> Option<i64> {
    Some(match unit {
        "d" | "day" | "days" => TICKS_PER_DAY * 100,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000_000_000,
        "m" | "min" | "minute" | "minutes" => 60_000_000_000,
        "s" | "sec" | "second" | "seconds" => 1_000_000_000,
        "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => 1_000_000,
        "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => 1_000,
        "nano" | "nanos" | "nanosec" | "nanosecond" | "nanoseconds" => 1,
        "tick" | "ticks" => 100,
        _ => return None,
    })
}

/// Ticks of `2h`, `1.5 days`, `2` (days), `[d.]hh:mm[:ss[.fffffff]]`, each with or without a sign.
pub fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (is_negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, text[1..].trim_start()),
        b'+' => (false, text[1..].trim_start()),
        _ => (false, text),
    };
    let ticks = if rest.contains(':') {
        clock_ticks(rest)?
    } else {
        let unit_at = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let nanoseconds = match rest[unit_at..].trim() {
            "" => TICKS_PER_DAY * 100,
            unit => unit_nanoseconds(unit)?,
        };
        units_ticks(&rest[..unit_at], nanoseconds)?
    };
    Some(if is_negative { -ticks } else { ticks })
}

/// `number` of a unit of so many nanoseconds, cut off to whole ticks.
fn units_ticks(number: &str, nanoseconds: i64) -> Option<i64> {
    /// Digits of the fraction that can matter: a day has 10^14 ns.
    const FRACTION_DIGITS_MAX: usize = 15;

    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(FRACTION_DIGITS_MAX)];
    let scale = 10_i128.pow(fraction.len() as u32);
    let number = format!("{whole}{fraction}").parse::<i64>().ok()?;
    i64::try_from(i128::from(number) * i128::from(nanoseconds) / scale / 100).ok()
}

/// `[d.]hh:mm[:ss[.fffffff]]` or `d:hh:mm:ss`.
fn clock_ticks(text: &str) -> Option<i64> {
    let mut parts: Vec<&str> = text.split(':').collect();
    let mut days = "0";
    if parts.len() == 4 {
        days = parts.remove(0);
    } else if let Some((before, hours)) = parts[0].split_once('.') {
        days = before;
        parts[0] = hours;
    }
    let field = |text: &str, limit: i64| {
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|value| is_digits && *value < limit)
    };
    let (seconds, fraction) = match parts.get(2) {
        Some(part) => part.split_once('.').unwrap_or((part, "")),
        None => ("0", ""),
    };
    if parts.len() > 3 || parts.len() < 2 || fraction.len() > 7 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = field(parts[0], 24)? * 3600 + field(parts[1], 60)? * 60 + field(seconds, 60)?;
    let fraction = format!("{fraction:0<7}").parse::<i64>().ok()?;
    let days = field(days, i64::MAX / TICKS_PER_DAY)?;
    (days * TICKS_PER_DAY).checked_add(seconds * TICKS_PER_SECOND + fraction)
}

/// `[-][d.]hh:mm:ss[.fffffff]`, the way the language prints a time span.
pub fn format_timespan(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let per_second = TICKS_PER_SECOND.unsigned_abs();
    let (seconds, fraction) = (ticks / per_second, ticks % per_second);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let fraction = if fraction > 0 {
        format!(".{fraction:07}")
    } else {
        String::new()
    };
    format!("{sign}{days}{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60)
}

/// `8-4-4-4-12` in lower case.
pub fn format_guid(guid: u128) -> String {
    let digits = format!("{guid:032x}");
    [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ]
    .join("-")
}

/// The text that a string token stands for, or `None` when the token is not closed or holds an unknown escape.
pub fn unquote(token: &str) -> Option<String> {
    let token = token.strip_prefix(['h', 'H']).unwrap_or(token);
    for fence in lexer::MULTI_LINE_FENCES {
        if let Some(rest) = token.strip_prefix(fence) {
            return Some(rest.strip_suffix(fence)?.to_owned());
        }
    }
    let (is_verbatim, token) = match token.strip_prefix('@') {
        Some(rest) => (true, rest),
        None => (false, token),
    };
    let quote = token.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let content = token.get(1..)?.strip_suffix(quote)?;
    if is_verbatim {
        let doubled = format!("{quote}{quote}");
        return Some(content.replace(&doubled, &quote.to_string()));
    }
    unescape(content)
}

fn unescape(content: &str) -> Option<String> {
    let mut text = String::with_capacity(content.len());
    let mut rest = content;
    // The first half of a character that `\u` writes in two.
    let mut high_surrogate: Option<u32> = None;
    while let Some(at) = rest.find('\\') {
        if at > 0 && high_surrogate.take().is_some() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        text.push_str(&rest[..at]);
        let length = lexer::escape_length(&rest.as_bytes()[at..])?;
        let escape = &rest[at + 1..at + length];
        rest = &rest[at + length..];
        let code = escape_code(escape)?;
        match (high_surrogate.take(), code) {
            (Some(high), 0xDC00..=0xDFFF) => {
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (code - 0xDC00);
                text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (high, code) => {
                if high.is_some() {
                    text.push(char::REPLACEMENT_CHARACTER);
                }
                if (0xD800..0xDC00).contains(&code) {
                    high_surrogate = Some(code);
                } else {
                    text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
        }
    }
    if high_surrogate.is_some() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text.push_str(rest);
    Some(text)
}

/// The code of the character that an escape writes, without its backslash.
fn escape_code(escape: &str) -> Option<u32> {
    Some(match escape.as_bytes() {
        b"a" => 7,
        b"b" => 8,
        b"t" => 9,
        b"n" => 10,
        b"v" => 11,
        b"f" => 12,
        b"r" => 13,
        [b'\\' | b'\'' | b'"'] => u32::from(escape.as_bytes()[0]),
        [b'u' | b'U' | b'x', ..] => u32::from_str_radix(&escape[1..], 16).ok()?,
        _ => u32::from_str_radix(escape, 8).ok()?,
    })
}

/// The canonical JSON text of a constant.
pub fn json_of(value: &Value) -> String {
    match value {
        Value::Null(_) => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Long(value) => value.to_string(),
        // The debug form has the point that tells a real from an integer.
        Value::Real(value) if value.is_finite() => format!("{value:?}"),
        Value::Real(value) if value.is_nan() => "\"NaN\"".to_owned(),
        Value::Real(value) => if *value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }.to_owned(),
        Value::Decimal(digits) => json_string(digits),
        Value::String(text) => json_string(text),
        Value::DateTime(microseconds) => json_string(&format_datetime(*microseconds)),
        Value::TimeSpan(ticks) => json_string(&format_timespan(*ticks)),
        Value::Guid(guid) => json_string(&format_guid(*guid)),
        Value::Dynamic(json) => json.clone(),
    }
}

/// A JSON string with the escapes that JSON needs and no others.
pub fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_are_read_in_all_their_forms_and_printed_in_one() {
        for (text, printed) in [
            ("1d", "1.00:00:00"),
            ("2.5h", "02:30:00"),
            ("5ms", "00:00:00.0050000"),
            ("1tick", "00:00:00.0000001"),
            ("250 nanoseconds", "00:00:00.0000002"),
            ("-90m", "-01:30:00"),
            ("2", "2.00:00:00"),
            ("15 seconds", "00:00:15"),
            ("1.02:03:04.5", "1.02:03:04.5000000"),
            ("12:34", "12:34:00"),
        ] {
            assert_eq!(
                parse_timespan(text).map(format_timespan).as_deref(),
                Some(printed),
                "{text}"
            );
        }
        for text in ["", "d", "1:2:3:4:5", "25:00", "1.5.5d", "1 fortnight", "99999999999d"] {
            assert_eq!(parse_timespan(text), None, "{text}");
        }
    }

    #[test]
    fn escapes_are_resolved_and_surrogates_join() {
        assert_eq!(unquote(r"'a\tb\x41\u00e9\101'").as_deref(), Some("a\tbA\u{e9}A"));
        assert_eq!(unquote(r"'\uD83D\uDE00 \uD83D'").as_deref(), Some("\u{1F600} \u{FFFD}"));
        assert_eq!(unquote(r#"@"a\n""b""#).as_deref(), Some("a\\n\"b"));
        assert_eq!(unquote("h```x'\ny```").as_deref(), Some("x'\ny"));
        assert_eq!(unquote("'open"), None);
        assert_eq!(unquote("'"), None);
    }

    #[test]
    fn numbers_and_guids_are_read_and_their_neighbours_refused() {
        assert_eq!(parse_long("0xFFFFFFFFFFFFFFFF"), Some(-1));
        assert_eq!(parse_long("9223372036854775808"), None);
        assert_eq!(parse_decimal("-1.25e2").as_deref(), Some("-125"));
        assert_eq!(parse_decimal("12e-3").as_deref(), Some("0.012"));
        assert_eq!(parse_real("-INF"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_real("infinite"), None);
        let guid = "74be27de-1e4e-49d9-b579-fe0b331d3642";
        assert_eq!(parse_guid(guid).map(format_guid).as_deref(), Some(guid));
        assert_eq!(parse_guid(&guid.replace('-', "")), parse_guid(&format!("{{{guid}}}")));
        assert_eq!(parse_guid("74be27de1-e4e-49d9-b579-fe0b331d3642"), None);
    }
}
