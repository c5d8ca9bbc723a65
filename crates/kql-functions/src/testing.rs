//! How tests call kernels and write values: short.

use crate::{Context, Datum, Json, kernel};

/// 2026-11-22, the clock of all tests.
pub const NOW: i64 = 1_795_305_600_000_000;

pub fn call<'a>(name: &str, arguments: &[Datum<'a>]) -> Datum<'a> {
    kernel(name).unwrap_or_else(|| panic!("no kernel {name}"))(&Context::new(NOW), arguments)
}

pub fn s(text: &str) -> Datum<'_> {
    Datum::string(text)
}

pub fn l(value: i64) -> Datum<'static> {
    Datum::Long(value)
}

pub fn r(value: f64) -> Datum<'static> {
    Datum::Real(value)
}

/// A dynamic value of its JSON text.
pub fn j(text: &str) -> Datum<'static> {
    Datum::dynamic(Json::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")))
}

/// A date, or a date and a time: `2017-10-30 01:02:03.765432`.
pub fn t(text: &str) -> Datum<'static> {
    let mut numbers = text
        .split(['-', ' ', ':'])
        .map(|part| part.parse::<f64>().expect("a number"));
    let parts: Vec<Datum<'_>> = (0..6).map(|_| Datum::Real(numbers.next().unwrap_or(0.0))).collect();
    call("make_datetime", &parts)
}

/// Ticks.
pub fn ts(ticks: i64) -> Datum<'static> {
    Datum::TimeSpan(ticks)
}

pub const HOUR_TICKS: i64 = 36_000_000_000;
