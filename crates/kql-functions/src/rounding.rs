//! Rounding: `bin` and `bin_at` for every type, `round`, `ceiling`.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::arguments::{Number, long};
use crate::calendar::{self, DAY, TICKS};
use crate::{Context, Datum, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("bin", bin),
    ("bin_at", bin_at),
    ("round", round),
    ("ceiling", |_, arguments| match arguments.first() {
        Some(Datum::Real(value)) => Datum::Real(value.ceil()),
        Some(Datum::Decimal(value)) => Datum::Decimal(value.ceil()),
        Some(whole @ (Datum::Int(_) | Datum::Long(_))) => whole.clone(),
        _ => Datum::Null,
    }),
];

/// Down to a multiple of the size; of a datetime, counted from year 1. Null where the size is not positive.
fn bin<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let [value, size] = arguments else {
        return Datum::Null;
    };
    match (value, size) {
        (Datum::DateTime(value), size) => bin_datetime(*value, size, calendar::FIRST),
        (Datum::TimeSpan(value), size) => span(size)
            .and_then(|size| floor(*value, size, 0))
            .map_or(Datum::Null, Datum::TimeSpan),
        _ => bin_numbers(value, size, None),
    }
}

/// As [`bin`], with a border of bins at the third argument.
fn bin_at<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let [value, size, fixed] = arguments else {
        return Datum::Null;
    };
    match (value, size, fixed) {
        (Datum::DateTime(value), size, Datum::DateTime(fixed)) => bin_datetime(*value, size, *fixed),
        (Datum::TimeSpan(value), size, Datum::TimeSpan(fixed)) => span(size)
            .and_then(|size| floor(*value, size, *fixed))
            .map_or(Datum::Null, Datum::TimeSpan),
        _ => bin_numbers(value, size, Some(fixed)),
    }
}

/// A size of bins in ticks. A number counts days, as it does in a literal.
fn span(size: &Datum<'_>) -> Option<i64> {
    match size {
        Datum::TimeSpan(ticks) => Some(*ticks),
        Datum::DateTime(at) => Some((at - calendar::FIRST) * TICKS),
        size => crate::arguments::whole(Number::of(size)?.real() * (DAY * TICKS) as f64),
    }
}

