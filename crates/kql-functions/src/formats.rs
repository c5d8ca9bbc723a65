//! Text forms that a format describes: `format_datetime`, `format_timespan`, `format_bytes`, `tohex`.

use std::fmt::Write;

use crate::arguments::{datetime, long, real, text, timespan};
use crate::calendar::{Civil, DAY, HOUR, MINUTE, SECOND, TICKS};
use crate::{Context, Datum, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("format_datetime", format_datetime),
    ("format_timespan", format_timespan),
    ("format_bytes", format_bytes),
    ("tohex", tohex),
];

/// Digits of a tick behind the point of the second.
const FRACTION_DIGITS: usize = 7;

fn format_datetime<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(at), Some(format)) = (datetime(arguments, 0), text(arguments, 1)) else {
        return Datum::string("");
    };
    let civil = Civil::of(at);
    let ticks = civil.fraction() * TICKS;
    let hour12 = (civil.hour() + 11) % 12 + 1;
    let written = write(&format, ticks, |letter, count| {
        Some(match (letter, count) {
            ('d', 1 | 2) => Element::Number(civil.day, count),
            ('M', 1 | 2) => Element::Number(civil.month, count),
            ('y', 1 | 2) => Element::Number(civil.year % 100, count),
            ('y', 4) => Element::Number(civil.year, count),
            ('h', 1 | 2) => Element::Number(hour12, count),
            ('H', 1 | 2) => Element::Number(civil.hour(), count),
            ('m', 1 | 2) => Element::Number(civil.minute(), count),
            ('s', 1 | 2) => Element::Number(civil.second(), count),
            ('t', 2) => Element::Text(if civil.hour() < 12 { "AM" } else { "PM" }),
            ('d' | 'M' | 'y' | 'h' | 'H' | 'm' | 's' | 't', _) => return None,
            _ => Element::Literal,
        })
    });
    Datum::string(written.unwrap_or_default())
}

/// Of a negative timespan the parts are written without the sign.
fn format_timespan<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(span), Some(format)) = (timespan(arguments, 0), text(arguments, 1)) else {
        return Datum::string("");
    };
    let span = span.saturating_abs();
    let part = |unit: i64| span / (unit * TICKS);
    let written = write(&format, span % (SECOND * TICKS), |letter, count| {
        Some(match (letter, count) {
            ('d', 1..=8) => Element::Number(part(DAY), count),
            ('h' | 'H', 1 | 2) => Element::Number(part(HOUR) % 24, count),
            ('m', 1 | 2) => Element::Number(part(MINUTE) % 60, count),
            ('s', 1 | 2) => Element::Number(part(SECOND) % 60, count),
            ('d' | 'h' | 'H' | 'm' | 's', _) => return None,
            _ => Element::Literal,
        })
    });
    Datum::string(written.unwrap_or_default())
}

enum Element {
    /// A number and its least digits.
    Number(i64, usize),
    Text(&'static str),
    /// The letters stand for themselves.
    Literal,
}

/// Writes a format: runs of one letter are elements, all else stands for itself. `None`: a run is not an element (the
/// documentation lists which are).
fn write(format: &str, ticks: i64, element: impl Fn(char, usize) -> Option<Element>) -> Option<String> {
    let mut written = String::new();
    let mut rest = format;
    while let Some(letter) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(letter).len();
        let count = run / letter.len_utf8();
        match letter {
            'f' | 'F' if count > FRACTION_DIGITS => return None,
            'f' | 'F' => {
                let digits = format!("{ticks:07}");
                let digits = &digits[..count];
                written.push_str(if letter == 'f' {
                    digits
                } else {
                    digits.trim_end_matches('0')
                });
            }
            _ => match element(letter, count)? {
                // Writing to a string does not fail.
                Element::Number(value, digits) => drop(write!(written, "{value:0digits$}")),
                Element::Text(text) => written.push_str(text),
                Element::Literal => written.push_str(&rest[..run]),
            },
        }
        rest = &rest[run..];
    }
    Some(written)
}

/// Digits behind the point that make sense of a real.
const PRECISION_MAX: i64 = 15;

