//! Functions of `datetime` and `timespan`: the clock, parts, borders of periods, differences, building, time zones.
//!
//! A moment outside of the years 1 to 9999 does not exist: what would yield one yields null. Text forms are in
//! `formats`, bins in `rounding`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use postern_kql::Type;

use crate::arguments::{datetime, long, real, text, timespan, whole};
use crate::calendar::{self, Civil, DAY, HOUR, MINUTE, SECOND, TICKS};
use crate::{Context, Datum, Json, Kernel, convert};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("now", |context, arguments| match arguments {
        [] => Datum::DateTime(context.now),
        _ => moment(timespan(arguments, 0).and_then(|offset| context.now.checked_add(offset / TICKS))),
    }),
    ("ago", |context, arguments| {
        moment(timespan(arguments, 0).and_then(|span| context.now.checked_sub(span / TICKS)))
    }),
    ("startofday", |_, arguments| border(arguments, Period::Day, false)),
    ("startofweek", |_, arguments| border(arguments, Period::Week, false)),
    ("startofmonth", |_, arguments| border(arguments, Period::Month, false)),
    ("startofyear", |_, arguments| border(arguments, Period::Year, false)),
    ("endofday", |_, arguments| border(arguments, Period::Day, true)),
    ("endofweek", |_, arguments| border(arguments, Period::Week, true)),
    ("endofmonth", |_, arguments| border(arguments, Period::Month, true)),
    ("endofyear", |_, arguments| border(arguments, Period::Year, true)),
    ("dayofweek", |_, arguments| match datetime(arguments, 0) {
        Some(at) => Datum::TimeSpan(calendar::weekday(at.div_euclid(DAY)) * DAY * TICKS),
        None => Datum::Null,
    }),
    ("dayofmonth", |_, arguments| named_part("day", arguments)),
    ("dayofyear", |_, arguments| named_part("dayofyear", arguments)),
    ("hourofday", |_, arguments| named_part("hour", arguments)),
    ("monthofyear", |_, arguments| named_part("month", arguments)),
    ("getmonth", |_, arguments| named_part("month", arguments)),
    ("getyear", |_, arguments| named_part("year", arguments)),
    ("week_of_year", |_, arguments| named_part("week_of_year", arguments)),
    ("datetime_part", datetime_part),
    ("datetime_add", datetime_add),
    ("datetime_diff", datetime_diff),
    ("make_datetime", make_datetime),
    ("make_timespan", make_timespan),
    ("unixtime_seconds_todatetime", |_, arguments| unix_time(arguments, 1e6)),
    ("unixtime_milliseconds_todatetime", |_, arguments| {
        unix_time(arguments, 1e3)
    }),
    ("unixtime_microseconds_todatetime", |_, arguments| {
        unix_time(arguments, 1.0)
    }),
    ("unixtime_nanoseconds_todatetime", |_, arguments| {
        unix_time(arguments, 1e-3)
    }),
    ("datetime_utc_to_local", utc_to_local),
    ("datetime_local_to_utc", local_to_utc),
    ("datetime_list_timezones", |_, _| {
        let mut names: Vec<Json> = TimeZoneDatabase::bundled()
            .available()
            .map(|name| Json::String(name.to_string()))
            .collect();
        names.sort_by_cached_key(Json::to_string);
        Datum::dynamic(Json::Array(names))
    }),
];

/// A moment as a value; null where there is none.
fn moment(at: Option<i64>) -> Datum<'static> {
    at.and_then(calendar::in_range).map_or(Datum::Null, Datum::DateTime)
}

#[derive(Clone, Copy)]
enum Period {
    Day,
    /// From Sunday.
    Week,
    Month,
    Year,
}

