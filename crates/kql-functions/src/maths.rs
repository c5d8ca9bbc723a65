//! Arithmetic and analysis of numbers: roots, powers, logarithms, angles, the least and the greatest, chance.
//!
//! Outside of its domain a function of reals is NaN or infinite, as IEEE 754 has it; of null it is null. Rounding is in
//! `rounding`, gamma, beta and error functions in `special`.

use std::cmp::Ordering;

use crate::arguments::{Number, long, real};
use crate::{Context, Datum, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("abs", abs),
    ("sign", |_, arguments| {
        of_real(arguments, |value| if value == 0.0 { 0.0 } else { value.signum() })
    }),
    ("sqrt", |_, arguments| of_real(arguments, f64::sqrt)),
    ("pow", |_, arguments| of_two_reals(arguments, f64::powf)),
    ("exp", |_, arguments| of_real(arguments, f64::exp)),
    ("exp2", |_, arguments| of_real(arguments, f64::exp2)),
    ("exp10", |_, arguments| of_real(arguments, |value| 10_f64.powf(value))),
    ("log", |_, arguments| of_real(arguments, f64::ln)),
    ("log2", |_, arguments| of_real(arguments, f64::log2)),
    ("log10", |_, arguments| of_real(arguments, f64::log10)),
    ("sin", |_, arguments| of_real(arguments, f64::sin)),
    ("cos", |_, arguments| of_real(arguments, f64::cos)),
    ("tan", |_, arguments| of_real(arguments, f64::tan)),
    ("cot", |_, arguments| of_real(arguments, |value| value.tan().recip())),
    ("asin", |_, arguments| of_real(arguments, f64::asin)),
    ("acos", |_, arguments| of_real(arguments, f64::acos)),
    ("atan", |_, arguments| of_real(arguments, f64::atan)),
    ("atan2", |_, arguments| of_two_reals(arguments, f64::atan2)),
    ("degrees", |_, arguments| of_real(arguments, f64::to_degrees)),
    ("radians", |_, arguments| of_real(arguments, f64::to_radians)),
    ("pi", |_, _| Datum::Real(std::f64::consts::PI)),
    ("isnan", |_, arguments| tests_real(arguments, f64::is_nan)),
    ("isinf", |_, arguments| tests_real(arguments, f64::is_infinite)),
    ("isfinite", |_, arguments| tests_real(arguments, f64::is_finite)),
    ("max_of", |_, arguments| extreme(arguments, Ordering::Greater)),
    ("min_of", |_, arguments| extreme(arguments, Ordering::Less)),
    ("around", around),
    ("rand", rand),
];