fn bin_datetime(value: i64, size: &Datum<'_>, fixed: i64) -> Datum<'static> {
    span(size)
        // In ticks of year 1, since a size may be a part of a microsecond.
        .and_then(|size| {
            let ticks = |at: i64| (at - calendar::FIRST) * TICKS;
            floor(ticks(value), size, ticks(fixed))
        })
        .and_then(|ticks| calendar::in_range(ticks.div_euclid(TICKS) + calendar::FIRST))
        .map_or(Datum::Null, Datum::DateTime)
}

fn floor(value: i64, size: i64, fixed: i64) -> Option<i64> {
    if size <= 0 {
        return None;
    }
    let (value, size, fixed) = (i128::from(value), i128::from(size), i128::from(fixed));
    i64::try_from((value - fixed).div_euclid(size) * size + fixed).ok()
}

fn bin_numbers(value: &Datum<'_>, size: &Datum<'_>, fixed: Option<&Datum<'_>>) -> Datum<'static> {
    let fixed = match fixed {
        None => Some(Number::Int(0)),
        Some(fixed) => Number::of(fixed),
    };
    let (Some(value), Some(size), Some(fixed)) = (Number::of(value), Number::of(size), fixed) else {
        return Datum::Null;
    };
    let all = [value, size, fixed];
    if all.iter().any(|number| matches!(number, Number::Real(_))) {
        let (value, size, fixed) = (value.real(), size.real(), fixed.real());
        return if size > 0.0 {
            Datum::Real(((value - fixed) / size).floor() * size + fixed)
        } else {
            Datum::Null
        };
    }
    if let (Some(value), Some(size), Some(fixed)) = (value.integer(), size.integer(), fixed.integer()) {
        let binned = floor(value, size, fixed);
        return if all.iter().all(|number| matches!(number, Number::Int(_))) {
            binned
                .and_then(|value| i32::try_from(value).ok())
                .map_or(Datum::Null, Datum::Int)
        } else {
            binned.map_or(Datum::Null, Datum::Long)
        };
    }
    let binned = || {
        let (value, size, fixed) = (value.decimal()?, size.decimal()?, fixed.decimal()?);
        if size <= Decimal::ZERO {
            return None;
        }
        let count = value.checked_sub(fixed)?.checked_div(size)?.floor();
        count.checked_mul(size)?.checked_add(fixed)
    };
    binned().map_or(Datum::Null, Datum::Decimal)
}

/// Half away from zero, to so many digits behind the point, or before it when negative.
fn round<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let digits = match arguments.get(1) {
        None => 0,
        Some(_) => match long(arguments, 1) {
            Some(digits) => digits,
            None => return Datum::Null,
        },
    };
    match arguments.first() {
        Some(Datum::Real(value)) => Datum::Real(round_real(*value, digits)),
        Some(Datum::Decimal(value)) => round_decimal(*value, digits).map_or(Datum::Null, Datum::Decimal),
        Some(whole @ (Datum::Int(_) | Datum::Long(_))) if digits >= 0 => whole.clone(),
        Some(Datum::Int(value)) => round_whole(i64::from(*value), digits)
            .and_then(|value| i32::try_from(value).ok())
            .map_or(Datum::Null, Datum::Int),
        Some(Datum::Long(value)) => round_whole(*value, digits).map_or(Datum::Null, Datum::Long),
        _ => Datum::Null,
    }
}

pub fn round_real(value: f64, digits: i64) -> f64 {
    // A real has 17 digits, so that beyond these powers nothing is rounded, or all of it.
    let power = 10_f64.powi(digits.unsigned_abs().min(400) as i32);
    if digits >= 0 {
        let scaled = value * power;
        if scaled.is_finite() {
            scaled.round() / power
        } else {
            value
        }
    } else {
        let scaled = (value / power).round();
        if scaled == 0.0 { 0.0 } else { scaled * power }
    }
}

fn round_whole(value: i64, digits: i64) -> Option<i64> {
    let Some(power) = u32::try_from(digits.unsigned_abs())
        .ok()
        .and_then(|digits| 10_i128.checked_pow(digits))
    else {
        return Some(0);
    };
    let value = i128::from(value);
    let half = if value < 0 { -(power / 2) } else { power / 2 };
    i64::try_from((value + half) / power * power).ok()
}

fn round_decimal(value: Decimal, digits: i64) -> Option<Decimal> {
    let nearest = RoundingStrategy::MidpointAwayFromZero;
    if digits >= 0 {
        return Some(value.round_dp_with_strategy(digits.min(28) as u32, nearest));
    }
    match u32::try_from(-digits)
        .ok()
        .and_then(|digits| 10_i128.checked_pow(digits))
    {
        Some(power) if power < 1 << 95 => {
            let power = Decimal::from_i128_with_scale(power, 0);
            value
                .checked_div(power)?
                .round_dp_with_strategy(0, nearest)
                .checked_mul(power)
        }
        _ => Some(Decimal::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{HOUR_TICKS, call, l, r, t, ts};

    #[test]
    fn bins_go_down_for_negative_values_too() {
        assert_eq!(call("bin", &[r(4.5), l(1)]), r(4.0));
        assert_eq!(call("bin", &[l(-1), l(3)]), l(-3));
        assert_eq!(call("bin", &[r(-0.1), r(0.5)]), r(-0.5));
        assert_eq!(call("bin", &[Datum::Int(9), Datum::Int(10)]), Datum::Int(0));
        assert_eq!(call("bin", &[Datum::Int(-9), l(10)]), l(-10));
        assert_eq!(
            call("bin", &[ts(16 * 24 * HOUR_TICKS), ts(7 * 24 * HOUR_TICKS)]),
            ts(14 * 24 * HOUR_TICKS)
        );
        let decimal = |text: &str| Datum::Decimal(text.parse().expect("a decimal"));
        assert_eq!(call("bin", &[decimal("-2.5"), l(1)]), decimal("-3"));
    }

    #[test]
    fn bins_of_datetimes_are_counted_from_year_1() {
        let day = || ts(24 * HOUR_TICKS);
        assert_eq!(call("bin", &[t("1970-05-11 13:45:07"), day()]), t("1970-05-11"));
        assert_eq!(call("bin", &[t("0001-01-01 13:45:07"), day()]), t("0001-01-01"));
        // 0001-01-01 was a Monday.
        assert_eq!(
            call("bin", &[t("2026-11-22"), ts(7 * 24 * HOUR_TICKS)]),
            t("2026-11-16")
        );
    }

    #[test]
    fn a_size_that_is_not_positive_has_no_bins() {
        for size in [l(0), l(-1), Datum::Null] {
            assert_eq!(call("bin", &[l(5), size]), Datum::Null);
        }
        assert_eq!(call("bin", &[r(5.0), r(f64::NAN)]), Datum::Null);
        assert_eq!(call("bin", &[t("2026-11-22"), ts(0)]), Datum::Null);
    }

    #[test]
    fn bins_can_be_laid_at_a_point() {
        assert_eq!(call("bin_at", &[r(6.5), r(2.5), l(7)]), r(4.5));
        assert_eq!(
            call("bin_at", &[ts(HOUR_TICKS), ts(24 * HOUR_TICKS), ts(12 * HOUR_TICKS)]),
            ts(-12 * HOUR_TICKS)
        );
        assert_eq!(
            call(
                "bin_at",
                &[t("2017-05-15 10:20"), ts(24 * HOUR_TICKS), t("1970-01-01 12:00")]
            ),
            t("2017-05-14 12:00")
        );
        assert_eq!(
            call(
                "bin_at",
                &[t("2017-05-17 10:20"), ts(7 * 24 * HOUR_TICKS), t("2017-06-04")]
            ),
            t("2017-05-14")
        );
    }

    #[test]
    fn rounding_goes_half_away_from_zero() {
        for (value, digits, expected) in [
            (2.98765, 3, 2.988),
            (2.15, 1, 2.2),
            (2.15, 0, 2.0),
            (-50.55, -2, -100.0),
            (21.5, -1, 20.0),
            (-2.5, 0, -3.0),
            (1e300, 300, 1e300),
            (5.0, -400, 0.0),
        ] {
            assert_eq!(call("round", &[r(value), l(digits)]), r(expected), "{value} {digits}");
        }
        assert_eq!(call("round", &[l(-1250), l(-2)]), l(-1300));
        assert_eq!(call("round", &[Datum::Int(7)]), Datum::Int(7));
        let decimal = |text: &str| Datum::Decimal(text.parse().expect("a decimal"));
        assert_eq!(call("round", &[decimal("2.125"), l(2)]), decimal("2.13"));
        assert_eq!(call("round", &[decimal("-1250"), l(-2)]), decimal("-1300"));
        assert_eq!(call("ceiling", &[r(-1.1)]), r(-1.0));
    }

    proptest! {
        #[test]
        fn a_bin_holds_its_value_and_is_its_own_bin(value: i32, size in 1..1_000_000_i64) {
            let value = i64::from(value);
            let Datum::Long(bin) = call("bin", &[l(value), l(size)]) else { panic!("no bin") };
            prop_assert!(bin <= value && value < bin + size);
            prop_assert_eq!(call("bin", &[l(bin), l(size)]), l(bin));
        }

        #[test]
        fn a_bin_of_a_datetime_is_its_own_bin(at in calendar::FIRST..=calendar::LAST, size in 1..i64::MAX / 2) {
            let once = call("bin", &[Datum::DateTime(at), ts(size)]);
            // Where the size is no whole number of microseconds, the border is cut to one.
            if size % TICKS == 0 {
                prop_assert_eq!(call("bin", &[once.clone(), ts(size)]), once);
            }
        }
    }
}