/// The first or the last microsecond of the period `offset` periods after the one that holds the argument.
fn border(arguments: &[Datum<'_>], period: Period, is_end: bool) -> Datum<'static> {
    let offset = match arguments.get(1) {
        None => Some(0),
        Some(_) => long(arguments, 1),
    };
    moment(datetime(arguments, 0).zip(offset).and_then(|(at, offset)| {
        let offset = bounded(offset)? + i64::from(is_end);
        start(at, period, offset).map(|start| start - i64::from(is_end))
    }))
}

/// Periods that may be counted without running over; no more than that lie in 9999 years.
fn bounded(periods: i64) -> Option<i64> {
    (periods.unsigned_abs() <= 4_000_000).then_some(periods)
}

fn start(at: i64, period: Period, offset: i64) -> Option<i64> {
    let civil = Civil::of(at);
    let day = at.div_euclid(DAY);
    let start = match period {
        Period::Day => day + offset,
        Period::Week => day - calendar::weekday(day) + 7 * offset,
        Period::Month => calendar::days(civil.year, civil.month + offset, 1),
        Period::Year => calendar::days(civil.year + offset, 1, 1),
    };
    start.checked_mul(DAY)
}

fn named_part(name: &str, arguments: &[Datum<'_>]) -> Datum<'static> {
    datetime(arguments, 0)
        .and_then(|at| part(name, at))
        .map_or(Datum::Null, Datum::Int)
}

fn datetime_part<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    text(arguments, 0)
        .zip(datetime(arguments, 1))
        .and_then(|(name, at)| part(&name.to_ascii_lowercase(), at))
        .map_or(Datum::Null, Datum::Int)
}

fn part(name: &str, at: i64) -> Option<i32> {
    let civil = Civil::of(at);
    let day = at.div_euclid(DAY);
    let value = match name {
        "year" => civil.year,
        "quarter" => (civil.month + 2) / 3,
        "month" => civil.month,
        // ISO 8601: weeks begin on Monday and belong to the year of their Thursday.
        "week_of_year" => week_by(day - (calendar::weekday(day) + 6) % 7 + 3),
        "day" => civil.day,
        "dayofyear" => day - calendar::days(civil.year, 1, 1) + 1,
        "hour" => civil.hour(),
        "minute" => civil.minute(),
        "second" => civil.second(),
        "millisecond" => civil.fraction() / 1000,
        "microsecond" => civil.fraction(),
        "nanosecond" => civil.fraction() * 1000,
        _ => return None,
    };
    i32::try_from(value).ok()
}

/// The number of the week whose middle is this day.
fn week_by(middle: i64) -> i64 {
    let (year, _, _) = calendar::date(middle);
    (middle - calendar::days(year, 1, 1)) / 7 + 1
}

fn datetime_add<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(period), Some(count), Some(at)) = (text(arguments, 0), long(arguments, 1), datetime(arguments, 2)) else {
        return Datum::Null;
    };
    moment(match period.to_ascii_lowercase().as_str() {
        "year" => bounded(count).and_then(|years| add_months(at, years * 12)),
        "quarter" => bounded(count).and_then(|quarters| add_months(at, quarters * 3)),
        "month" => bounded(count).and_then(|months| add_months(at, months)),
        "nanosecond" => at.checked_add(count.div_euclid(1000)),
        period => unit(period)
            .and_then(|unit| count.checked_mul(unit))
            .and_then(|span| at.checked_add(span)),
    })
}

/// The same day and time some months on; the last day of the month where that day is missing.
fn add_months(at: i64, months: i64) -> Option<i64> {
    let civil = Civil::of(at);
    let first = calendar::days(civil.year, civil.month + months, 1);
    let (year, month, _) = calendar::date(first);
    let day = civil.day.min(calendar::days_in_month(year, month));
    (first + day - 1)
        .checked_mul(DAY)
        .and_then(|start| start.checked_add(civil.time))
}

/// Microseconds of a period that is always equally long.
fn unit(period: &str) -> Option<i64> {
    Some(match period {
        "week" => 7 * DAY,
        "day" => DAY,
        "hour" => HOUR,
        "minute" => MINUTE,
        "second" => SECOND,
        "millisecond" => 1000,
        "microsecond" => 1,
        _ => return None,
    })
}

/// How many borders of the period lie between two moments.
fn datetime_diff<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(period), Some(left), Some(right)) = (text(arguments, 0), datetime(arguments, 1), datetime(arguments, 2))
    else {
        return Datum::Null;
    };
    let (a, b) = (Civil::of(left), Civil::of(right));
    let weeks = |at: i64| {
        let day = at.div_euclid(DAY);
        (day - calendar::weekday(day)).div_euclid(7)
    };
    let difference = match period.to_ascii_lowercase().as_str() {
        "year" => a.year - b.year,
        "quarter" => (a.year * 4 + (a.month - 1) / 3) - (b.year * 4 + (b.month - 1) / 3),
        "month" => (a.year * 12 + a.month) - (b.year * 12 + b.month),
        "week" => weeks(left) - weeks(right),
        "nanosecond" => match (left - right).checked_mul(1000) {
            Some(nanoseconds) => nanoseconds,
            None => return Datum::Null,
        },
        period => match unit(period) {
            Some(unit) => left.div_euclid(unit) - right.div_euclid(unit),
            None => return Datum::Null,
        },
    };
    Datum::Long(difference)
}

