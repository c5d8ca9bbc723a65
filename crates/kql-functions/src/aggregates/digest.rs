//! A t-digest: the distribution of many numbers in few, finest at both ends. `tdigest` and what reads one.
//!
//! # Source
//! T. Dunning, O. Ertl: Computing extremely accurate quantiles using t-digests (2019), the merging variant.

use postern_kql::Type;

use super::{Accumulator, number_as};
use crate::bytes::{MalformedState, Reader, Writer};
use crate::order::{compare_reals, number};
use crate::{Context, Datum, Json};

/// A cluster around the median holds about 4 / this of all values.
const COMPRESSION: f64 = 1000.0;

/// Values that wait for the next compression.
const BUFFER_MAX: usize = 8192;

#[derive(Clone, Default)]
pub(super) struct Digest {
    /// (mean, weight), by mean.
    clusters: Vec<(f64, f64)>,
    buffer: Vec<(f64, f64)>,
}

impl Digest {
    pub(super) fn add(&mut self, value: f64, weight: f64) {
        if value.is_nan() || weight.is_nan() || weight <= 0.0 {
            return;
        }
        self.buffer.push((value, weight));
        if self.buffer.len() >= BUFFER_MAX {
            self.compress();
        }
    }

    pub(super) fn merge(&mut self, other: &Digest) {
        self.buffer.extend_from_slice(&other.clusters);
        self.buffer.extend_from_slice(&other.buffer);
        self.compress();
    }

    fn compress(&mut self) {
        let mut all = std::mem::take(&mut self.clusters);
        all.append(&mut self.buffer);
        all.sort_by(|left, right| compare_reals(left.0, right.0));
        let total: f64 = all.iter().map(|(_, weight)| weight).sum();
        let most = |share: f64| 4.0 * total * share * (1.0 - share) / COMPRESSION;
        let mut before = 0.0;
        for (mean, weight) in all {
            if let Some(last) = self.clusters.last_mut() {
                let merged = last.1 + weight;
                if last.0 == mean || merged <= most(before / total).min(most((before + merged) / total)) {
                    last.0 += (mean - last.0) * weight / merged;
                    last.1 = merged;
                    continue;
                }
                before += last.1;
            }
            self.clusters.push((mean, weight));
        }
    }

    /// The value of the given percentile by nearest rank; between the means of clusters it is interpolated.
    pub(super) fn percentile(&mut self, percent: f64) -> Option<f64> {
        if !self.buffer.is_empty() {
            self.compress();
        }
        let total: f64 = self.clusters.iter().map(|(_, weight)| weight).sum();
        let rank = (percent * total / 100.0).ceil().clamp(1.0_f64.min(total), total);
        let mut before = 0.0;
        for (index, (mean, weight)) in self.clusters.iter().enumerate() {
            if rank <= before + weight || index + 1 == self.clusters.len() {
                if *weight <= 1.0 {
                    return Some(*mean);
                }
                // The mean stands at the middle of its cluster's ranks.
                let offset = (rank - before - 0.5) / weight - 0.5;
                let neighbour = if offset < 0.0 {
                    index.checked_sub(1)
                } else {
                    Some(index + 1)
                };
                let other = neighbour.and_then(|index| self.clusters.get(index));
                return Some(other.map_or(*mean, |(other, _)| mean + (other - mean) * offset.abs()));
            }
            before += weight;
        }
        None
    }

    /// The weight of all values up to the given one.
    fn weight_up_to(&mut self, value: f64) -> (f64, f64) {
        self.compress();
        let total = self.clusters.iter().map(|(_, weight)| weight).sum();
        let below = self.clusters.iter().take_while(|(mean, _)| *mean <= value);
        (below.map(|(_, weight)| weight).sum(), total)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let all = self.clusters.iter().chain(&self.buffer);
        writer.count(all.clone().count() as u64);
        for (mean, weight) in all {
            writer.real(*mean);
            writer.real(*weight);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, MalformedState> {
        let mut digest = Digest::default();
        for _ in 0..reader.count()? {
            digest.buffer.push((reader.real()?, reader.real()?));
        }
        Ok(digest)
    }

    pub(super) fn size(&self) -> usize {
        (self.clusters.capacity() + self.buffer.capacity()) * size_of::<(f64, f64)>()
    }

    /// As a `dynamic` value: an array of means and one of weights.
    fn value(&mut self) -> Datum<'static> {
        self.compress();
        let means = self.clusters.iter().map(|(mean, _)| Json::Real(*mean)).collect();
        let weights = self.clusters.iter().map(|(_, weight)| Json::Real(*weight)).collect();
        Datum::dynamic(Json::Array(vec![Json::Array(means), Json::Array(weights)]))
    }

    fn of_value(value: &Datum<'_>) -> Option<Self> {
        let Datum::Dynamic(value) = value else { return None };
        let tree = value.tree();
        let Json::Array(parts) = tree.as_ref() else { return None };
        let [Json::Array(means), Json::Array(weights)] = parts.as_slice() else {
            return None;
        };
        let real = |tree: &Json| match tree {
            Json::Real(value) => Some(*value),
            Json::Long(value) => Some(*value as f64),
            _ => None,
        };
        let mut digest = Digest::default();
        for (mean, weight) in means.iter().zip(weights) {
            digest.add(real(mean)?, real(weight)?);
        }
        (means.len() == weights.len()).then_some(digest)
    }
}

/// Datetimes and timespans go by their number of microseconds and ticks.
pub(super) fn position(datum: &Datum<'_>) -> Option<f64> {
    match datum {
        Datum::DateTime(value) | Datum::TimeSpan(value) => Some(*value as f64),
        datum => number(datum),
    }
}

/// `tdigest(value, weight)`.
#[derive(Default)]
pub(super) struct MakeDigest(MergeDigests);

impl Accumulator for MakeDigest {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        let digest = self.0.0.get_or_insert_default();
        let weight = arguments.get(1).map_or(Some(1.0), number);
        if let (Some(value), Some(weight)) = (arguments.first().and_then(position), weight) {
            digest.add(value, weight);
        }
    }

