//! Values written as text, read from text, and turned into values of other types.
//!
//! A conversion never fails: what cannot be converted is null (as `string`, which has no null, the empty text).
//! [`text`] is `tostring`; [`cast`] is the `to...` functions and the conversions that the language makes by itself.

use postern_kql::{Type, literal};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use std::borrow::Cow;

use crate::{Datum, Dynamic, Json, calendar, path};

/// Ticks of 100 ns.
pub const TICKS_PER_MICROSECOND: i64 = calendar::TICKS;
pub const TICKS_PER_SECOND: i64 = literal::TICKS_PER_SECOND;

/// A moment, where it is one that the language knows.
pub fn datetime(microseconds: i64) -> Datum<'static> {
    calendar::in_range(microseconds).map_or(Datum::Null, Datum::DateTime)
}

/// The text of any value. A null has none: it is the empty text.
pub fn text<'d>(datum: &'d Datum<'_>) -> Cow<'d, str> {
    match datum {
        Datum::String(text) => Cow::Borrowed(text),
        Datum::Dynamic(value) => dynamic_text(value),
        other => Cow::Owned(printed(other)),
    }
}

/// As [`text`], for as long as what the value borrows.
pub fn text_of<'a>(datum: &Datum<'a>) -> Cow<'a, str> {
    match datum {
        Datum::String(text) => text.clone(),
        Datum::Dynamic(Dynamic::Text(Cow::Borrowed(text))) => {
            if text.starts_with('"') {
                path::unquoted(text).unwrap_or(Cow::Borrowed(text))
            } else {
                Cow::Borrowed(text)
            }
        }
        other => Cow::Owned(text(other).into_owned()),
    }
}

/// The text of a JSON value: a string without its quotes, all else as canonical JSON.
pub fn dynamic_text<'d>(value: &'d Dynamic<'_>) -> Cow<'d, str> {
    match value {
        Dynamic::Text(text) if text.starts_with('"') => path::unquoted(text).unwrap_or(Cow::Borrowed(text)),
        Dynamic::Text(text) => Cow::Borrowed(text),
        Dynamic::Tree(tree) => json_text(tree),
    }
}

/// As [`dynamic_text`], of a tree.
pub fn json_text(tree: &Json) -> Cow<'_, str> {
    match tree {
        Json::Null => Cow::Borrowed(""),
        Json::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

fn printed(datum: &Datum<'_>) -> String {
    match datum {
        Datum::Null => String::new(),
        Datum::Bool(true) => "True".to_owned(),
        Datum::Bool(false) => "False".to_owned(),
        Datum::Int(value) => value.to_string(),
        Datum::Long(value) => value.to_string(),
        Datum::Real(value) => real_text(*value),
        Datum::Decimal(value) => value.normalize().to_string(),
        Datum::String(text) => text.to_string(),
        Datum::DateTime(value) => literal::format_datetime(*value),
        Datum::TimeSpan(value) => literal::format_timespan(*value),
        Datum::Guid(value) => literal::format_guid(*value),
        Datum::Dynamic(value) => dynamic_text(value).into_owned(),
    }
}

/// `1.0`, `0.25`, `1E+20`: the fewest digits that read back equal.
pub fn real_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let plain = format!("{value:?}");
    match plain.split_once('e') {
        None => plain,
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}E-{exponent:0>2}"),
            None => format!("{digits}E+{exponent:0>2}"),
        },
    }
}

/// The value as JSON. What JSON has no kind for becomes its text.
pub fn json(datum: &Datum<'_>) -> Json {
    match datum {
        Datum::Null => Json::Null,
        Datum::Bool(value) => Json::Bool(*value),
        Datum::Int(value) => Json::Long(i64::from(*value)),
        Datum::Long(value) => Json::Long(*value),
        Datum::Real(value) => Json::Real(*value),
        Datum::Dynamic(value) => value.tree().into_owned(),
        other => Json::String(text(other).into_owned()),
    }
}

