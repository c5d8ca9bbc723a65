//! `percentile` and its kin: a value of the data, by nearest rank.
//!
//! The p-th percentile of n ordered values is the one at rank ceil(p n / 100), the first for p = 0. Up to
//! [`EXACT_MAX`] values are kept as they are; above, a t-digest stands in for them.

use postern_kql::Type;

use super::digest::{Digest, position};
use super::{Accumulator, empty, number_as};
use crate::bytes::{MalformedState, Reader, Writer};
use crate::order::{number, whole};
use crate::{Datum, Json, convert};

/// Values of one group that are kept one by one.
pub const EXACT_MAX: usize = 65_536;

pub(super) struct Percentiles {
    /// The type of the values, and that of the result.
    source: Type,
    ty: Type,
    /// Which of the percentiles is the result; without it, the array of all.
    output: Option<usize>,
    is_weighted: bool,
    /// Which percentiles; known from the first row.
    points: Option<Vec<f64>>,
    /// Values as integers in the same order, with their weights (which are all 1 when there is none).
    values: Vec<(i64, u64)>,
    digest: Option<Digest>,
}

/// The percentiles that arguments ask for, each a number or an array of numbers.
pub(super) fn points(arguments: &[Datum<'_>]) -> Vec<f64> {
    let mut points = Vec::new();
    for argument in arguments {
        match argument {
            Datum::Dynamic(value) => match value.tree().as_ref() {
                Json::Array(items) => points.extend(items.iter().filter_map(|item| match item {
                    Json::Long(value) => Some(*value as f64),
                    Json::Real(value) => Some(*value),
                    _ => None,
                })),
                _ => points.extend(number(argument)),
            },
            other => points.extend(number(other)),
        }
    }
    points
}

/// Flips the bits below the sign of negative numbers, so that reals order as their bits do. It is its own inverse.
fn ordered_bits(bits: i64) -> i64 {
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

impl Percentiles {
    pub(super) fn one(source: Type, ty: Type, output: usize, is_weighted: bool) -> Self {
        Self {
            source,
            ty,
            output: Some(output),
            is_weighted,
            points: None,
            values: Vec::new(),
            digest: None,
        }
    }

    pub(super) fn all(source: Type, is_weighted: bool) -> Self {
        Self {
            output: None,
            ..Self::one(source, Type::Dynamic, 0, is_weighted)
        }
    }

    fn is_whole(&self) -> bool {
        matches!(self.source, Type::Int | Type::Long | Type::DateTime | Type::TimeSpan)
    }

    fn key(&self, value: &Datum<'_>) -> Option<i64> {
        match value {
            Datum::DateTime(value) | Datum::TimeSpan(value) => Some(*value),
            value if self.is_whole() => whole(value),
            value => number(value)
                .filter(|value| !value.is_nan())
                .map(|value| ordered_bits((value + 0.0).to_bits() as i64)),
        }
    }

    fn real(&self, key: i64) -> f64 {
        if self.is_whole() {
            key as f64
        } else {
            f64::from_bits(ordered_bits(key) as u64)
        }
    }

    fn add(&mut self, key: i64, weight: u64) {
        let value = self.real(key);
        if let Some(digest) = &mut self.digest {
            digest.add(value, weight as f64);
            return;
        }
        self.values.push((key, weight));
        if self.values.len() > EXACT_MAX {
            self.spill();
        }
    }

    fn spill(&mut self) {
        let mut digest = Digest::default();
        for (key, weight) in std::mem::take(&mut self.values) {
            digest.add(self.real(key), weight as f64);
        }
        self.digest = Some(digest);
    }

    /// The value at a percentile, of the type of the data.
    fn at(&mut self, percent: f64) -> Datum<'static> {
        let real = match &mut self.digest {
            Some(digest) => digest.percentile(percent),
            None => {
                let Some(key) = nearest(&self.values, percent) else {
                    return Datum::Null;
                };
                match self.source {
                    Type::DateTime => return Datum::DateTime(key),
                    Type::TimeSpan => return Datum::TimeSpan(key),
                    Type::Int | Type::Long => return Datum::Long(key),
                    _ => Some(self.real(key)),
                }
            }
        };
        match (real, self.source) {
            (None, _) => Datum::Null,
            (Some(value), Type::DateTime) => Datum::DateTime(value.round() as i64),
            (Some(value), Type::TimeSpan) => Datum::TimeSpan(value.round() as i64),
            (Some(value), Type::Int | Type::Long) => Datum::Long(value.round() as i64),
            (Some(value), _) => Datum::Real(value),
        }
    }
}

/// By nearest rank among ordered values with weights.
fn nearest(values: &[(i64, u64)], percent: f64) -> Option<i64> {
    let total: u128 = values.iter().map(|(_, weight)| u128::from(*weight)).sum();
    let rank = ((percent * total as f64 / 100.0).ceil() as u128).max(1);
    let mut before = 0_u128;
    values
        .iter()
        .find(|(_, weight)| {
            before += u128::from(*weight);
            before >= rank
        })
        .or(values.last())
        .map(|(key, _)| *key)
}

impl Accumulator for Percentiles {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        let first = 1 + usize::from(self.is_weighted);
        if self.points.is_none() {
            let mut points = points(arguments.get(first..).unwrap_or_default());
            if let Some(output) = self.output {
                points = points.get(output).copied().into_iter().collect();
            }
            self.points = Some(points);
        }
        let weight = match arguments.get(1) {
            Some(weight) if self.is_weighted => weight_of(weight),
            _ => 1,
        };
        if let Some(key) = arguments.first().and_then(|value| self.key(value))
            && weight > 0
        {
            self.add(key, weight);
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.flag(self.points.is_some());
        if let Some(points) = &self.points {
            writer.count(points.len() as u64);
            points.iter().for_each(|point| writer.real(*point));
        }
        writer.flag(self.digest.is_some());
        if let Some(digest) = &self.digest {
            digest.write(&mut writer);
        }
        writer.count(self.values.len() as u64);
        for (key, weight) in &self.values {
            writer.long(*key);
            writer.count(*weight);
        }
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        if reader.flag()? {
            let count = reader.count()?;
            let points: Result<_, _> = (0..count).map(|_| reader.real()).collect();
            self.points = Some(points?);
        }
        if reader.flag()? {
            if self.digest.is_none() {
                self.spill();
            }
            let theirs = Digest::read(&mut reader)?;
            if let Some(digest) = &mut self.digest {
                digest.merge(&theirs);
            }
        }
        for _ in 0..reader.count()? {
            let (key, weight) = (reader.long()?, reader.count()?);
            self.add(key, weight);
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        self.values.sort_unstable();
        let points = self.points.take().unwrap_or_default();
        let has_values = self.digest.is_some() || !self.values.is_empty();
        if self.output.is_some() {
            let value = points.first().map_or(Datum::Null, |percent| self.at(*percent));
            return if value.is_null() {
                empty(self.ty)
            } else {
                number_as(value, self.ty)
            };
        }
        if !has_values {
            return Datum::Null;
        }
        let values = points.iter().map(|percent| convert::json(&self.at(*percent))).collect();
        Datum::dynamic(Json::Array(values))
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.values.capacity() * size_of::<(i64, u64)>()
            + self.digest.as_ref().map_or(0, Digest::size)
    }
}

/// A weight counts as a whole number of equal values.
fn weight_of(weight: &Datum<'_>) -> u64 {
    match position(weight) {
        Some(weight) if weight > 0.0 => weight.round() as u64,
        _ => 0,
    }
}