    fn state(&self) -> Vec<u8> {
        self.0.state()
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        self.0.merge(state)
    }

    fn finish(&mut self) -> Datum<'static> {
        self.0.finish()
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

/// `tdigest_merge` as an aggregate.
#[derive(Default)]
pub(super) struct MergeDigests(Option<Digest>);

impl Accumulator for MergeDigests {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if let Some(digest) = arguments.first().and_then(Digest::of_value) {
            self.0.get_or_insert_default().merge(&digest);
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.flag(self.0.is_some());
        if let Some(digest) = &self.0 {
            digest.write(&mut writer);
        }
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        if reader.flag()? {
            let digest = Digest::read(&mut reader)?;
            self.0.get_or_insert_default().merge(&digest);
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        self.0.as_mut().map_or(Datum::Null, Digest::value)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.0.as_ref().map_or(0, Digest::size)
    }
}

fn digest_of(arguments: &[Datum<'_>]) -> Option<Digest> {
    arguments.first().and_then(Digest::of_value)
}

/// `tdigest_merge(digest, digest, ...)`.
pub(super) fn merge_tdigest<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let mut merged = MergeDigests::default();
    arguments
        .iter()
        .for_each(|argument| merged.update(std::slice::from_ref(argument)));
    merged.finish()
}

/// `percentile_tdigest(digest, percent, typeof(type))`.
pub(super) fn percentile_tdigest<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let percent = arguments.get(1).and_then(number);
    let value = digest_of(arguments)
        .zip(percent)
        .and_then(|(mut digest, percent)| digest.percentile(percent));
    let ty = match arguments.get(2) {
        Some(Datum::String(name)) => Type::of_name(name),
        _ => None,
    };
    match (value, ty) {
        (None, _) => Datum::Null,
        (Some(value), Some(Type::DateTime)) => Datum::DateTime(value.round() as i64),
        (Some(value), Some(Type::TimeSpan)) => Datum::TimeSpan(value.round() as i64),
        (Some(value), Some(ty @ (Type::Int | Type::Long))) => number_as(Datum::Real(value.round()), ty),
        (Some(value), _) => Datum::Real(value),
    }
}

/// `percentiles_array_tdigest(digest, percent, ...)` or with an array of them.
pub(super) fn percentiles_array_tdigest<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let Some(mut digest) = digest_of(arguments) else {
        return Datum::Null;
    };
    let values = super::percentiles::points(&arguments[1..])
        .into_iter()
        .map(|percent| digest.percentile(percent).map_or(Json::Null, Json::Real));
    Datum::dynamic(Json::Array(values.collect()))
}

/// `rank_tdigest(digest, value)`.
pub(super) fn rank_tdigest<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    match digest_of(arguments).zip(arguments.get(1).and_then(position)) {
        Some((mut digest, value)) => Datum::Long(digest.weight_up_to(value).0.round() as i64),
        None => Datum::Null,
    }
}

/// `percentrank_tdigest(digest, value)`.
pub(super) fn percentrank_tdigest<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    match digest_of(arguments).zip(arguments.get(1).and_then(position)) {
        Some((mut digest, value)) => {
            let (below, total) = digest.weight_up_to(value);
            Datum::Real(100.0 * below / total)
        }
        None => Datum::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact_for_few_values_and_near_for_many() {
        let mut few = Digest::default();
        (1..=20).for_each(|value| few.add(f64::from(value), 1.0));
        for (percent, expected) in [(0.0, 1.0), (5.0, 1.0), (50.0, 10.0), (51.0, 11.0), (100.0, 20.0)] {
            assert_eq!(few.percentile(percent), Some(expected), "{percent} %");
        }
        let mut many = Digest::default();
        // 7919 has no divisor in common with the modulus: every value once, in a scattered order.
        (0..200_000_u64).for_each(|index| many.add((index * 7919 % 200_000) as f64, 1.0));
        for percent in [0.1, 1.0, 25.0, 50.0, 75.0, 99.0, 99.9] {
            let found = many.percentile(percent).unwrap();
            assert!((found / 2000.0 - percent).abs() < 0.2, "{percent} %: {found}");
        }
        assert_eq!(many.percentile(100.0), Some(199_999.0));
        assert!(many.size() < 400_000);
    }
}