/// `parse_json`: text is read as JSON, and is a JSON string where it is none; the empty text is null.
pub fn parse_dynamic<'a>(datum: &Datum<'a>) -> Datum<'a> {
    match datum {
        Datum::Dynamic(_) => datum.clone(),
        Datum::String(text) if text.trim().is_empty() => Datum::Null,
        Datum::String(text) => {
            Datum::dynamic(Json::parse(text).unwrap_or_else(|_| Json::String(text.clone().into_owned())))
        }
        other => Datum::dynamic(json(other)),
    }
}

/// A JSON value as a value of the type of its kind; arrays and objects stay what they are.
pub fn of_kind<'d>(value: &'d Dynamic<'_>) -> Datum<'d> {
    match value {
        Dynamic::Text(text) => match text.as_bytes().first() {
            None => Datum::Null,
            Some(b'"') => Datum::String(path::unquoted(text).unwrap_or(Cow::Borrowed(text))),
            Some(b'{' | b'[') => Datum::Dynamic(Dynamic::Text(Cow::Borrowed(text))),
            Some(_) => match text.as_ref() {
                "true" => Datum::Bool(true),
                "false" => Datum::Bool(false),
                "null" => Datum::Null,
                number => number
                    .parse()
                    .map(Datum::Long)
                    .unwrap_or_else(|_| number.parse().map_or(Datum::String(Cow::Borrowed(number)), Datum::Real)),
            },
        },
        Dynamic::Tree(tree) => kind_of_tree(tree),
    }
}

/// As [`of_kind`], of a tree.
pub fn kind_of_tree(tree: &Json) -> Datum<'_> {
    match tree {
        Json::Null => Datum::Null,
        Json::Bool(value) => Datum::Bool(*value),
        Json::Long(value) => Datum::Long(*value),
        Json::Real(value) => Datum::Real(*value),
        Json::String(text) => Datum::string(text.as_str()),
        Json::Array(_) | Json::Object(_) => Datum::Dynamic(Dynamic::Tree(Cow::Borrowed(tree))),
    }
}

/// The value as one of another type.
pub fn cast<'a>(datum: &Datum<'a>, to: Type) -> Datum<'a> {
    if datum.ty() == Some(to) {
        return datum.clone();
    }
    match to {
        Type::Bool => boolean(datum).map_or(Datum::Null, Datum::Bool),
        Type::Int => long(datum)
            .and_then(|value| i32::try_from(value).ok())
            .map_or(Datum::Null, Datum::Int),
        Type::Long => long(datum).map_or(Datum::Null, Datum::Long),
        Type::Real => real(datum).map_or(Datum::Null, Datum::Real),
        Type::Decimal => decimal(datum).map_or(Datum::Null, Datum::Decimal),
        Type::String => Datum::String(text_of(datum)),
        Type::DateTime => moment(datum).map_or(Datum::Null, datetime),
        Type::TimeSpan => duration(datum).map_or(Datum::Null, Datum::TimeSpan),
        Type::Guid => guid(datum).map_or(Datum::Null, Datum::Guid),
        Type::Dynamic => Datum::dynamic(json(datum)),
    }
}

/// The value as an integer: fractions are cut off towards zero, moments and durations are their ticks.
pub fn long(datum: &Datum<'_>) -> Option<i64> {
    match datum {
        Datum::Bool(value) => Some(i64::from(*value)),
        Datum::Int(value) => Some(i64::from(*value)),
        Datum::Long(value) => Some(*value),
        Datum::Real(value) => truncated(*value),
        Datum::Decimal(value) => value.trunc().to_i64(),
        Datum::String(text) => literal::parse_long(text),
        Datum::DateTime(value) => Some((value - calendar::FIRST) * TICKS_PER_MICROSECOND),
        Datum::TimeSpan(value) => Some(*value),
        Datum::Dynamic(value) => match of_kind(value) {
            Datum::Dynamic(_) => None,
            simple => long(&simple),
        },
        Datum::Null | Datum::Guid(_) => None,
    }
}