fn make_datetime<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if let [value] = arguments {
        return convert::cast(value, Type::DateTime);
    }
    // What is left out is 0; what is null makes the whole null.
    let number = |index: usize| match arguments.get(index) {
        None => Some(0),
        Some(_) => long(arguments, index),
    };
    let second = match arguments.get(5) {
        None => Some(0.0),
        Some(_) => real(arguments, 5),
    };
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) =
        (number(0), number(1), number(2), number(3), number(4), second)
    else {
        return Datum::Null;
    };
    let is_date = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && day <= calendar::days_in_month(year, month);
    let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0.0..60.0).contains(&second);
    if !is_date || !is_time {
        return Datum::Null;
    }
    let time = hour * HOUR + minute * MINUTE + ticks_of(second) / TICKS;
    moment(Some(calendar::days(year, month, day) * DAY + time))
}

/// Seconds below 60 as ticks; digits beyond a tick are rounded off.
fn ticks_of(second: f64) -> i64 {
    ((second * (SECOND * TICKS) as f64).round() as i64).min(60 * SECOND * TICKS - 1)
}

fn make_timespan<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if let [value] = arguments {
        return convert::cast(value, Type::TimeSpan);
    }
    let from = usize::from(arguments.len() == 4);
    let days = if from == 1 { long(arguments, 0) } else { Some(0) };
    let second = match arguments.get(from + 2) {
        None => Some(0.0),
        Some(_) => real(arguments, from + 2),
    };
    let (Some(days), Some(hour), Some(minute), Some(second)) =
        (days, long(arguments, from), long(arguments, from + 1), second)
    else {
        return Datum::Null;
    };
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0.0..60.0).contains(&second) {
        return Datum::Null;
    }
    let time = (hour * HOUR + minute * MINUTE) * TICKS + ticks_of(second);
    days.checked_mul(DAY * TICKS)
        .and_then(|span| span.checked_add(time))
        .map_or(Datum::Null, Datum::TimeSpan)
}