pub fn of_real(arguments: &[Datum<'_>], compute: impl Fn(f64) -> f64) -> Datum<'static> {
    real(arguments, 0).map_or(Datum::Null, |value| Datum::Real(compute(value)))
}

pub fn of_two_reals(arguments: &[Datum<'_>], compute: impl Fn(f64, f64) -> f64) -> Datum<'static> {
    real(arguments, 0)
        .zip(real(arguments, 1))
        .map_or(Datum::Null, |(first, second)| Datum::Real(compute(first, second)))
}

fn tests_real(arguments: &[Datum<'_>], test: impl Fn(f64) -> bool) -> Datum<'static> {
    real(arguments, 0).map_or(Datum::Null, |value| Datum::Bool(test(value)))
}

/// Of whole numbers a `long`. The least of them has no counterpart: null.
fn abs<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    match arguments.first() {
        Some(Datum::TimeSpan(span)) => span.checked_abs().map_or(Datum::Null, Datum::TimeSpan),
        Some(value) => match Number::of(value) {
            Some(Number::Real(value)) => Datum::Real(value.abs()),
            Some(Number::Decimal(value)) => Datum::Decimal(value.abs()),
            Some(whole) => whole
                .integer()
                .and_then(i64::checked_abs)
                .map_or(Datum::Null, Datum::Long),
            None => Datum::Null,
        },
        None => Datum::Null,
    }
}

/// The greatest or least of the arguments that are not null; numbers of several types become the widest of them.
fn extreme<'a>(arguments: &[Datum<'a>], wanted: Ordering) -> Datum<'a> {
    let mut best: Option<&Datum<'a>> = None;
    for value in arguments.iter().filter(|value| !value.is_null()) {
        match best {
            Some(held) if compare(value, held) != Some(wanted) => {}
            _ => best = Some(value),
        }
    }
    let Some(best) = best else {
        return Datum::Null;
    };
    let widest = arguments.iter().filter_map(Number::of).map(rank).max();
    match (Number::of(best), widest) {
        (Some(number), Some(1)) => number.integer().map_or(Datum::Null, Datum::Long),
        (Some(number), Some(2)) => number.decimal().map_or(Datum::Null, Datum::Decimal),
        (Some(number), Some(3)) => Datum::Real(number.real()),
        _ => best.clone(),
    }
}

fn rank(number: Number) -> u8 {
    match number {
        Number::Int(_) => 0,
        Number::Long(_) => 1,
        Number::Decimal(_) => 2,
        Number::Real(_) => 3,
    }
}

/// The order of two values of one type, or of two numbers. Whole numbers are compared as such.
fn compare(left: &Datum<'_>, right: &Datum<'_>) -> Option<Ordering> {
    match (left, right) {
        (Datum::String(left), Datum::String(right)) => Some(left.cmp(right)),
        (Datum::Bool(left), Datum::Bool(right)) => Some(left.cmp(right)),
        (Datum::Guid(left), Datum::Guid(right)) => Some(left.cmp(right)),
        (Datum::DateTime(left), Datum::DateTime(right)) | (Datum::TimeSpan(left), Datum::TimeSpan(right)) => {
            Some(left.cmp(right))
        }
        _ => {
            let (left, right) = (Number::of(left)?, Number::of(right)?);
            match (left.integer(), right.integer()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ if rank(left).max(rank(right)) == 2 => Some(left.decimal()?.cmp(&right.decimal()?)),
                _ => left.real().partial_cmp(&right.real()),
            }
        }
    }
}

/// Whether a value is not farther than the delta from the centre.
fn around<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let [value, center, delta] = arguments else {
        return Datum::Null;
    };
    let is_within = match (value, center, delta) {
        (Datum::DateTime(value), Datum::DateTime(center), Datum::TimeSpan(delta)) => {
            // In ticks, as the delta may be a part of a microsecond.
            (i128::from(*value) - i128::from(*center)).abs() * 10 <= i128::from(*delta)
        }
        (Datum::TimeSpan(value), Datum::TimeSpan(center), Datum::TimeSpan(delta)) => {
            (i128::from(*value) - i128::from(*center)).abs() <= i128::from(*delta)
        }
        _ => match (Number::of(value), Number::of(center), Number::of(delta)) {
            (Some(value), Some(center), Some(delta)) => match (value.integer(), center.integer(), delta.integer()) {
                (Some(value), Some(center), Some(delta)) => {
                    (i128::from(value) - i128::from(center)).abs() <= i128::from(delta)
                }
                _ => {
                    let (value, center, delta) = (value.real(), center.real(), delta.real());
                    (center - delta..=center + delta).contains(&value)
                }
            },
            _ => return Datum::Null,
        },
    };
    Datum::Bool(is_within)
}

/// Evenly from [0, 1), or one of the whole numbers below the argument.
fn rand<'a>(context: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    // 53 bits are what a real between 0 and 1 holds evenly.
    let even = (context.random() >> 11) as f64 / (1_u64 << 53) as f64;
    match arguments {
        [] => Datum::Real(even),
        _ => match long(arguments, 0) {
            Some(below) if below > 1 => Datum::Real((even * below as f64).floor()),
            Some(_) => Datum::Real(even),
            None => Datum::Null,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, l, r, s, t, ts};

    #[test]
    fn outside_of_the_domain_is_not_a_number_and_null_is_null() {
        for (name, value, expected) in [
            ("sqrt", 4.0, 2.0),
            ("log", 5.0, 1.609_437_912_434_100_3),
            ("log2", 0.5, -1.0),
            ("log10", 100.0, 2.0),
            ("exp10", 3.0, 1000.0),
            ("radians", 90.0, std::f64::consts::FRAC_PI_2),
            ("sign", -42.0, -1.0),
            ("sign", 0.0, 0.0),
            ("cot", 1.0, 0.642_092_615_934_330_7),
        ] {
            let Datum::Real(result) = call(name, &[r(value)]) else {
                panic!("{name} is no real")
            };
            assert!((result - expected).abs() < 1e-12, "{name}({value}) = {result}");
            assert_eq!(call(name, &[Datum::Null]), Datum::Null);
        }
        for name in ["sqrt", "log", "log2", "log10"] {
            assert!(
                matches!(call(name, &[r(-1.0)]), Datum::Real(value) if value.is_nan()),
                "{name}"
            );
        }
        assert_eq!(call("pow", &[l(10), l(-1)]), r(0.1));
        assert_eq!(call("pow", &[Datum::Null, l(3)]), Datum::Null);
        assert_eq!(call("isinf", &[r(f64::NEG_INFINITY)]), Datum::Bool(true));
        assert_eq!(call("isfinite", &[r(f64::NAN)]), Datum::Bool(false));
    }

    #[test]
    fn the_absolute_value_keeps_its_kind() {
        assert_eq!(call("abs", &[Datum::Int(-5)]), l(5));
        assert_eq!(call("abs", &[r(-5.5)]), r(5.5));
        assert_eq!(call("abs", &[ts(-7)]), ts(7));
        assert_eq!(call("abs", &[l(i64::MIN)]), Datum::Null);
    }

    #[test]
    fn the_extreme_skips_nulls_and_widens_numbers() {
        assert_eq!(call("max_of", &[l(10), l(1), l(-3), l(17)]), l(17));
        assert_eq!(call("min_of", &[l(4), l(3), r(2.0), r(1.0)]), r(1.0));
        assert_eq!(call("min_of", &[Datum::Int(1), r(2.0)]), r(1.0));
        assert_eq!(call("max_of", &[Datum::Null, Datum::Int(2)]), Datum::Int(2));
        assert_eq!(call("max_of", &[Datum::Null, Datum::Null]), Datum::Null);
        assert_eq!(call("max_of", &[s("a"), s("b")]), s("b"));
        assert_eq!(call("max_of", &[t("2024-12-15"), t("2024-12-14")]), t("2024-12-15"));
        // Beyond what a real tells apart.
        assert_eq!(call("max_of", &[l(i64::MAX), l(i64::MAX - 1)]), l(i64::MAX));
    }

    #[test]
    fn around_includes_both_ends() {
        let minute = || ts(600_000_000);
        let is_around = |at| call("around", &[t(at), t("2021-01-01 01:30"), minute()]);
        assert_eq!(is_around("2021-01-01 01:29"), Datum::Bool(true));
        assert_eq!(is_around("2021-01-01 01:31"), Datum::Bool(true));
        assert_eq!(is_around("2021-01-01 01:31:01"), Datum::Bool(false));
        assert_eq!(call("around", &[l(5), r(4.5), r(0.5)]), Datum::Bool(true));
        assert_eq!(call("around", &[l(5), Datum::Null, l(1)]), Datum::Null);
    }

    #[test]
    fn chance_fills_its_range() {
        let context = Context::new(0);
        let dice: Vec<Datum<'_>> = (0..1000).map(|_| rand(&context, &[l(6)])).collect();
        for side in 0..6 {
            assert!(
                dice.contains(&r(f64::from(side))),
                "{side} never came up in 1000 throws"
            );
        }
        assert!(
            dice.iter()
                .all(|side| matches!(side, Datum::Real(side) if (0.0..6.0).contains(side)))
        );
        assert!(matches!(rand(&context, &[]), Datum::Real(value) if (0.0..1.0).contains(&value)));
    }
}