pub fn real(datum: &Datum<'_>) -> Option<f64> {
    match datum {
        Datum::Real(value) => Some(*value),
        Datum::Decimal(value) => value.to_f64(),
        Datum::String(text) => literal::parse_real(text),
        Datum::Dynamic(value) => match of_kind(value) {
            Datum::Dynamic(_) => None,
            simple => real(&simple),
        },
        other => long(other).map(|value| value as f64),
    }
}

pub fn decimal(datum: &Datum<'_>) -> Option<Decimal> {
    match datum {
        Datum::Decimal(value) => Some(*value),
        Datum::Real(value) => Decimal::from_f64(*value),
        Datum::String(text) => literal::parse_decimal(text)?.parse().ok(),
        Datum::Dynamic(value) => match of_kind(value) {
            Datum::Dynamic(_) => None,
            simple => decimal(&simple),
        },
        other => long(other).map(Decimal::from),
    }
}

/// The value as a truth: numbers are true but for zero; texts are `true`, `false` or an integer.
pub fn boolean(datum: &Datum<'_>) -> Option<bool> {
    match datum {
        Datum::Bool(value) => Some(*value),
        Datum::Real(value) => (!value.is_nan()).then_some(*value != 0.0),
        Datum::Decimal(value) => Some(!value.is_zero()),
        Datum::String(text) => literal::parse_bool(text),
        Datum::Int(value) => Some(*value != 0),
        Datum::Long(value) => Some(*value != 0),
        Datum::Dynamic(value) => match of_kind(value) {
            Datum::Dynamic(_) => None,
            simple => boolean(&simple),
        },
        Datum::Null | Datum::DateTime(_) | Datum::TimeSpan(_) | Datum::Guid(_) => None,
    }
}

/// The value as a moment, in microseconds since 1970.
pub fn moment(datum: &Datum<'_>) -> Option<i64> {
    match datum {
        Datum::DateTime(value) => Some(*value),
        Datum::String(text) => literal::parse_datetime(text),
        Datum::Dynamic(value) => match of_kind(value) {
            Datum::Dynamic(_) => None,
            simple => moment(&simple),
        },
        Datum::Int(_) | Datum::Long(_) => long(datum)?
            .div_euclid(TICKS_PER_MICROSECOND)
            .checked_add(calendar::FIRST),
        _ => None,
    }
}

/// The value as a duration, in ticks.
pub fn duration(datum: &Datum<'_>) -> Option<i64> {
    match datum {
        Datum::TimeSpan(value) => Some(*value),
        Datum::String(text) => literal::parse_timespan(text),
        Datum::Dynamic(value) => match of_kind(value) {
            Datum::Dynamic(_) => None,
            simple => duration(&simple),
        },
        Datum::Int(_) | Datum::Long(_) => long(datum),
        _ => None,
    }
}

pub fn guid(datum: &Datum<'_>) -> Option<u128> {
    match datum {
        Datum::Guid(value) => Some(*value),
        Datum::String(text) => parse_guid(text),
        Datum::Dynamic(value) => match of_kind(value) {
            Datum::String(text) => parse_guid(&text),
            _ => None,
        },
        _ => None,
    }
}

/// A real without its fraction, where 64 bits hold it.
pub fn truncated(value: f64) -> Option<i64> {
    let whole = value.trunc();
    (whole >= i64::MIN as f64 && whole < i64::MAX as f64).then_some(whole as i64)
}