fn unix_time(arguments: &[Datum<'_>], microseconds: f64) -> Datum<'static> {
    moment(match arguments.first() {
        // Whole numbers are not taken through `f64`, which holds 53 bits of them.
        Some(Datum::Int(_) | Datum::Long(_)) => long(arguments, 0).and_then(|value| {
            if microseconds >= 1.0 {
                value.checked_mul(microseconds as i64)
            } else {
                Some(value.div_euclid(1000))
            }
        }),
        _ => real(arguments, 0).and_then(|value| whole((value * microseconds).floor())),
    })
}

fn zone(arguments: &[Datum<'_>]) -> Option<TimeZone> {
    // The bundled database and no files: the result is the same on every machine.
    TimeZoneDatabase::bundled().get(&text(arguments, 1)?).ok()
}

fn utc_to_local<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    moment(datetime(arguments, 0).zip(zone(arguments)).and_then(|(at, zone)| {
        let offset = zone.to_offset(Timestamp::from_microsecond(at).ok()?);
        at.checked_add(i64::from(offset.seconds()) * SECOND)
    }))
}

/// Where a local time occurs twice or never, the earlier of the two moments that may be meant.
fn local_to_utc<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    moment(datetime(arguments, 0).zip(zone(arguments)).and_then(|(at, zone)| {
        let local: DateTime = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(at).ok()?);
        let offset = match zone.to_ambiguous_zoned(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            // `before` and `after` the change of the clock; the larger offset gives the earlier moment.
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => before.max(after),
        };
        at.checked_sub(i64::from(offset.seconds()) * SECOND)
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{HOUR_TICKS, NOW, call, l, r, s, t, ts};

    #[test]
    fn now_and_ago_go_by_the_clock_of_the_query() {
        assert_eq!(call("now", &[]), Datum::DateTime(NOW));
        assert_eq!(call("now", &[ts(-24 * HOUR_TICKS)]), t("2026-11-21"));
        assert_eq!(call("ago", &[ts(24 * HOUR_TICKS)]), t("2026-11-21"));
        assert_eq!(call("ago", &[ts(i64::MAX)]), Datum::Null);
    }

    #[test]
    fn borders_of_periods_move_by_the_offset() {
        let at = || t("2017-01-01 10:10:17");
        for (name, offset, expected) in [
            ("startofday", -1, "2016-12-31"),
            ("startofday", 0, "2017-01-01"),
            ("startofweek", -1, "2016-12-25"),
            ("startofweek", 0, "2017-01-01"),
            ("startofmonth", -1, "2016-12-01"),
            ("startofyear", 1, "2018-01-01"),
            ("endofday", 0, "2017-01-01 23:59:59.999999"),
            ("endofweek", -1, "2016-12-31 23:59:59.999999"),
            ("endofweek", 1, "2017-01-14 23:59:59.999999"),
            ("endofmonth", 1, "2017-02-28 23:59:59.999999"),
            ("endofyear", 0, "2017-12-31 23:59:59.999999"),
        ] {
            assert_eq!(call(name, &[at(), l(offset)]), t(expected), "{name} {offset}");
        }
        assert_eq!(call("startofday", &[at(), l(i64::MAX)]), Datum::Null);
        assert_eq!(call("endofyear", &[t("9999-12-31")]), t("9999-12-31 23:59:59.999999"));
    }

    #[test]
    fn parts_are_those_of_the_documentation() {
        let at = || t("2017-10-30 01:02:03.765432");
        for (name, expected) in [
            ("year", 2017),
            ("quarter", 4),
            ("Month", 10),
            ("week_of_year", 44),
            ("day", 30),
            ("dayOfYear", 303),
            ("hour", 1),
            ("minute", 2),
            ("second", 3),
            ("millisecond", 765),
            ("microsecond", 765_432),
            ("nanosecond", 765_432_000),
        ] {
            assert_eq!(call("datetime_part", &[s(name), at()]), Datum::Int(expected), "{name}");
        }
        assert_eq!(call("datetime_part", &[s("fortnight"), at()]), Datum::Null);
        assert_eq!(call("dayofweek", &[t("1947-11-30 10:00:05")]), ts(0));
        assert_eq!(call("dayofweek", &[t("1970-05-11")]), ts(24 * HOUR_TICKS));
        assert_eq!(call("dayofyear", &[t("2015-12-14")]), Datum::Int(348));
    }

    #[test]
    fn weeks_of_the_year_are_those_of_iso_8601() {
        for (date, week) in [
            ("2020-12-31", 53),
            ("2020-06-15", 25),
            ("1970-01-01", 1),
            ("2000-01-01", 52),
        ] {
            assert_eq!(call("week_of_year", &[t(date)]), Datum::Int(week), "{date}");
        }
    }

    #[test]
    fn a_difference_counts_borders_of_periods() {
        for (period, left, right, expected) in [
            ("year", "2017-01-01", "2000-12-31", 17),
            ("quarter", "2017-07-01", "2017-03-30", 2),
            ("month", "2017-01-01", "2015-12-30", 13),
            ("week", "2017-10-29", "2017-09-30 23:59", 5),
            ("day", "2017-10-29", "2017-09-30 23:59", 29),
            ("hour", "2017-10-31 01:00", "2017-10-30 23:59", 2),
            ("minute", "2017-10-30 23:05:01", "2017-10-30 23:00:59", 5),
            ("second", "2017-10-30 23:00:10.1", "2017-10-30 23:00:00.9", 10),
            (
                "millisecond",
                "2017-10-30 23:00:00.2001",
                "2017-10-30 23:00:00.1009",
                100,
            ),
            (
                "microsecond",
                "2017-10-30 23:00:00.100900",
                "2017-10-30 23:00:00.100800",
                100,
            ),
            ("nanosecond", "2017-10-30 23:00:00", "2017-10-30 23:00:00.000007", -7000),
        ] {
            assert_eq!(
                call("datetime_diff", &[s(period), t(left), t(right)]),
                l(expected),
                "{period}"
            );
        }
    }

    #[test]
    fn adding_months_stays_within_the_month() {
        for (period, count, from, expected) in [
            ("month", 1, "2017-01-31 10:00", "2017-02-28 10:00"),
            ("year", -1, "2016-02-29", "2015-02-28"),
            ("quarter", 1, "2017-01-01", "2017-04-01"),
            ("week", 1, "2017-01-01", "2017-01-08"),
            ("Second", -1, "2017-01-01", "2016-12-31 23:59:59"),
        ] {
            assert_eq!(
                call("datetime_add", &[s(period), l(count), t(from)]),
                t(expected),
                "{period} {from}"
            );
        }
        assert_eq!(
            call("datetime_add", &[s("year"), l(9000), t("2017-01-01")]),
            Datum::Null
        );
        assert_eq!(
            call("datetime_add", &[s("month"), l(i64::MAX), t("2017-01-01")]),
            Datum::Null
        );
    }

    #[test]
    fn a_date_that_does_not_exist_is_null() {
        let date = |year, month, day| call("make_datetime", &[l(year), l(month), l(day)]);
        assert_eq!(date(2017, 10, 1), t("2017-10-01"));
        for (year, month, day) in [(2017, 2, 29), (2017, 13, 1), (0, 1, 1), (10_000, 1, 1), (2017, 1, 0)] {
            assert_eq!(date(year, month, day), Datum::Null, "{year}-{month}-{day}");
        }
        let time = |second| call("make_datetime", &[l(2017), l(10), l(1), l(12), l(11), r(second)]);
        assert_eq!(time(0.1234567), t("2017-10-01 12:11:00.123456"));
        assert_eq!(time(60.0), Datum::Null);
    }

    #[test]
    fn timespans_are_made_of_parts() {
        assert_eq!(
            call("make_timespan", &[l(1), l(12), l(30), r(55.123)]),
            ts(1_314_551_230_000)
        );
        assert_eq!(call("make_timespan", &[l(12), l(30)]), ts(450_000_000_000));
        assert_eq!(call("make_timespan", &[l(24), l(0)]), Datum::Null);
    }

    #[test]
    fn moments_of_unix_are_counted_from_1970() {
        for (name, number) in [
            ("unixtime_seconds_todatetime", 1_546_300_800),
            ("unixtime_milliseconds_todatetime", 1_546_300_800_000),
            ("unixtime_microseconds_todatetime", 1_546_300_800_000_000),
            ("unixtime_nanoseconds_todatetime", 1_546_300_800_000_000_000),
        ] {
            assert_eq!(call(name, &[l(number)]), t("2019-01-01"), "{name}");
        }
        assert_eq!(
            call("unixtime_seconds_todatetime", &[r(1.5)]),
            t("1970-01-01 00:00:01.5")
        );
        assert_eq!(call("unixtime_seconds_todatetime", &[l(i64::MAX)]), Datum::Null);
        assert_eq!(call("unixtime_seconds_todatetime", &[r(f64::NAN)]), Datum::Null);
    }

    #[test]
    fn local_times_that_never_were_are_the_earlier_of_two() {
        let to_utc = |at, zone| call("datetime_local_to_utc", &[t(at), s(zone)]);
        assert_eq!(to_utc("2020-02-02 20:02:20", "Europe/Paris"), t("2020-02-02 19:02:20"));
        assert_eq!(to_utc("2020-02-02 20:02:20", "US/Pacific"), t("2020-02-03 04:02:20"));
        assert_eq!(
            to_utc("2022-03-27 01:00:00", "Europe/Brussels"),
            t("2022-03-27 00:00:00")
        );
        assert_eq!(
            to_utc("2022-03-27 02:00:00", "Europe/Brussels"),
            t("2022-03-27 00:00:00")
        );
        assert_eq!(
            to_utc("2022-03-27 03:00:00", "Europe/Brussels"),
            t("2022-03-27 01:00:00")
        );
        assert_eq!(to_utc("2022-03-27 03:00:00", "Mars/Olympus"), Datum::Null);
    }

    proptest! {
        #[test]
        fn a_period_holds_its_moment(at in calendar::FIRST..=calendar::LAST) {
            for period in ["day", "week", "month", "year"] {
                let border = |name: &str| match call(&format!("{name}of{period}"), &[Datum::DateTime(at)]) {
                    Datum::DateTime(border) => Some(border),
                    _ => None,
                };
                // Only weeks that are cut by the ends of time have no border.
                if let Some(start) = border("start") {
                    prop_assert!(start <= at);
                    let again = call(&format!("startof{period}"), &[Datum::DateTime(start)]);
                    prop_assert_eq!(again, Datum::DateTime(start));
                }
                if let Some(end) = border("end") {
                    prop_assert!(at <= end);
                }
            }
        }

        #[test]
        fn local_time_and_back_is_the_same_but_in_the_hours_that_repeat(at in -2_000_000_000_i64..4_000_000_000) {
            let at = Datum::DateTime(at * SECOND);
            let local = call("datetime_utc_to_local", &[at, s("America/New_York")]);
            let utc = call("datetime_local_to_utc", &[local.clone(), s("America/New_York")]);
            prop_assert_eq!(call("datetime_utc_to_local", &[utc, s("America/New_York")]), local);
        }
    }
}