fn format_bytes<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];
    let Some(size) = real(arguments, 0).filter(|size| size.is_finite()) else {
        return Datum::string("");
    };
    let precision = match arguments.get(1) {
        None => 0,
        Some(_) => match long(arguments, 1) {
            Some(precision) => precision.clamp(0, PRECISION_MAX),
            None => return Datum::string(""),
        },
    };
    let unit = match text(arguments, 2).filter(|unit| !unit.is_empty()) {
        Some(unit) => match UNITS.iter().position(|known| known.eq_ignore_ascii_case(&unit)) {
            Some(unit) => unit,
            None => return Datum::string(""),
        },
        None => (0..UNITS.len() - 1)
            .find(|unit| size.abs() < 1024_f64.powi(*unit as i32 + 1))
            .unwrap_or(UNITS.len() - 1),
    };
    let scaled = crate::rounding::round_real(size / 1024_f64.powi(unit as i32), precision);
    Datum::string(format!("{scaled} {}", UNITS[unit]))
}

/// Negative numbers are written in two's complement of their own width.
fn tohex<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let digits = match arguments.get(1) {
        None => 1,
        Some(_) => match long(arguments, 1) {
            Some(digits) => digits.clamp(1, 16) as usize,
            None => return Datum::string(""),
        },
    };
    let value = match arguments.first() {
        Some(Datum::Int(value)) => u64::from(value.cast_unsigned()),
        _ => match long(arguments, 0) {
            Some(value) => value.cast_unsigned(),
            None => return Datum::string(""),
        },
    };
    Datum::string(format!("{value:0digits$x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{HOUR_TICKS, call, l, r, s, t, ts};

    #[test]
    fn every_documented_letter_of_a_date_is_written() {
        let at = "2009-06-05 13:05:09.617542";
        for (format, expected) in [
            ("yy-MM-dd [hh:mm:ss tt]", "09-06-05 [01:05:09 PM]"),
            ("yyyy-M-d [H:m:s]", "2009-6-5 [13:5:9]"),
            ("y h HH", "9 1 13"),
            (
                "f ff fff ffff fffff ffffff fffffff",
                "6 61 617 6175 61754 617542 6175420",
            ),
            ("F FF FFF FFFF FFFFFFF", "6 61 617 6175 617542"),
            ("yyyy-MM-ddTHH:mm:ssZ", "2009-06-05T13:05:09Z"),
            ("MMM", ""),
            ("ffffffff", ""),
        ] {
            assert_eq!(call("format_datetime", &[t(at), s(format)]), s(expected), "{format}");
        }
        assert_eq!(
            call("format_datetime", &[t("0001-01-01"), s("yyyy tt hh")]),
            s("0001 AM 12")
        );
        assert_eq!(
            call("format_datetime", &[t("2009-06-15 13:45:30.0005"), s("FFF")]),
            s("")
        );
        assert_eq!(call("format_datetime", &[Datum::Null, s("yyyy")]), s(""));
    }

    #[test]
    fn a_timespan_is_written_without_its_sign() {
        let span = (29 * 24 + 9) * HOUR_TICKS + 51_234_500;
        for (format, expected) in [
            ("dd.hh:mm:ss:FF", "29.09:00:05:12"),
            ("ddd.h:mm:ss [fffffff]", "029.9:00:05 [1234500]"),
            ("d H", "29 9"),
        ] {
            assert_eq!(call("format_timespan", &[ts(span), s(format)]), s(expected), "{format}");
            assert_eq!(
                call("format_timespan", &[ts(-span), s(format)]),
                s(expected),
                "-{format}"
            );
        }
    }

    #[test]
    fn bytes_are_written_in_the_unit_that_fits() {
        assert_eq!(call("format_bytes", &[l(564)]), s("564 Bytes"));
        assert_eq!(call("format_bytes", &[l(10_332), l(1)]), s("10.1 KB"));
        assert_eq!(call("format_bytes", &[l(20_010_332)]), s("19 MB"));
        assert_eq!(call("format_bytes", &[l(20_010_332), l(2)]), s("19.08 MB"));
        assert_eq!(call("format_bytes", &[l(20_010_332), l(0), s("KB")]), s("19541 KB"));
        assert_eq!(call("format_bytes", &[r(1e30)]), s("867361737988 EB"));
        assert_eq!(call("format_bytes", &[l(1), l(0), s("floppies")]), s(""));
    }

    #[test]
    fn hexadecimal_digits_are_those_of_the_width_of_the_type() {
        assert_eq!(call("tohex", &[l(256)]), s("100"));
        assert_eq!(call("tohex", &[l(-256)]), s("ffffffffffffff00"));
        assert_eq!(call("tohex", &[Datum::Int(-256), l(8)]), s("ffffff00"));
        assert_eq!(call("tohex", &[l(256), l(8)]), s("00000100"));
        assert_eq!(call("tohex", &[l(256), l(2)]), s("100"));
        assert_eq!(call("tohex", &[l(1), l(99)]), s("0000000000000001"));
    }
}