/// 32 hexadecimal digits, hyphens among them wherever they are, with or without braces around.
pub fn parse_guid(text: &str) -> Option<u128> {
    let text = text.trim();
    let text = text
        .strip_prefix('{')
        .and_then(|inner| inner.strip_suffix('}'))
        .unwrap_or(text);
    let mut digits = text.chars().filter(|character| *character != '-');
    let value = (0..32).try_fold(0u128, |value, _| {
        Some(value << 4 | u128::from(digits.next()?.to_digit(16)?))
    })?;
    digits.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_written_as_the_language_writes_it() {
        let table = [
            (Datum::Null, ""),
            (Datum::Bool(true), "True"),
            (Datum::Int(-5), "-5"),
            (Datum::Real(1.0), "1.0"),
            (Datum::Real(0.1), "0.1"),
            (Datum::Real(1e20), "1E+20"),
            (Datum::Real(1.5e-7), "1.5E-07"),
            (Datum::Real(f64::NAN), "NaN"),
            (Datum::DateTime(0), "1970-01-01T00:00:00.0000000Z"),
            (Datum::DateTime(calendar::FIRST), "0001-01-01T00:00:00.0000000Z"),
            (Datum::DateTime(calendar::LAST), "9999-12-31T23:59:59.9999990Z"),
            (Datum::DateTime(951_782_400_000_001), "2000-02-29T00:00:00.0000010Z"),
            (Datum::TimeSpan(30_000_000), "00:00:03"),
            (Datum::TimeSpan(-12 * 3600 * TICKS_PER_SECOND), "-12:00:00"),
            (
                Datum::TimeSpan(literal::TICKS_PER_DAY + 73_845_000_000),
                "1.02:03:04.5000000",
            ),
            (Datum::Guid(1), "00000000-0000-0000-0000-000000000001"),
            (Datum::dynamic(Json::String("a\"b".into())), "a\"b"),
            (Datum::dynamic(Json::Array(vec![Json::Real(1.0)])), "[1.0]"),
        ];
        for (datum, expected) in table {
            assert_eq!(text(&datum), expected, "{datum:?}");
        }
    }

    #[test]
    fn texts_are_read_whole_or_not_at_all() {
        assert_eq!(long(&Datum::string(" 42 ")), Some(42));
        assert_eq!(long(&Datum::string("1.5")), None);
        assert_eq!(long(&Datum::string("0xff")), Some(255));
        assert_eq!(real(&Datum::string("1e3")), Some(1000.0));
        assert_eq!(real(&Datum::string("")), None);
        assert_eq!(moment(&Datum::string("1970-01-01 00:00:01")), Some(1_000_000));
        assert_eq!(moment(&Datum::string("1970-01-01 and more")), None);
        assert_eq!(duration(&Datum::string("0.00:00:03")), Some(30_000_000));
        assert_eq!(duration(&Datum::string("00:00:03 junk")), None);
        assert_eq!(boolean(&Datum::string("TRUE")), Some(true));
        assert_eq!(boolean(&Datum::string("yes")), None);
        assert_eq!(boolean(&Datum::string("2")), Some(true));
        assert_eq!(
            parse_guid("{74be27de-1e4e-49d9-b579-fe0b331d3642}")
                .map(literal::format_guid)
                .as_deref(),
            Some("74be27de-1e4e-49d9-b579-fe0b331d3642")
        );
        assert_eq!(parse_guid("74be27de-1e4e-49d9-b579-fe0b331d364"), None);
        assert_eq!(cast(&Datum::Real(2.9), Type::Int), Datum::Int(2));
        assert_eq!(cast(&Datum::Long(1 << 40), Type::Int), Datum::Null);
    }

    #[test]
    fn a_json_value_converts_by_its_kind() {
        let text = |json| Datum::Dynamic(Dynamic::Text(Cow::Borrowed(json)));
        assert_eq!(long(&text("2.5")), Some(2));
        assert_eq!(long(&text("\"7\"")), Some(7));
        assert_eq!(long(&text("[1]")), None);
        assert_eq!(boolean(&text("true")), Some(true));
        assert_eq!(real(&text("3")), Some(3.0));
        assert_eq!(super::text(&text("\"a\\nb\"")), "a\nb");
        assert_eq!(
            parse_dynamic(&Datum::string("not json")),
            Datum::dynamic(Json::String("not json".into()))
        );
        assert_eq!(parse_dynamic(&Datum::string("")), Datum::Null);
    }
}
