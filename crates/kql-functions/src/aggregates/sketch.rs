//! `dcount`, `hll` and what merges them.
//!
//! Up to [`EXACT_MAX`] distinct values are counted exactly, by a 64-bit hash of each; above, a HyperLogLog estimates
//! how many there are, with 2^12 to 2^18 registers by the accuracy that the query asks for.
//!
//! # Source
//! O. Ertl: New cardinality estimation algorithms for HyperLogLog sketches (2017), algorithm 6, needs no tables of
//! corrections.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Accumulator;
use crate::bytes::{MalformedState, Reader, Writer};
use crate::keys::BuildHashed;
use crate::order::whole;
use crate::{Context, Datum, Json};

/// Distinct values that are counted one by one.
pub const EXACT_MAX: usize = 65_536;

/// Bits of a hash that choose the register, by accuracy 0 to 4: errors of 1.6, 0.8, 0.4, 0.28 and 0.2 %.
const PRECISIONS: [u32; 5] = [12, 14, 16, 17, 18];

/// What `dcount` uses when the query does not say.
const ACCURACY: usize = 1;

/// The property of the bag that a sketch is when it is a value.
const PROPERTY: &str = "hll";

enum Sketch {
    Exact(HashSet<u64, BuildHashed>),
    /// For each register the longest run of zeros, plus one.
    Registers(Vec<u8>),
}

/// A hash that is the same on every machine, since sketches may travel.
fn hash(bytes: &[u8]) -> u64 {
    fn fold(left: u64, right: u64) -> u64 {
        let product = u128::from(left) * u128::from(right);
        (product as u64) ^ ((product >> 64) as u64)
    }
    let mut hash = 0x9e37_79b9_7f4a_7c15 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = fold(hash ^ u64::from_le_bytes(word), 0xa076_1d64_78bd_642f) ^ hash.rotate_left(29);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

impl Sketch {
    fn new() -> Self {
        Sketch::Exact(HashSet::default())
    }

    fn insert(&mut self, hash: u64, precision: u32) {
        match self {
            Sketch::Exact(hashes) => {
                hashes.insert(hash);
                if hashes.len() > EXACT_MAX {
                    self.spill(precision);
                }
            }
            Sketch::Registers(registers) => {
                let precision = registers.len().trailing_zeros();
                let register = &mut registers[(hash >> (64 - precision)) as usize];
                let run = (hash << precision).leading_zeros().min(64 - precision) + 1;
                *register = (*register).max(run as u8);
            }
        }
    }

    fn spill(&mut self, precision: u32) {
        if let Sketch::Exact(hashes) = self {
            let hashes = std::mem::take(hashes);
            *self = Sketch::Registers(vec![0; 1 << precision]);
            hashes.into_iter().for_each(|hash| self.insert(hash, precision));
        }
    }

    fn merge(&mut self, other: Sketch, precision: u32) {
        match other {
            Sketch::Exact(hashes) => hashes.into_iter().for_each(|hash| self.insert(hash, precision)),
            Sketch::Registers(mut theirs) => {
                let precision = theirs.len().trailing_zeros();
                self.spill(precision);
                if let Sketch::Registers(ours) = self {
                    coarsen(ours, precision);
                    coarsen(&mut theirs, ours.len().trailing_zeros());
                    ours.iter_mut()
                        .zip(theirs)
                        .for_each(|(ours, theirs)| *ours = (*ours).max(theirs));
                }
            }
        }
    }

    fn count(&self) -> i64 {
        match self {
            Sketch::Exact(hashes) => hashes.len() as i64,
            Sketch::Registers(registers) => estimate(registers).round() as i64,
        }
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Sketch::Exact(hashes) => {
                writer.byte(0);
                writer.count(hashes.len() as u64);
                let mut hashes: Vec<u64> = hashes.iter().copied().collect();
                hashes.sort_unstable();
                hashes.into_iter().for_each(|hash| writer.long(hash as i64));
            }
            Sketch::Registers(registers) => {
                writer.byte(registers.len().trailing_zeros() as u8);
                writer.bytes(registers);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, MalformedState> {
        let precision = u32::from(reader.byte()?);
        if precision == 0 {
            let count = reader.count()?;
            let hashes: Result<_, _> = (0..count).map(|_| reader.long().map(|hash| hash as u64)).collect();
            return Ok(Sketch::Exact(hashes?));
        }
        let registers = reader.bytes()?;
        let is_whole = PRECISIONS.contains(&precision) && registers.len() == 1 << precision;
        if is_whole {
            Ok(Sketch::Registers(registers.to_vec()))
        } else {
            Err(MalformedState)
        }
    }

    fn size(&self) -> usize {
        match self {
            Sketch::Exact(hashes) => hashes.capacity() * (size_of::<u64>() + 1),
            Sketch::Registers(registers) => registers.len(),
        }
    }

    /// As a `dynamic` value.
    fn value(&self) -> Datum<'static> {
        let mut writer = Writer::default();
        self.write(&mut writer);
        Datum::dynamic(Json::Object(vec![(
            PROPERTY.to_owned(),
            Json::String(STANDARD.encode(writer.0)),
        )]))
    }

    fn of_value(value: &Datum<'_>) -> Option<Self> {
        let Datum::Dynamic(value) = value else { return None };
        let tree = value.tree();
        let Some(Json::String(text)) = tree.get(PROPERTY) else {
            return None;
        };
        let bytes = STANDARD.decode(text).ok()?;
        Sketch::read(&mut Reader::new(&bytes)).ok()
    }
}

/// Rewrites registers as those of a sketch with fewer, had it seen the same values.
fn coarsen(registers: &mut Vec<u8>, precision: u32) {
    let own = registers.len().trailing_zeros();
    if own <= precision {
        return;
    }
    let dropped = own - precision;
    let mut coarse = vec![0_u8; 1 << precision];
    for (index, run) in registers.iter().enumerate().filter(|(_, run)| **run > 0) {
        let tail = (index as u32) & ((1 << dropped) - 1);
        let run = if tail == 0 {
            *run + dropped as u8
        } else {
            (tail.leading_zeros() - (32 - dropped) + 1) as u8
        };
        let register = &mut coarse[index >> dropped];
        *register = (*register).max(run);
    }
    *registers = coarse;
}

fn estimate(registers: &[u8]) -> f64 {
    let bits = 64 - registers.len().trailing_zeros() as usize;
    let mut histogram = vec![0.0_f64; bits + 2];
    for run in registers {
        histogram[usize::from(*run).min(bits + 1)] += 1.0;
    }
    let all = registers.len() as f64;
    let mut sum = all * tau(1.0 - histogram[bits + 1] / all);
    for count in histogram[1..=bits].iter().rev() {
        sum = 0.5 * (sum + count);
    }
    sum += all * sigma(histogram[0] / all);
    all * all / (2.0 * std::f64::consts::LN_2 * sum)
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut factor, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * factor;
        factor += factor;
        if sum <= before {
            return sum;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut factor, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - x).powi(2) * factor;
        if sum >= before {
            return sum / 3.0;
        }
    }
}

pub(super) struct DistinctEstimate {
    sketch: Sketch,
    /// The result is the sketch and not its count.
    is_value: bool,
    has_rows: bool,
    precision: Option<u32>,
    scratch: Writer,
}

impl DistinctEstimate {
    pub(super) fn counting() -> Self {
        Self {
            sketch: Sketch::new(),
            is_value: false,
            has_rows: false,
            precision: None,
            scratch: Writer::default(),
        }
    }

    pub(super) fn sketching() -> Self {
        Self {
            is_value: true,
            ..Self::counting()
        }
    }
}

impl Accumulator for DistinctEstimate {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        let Some(value) = arguments.first() else { return };
        self.has_rows = true;
        let precision = *self.precision.get_or_insert_with(|| {
            let accuracy = arguments.get(1).and_then(whole).unwrap_or(ACCURACY as i64);
            PRECISIONS[usize::try_from(accuracy).unwrap_or(0).min(PRECISIONS.len() - 1)]
        });
        self.scratch.0.clear();
        match value {
            Datum::Null => return,
            // Sketches of columns of either type may be merged.
            Datum::Int(value) => self.scratch.key(&Datum::Long(i64::from(*value))),
            value => self.scratch.key(value),
        }
        self.sketch.insert(hash(&self.scratch.0), precision);
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.flag(self.has_rows);
        writer.byte(self.precision.unwrap_or(0) as u8);
        self.sketch.write(&mut writer);
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        self.has_rows |= reader.flag()?;
        match u32::from(reader.byte()?) {
            0 => {}
            precision if PRECISIONS.contains(&precision) => self.precision = Some(precision),
            _ => return Err(MalformedState),
        }
        let precision = self.precision.unwrap_or(PRECISIONS[ACCURACY]);
        self.sketch.merge(Sketch::read(&mut reader)?, precision);
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        match (self.is_value, self.has_rows) {
            (false, _) => Datum::Long(self.sketch.count()),
            (true, true) => self.sketch.value(),
            (true, false) => Datum::Null,
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.sketch.size() + self.scratch.0.capacity()
    }
}

/// `hll_merge` as an aggregate.
#[derive(Default)]
pub(super) struct MergeSketches(Option<Sketch>);

impl MergeSketches {
    fn add(&mut self, sketch: Sketch) {
        match &mut self.0 {
            Some(ours) => ours.merge(sketch, PRECISIONS[ACCURACY]),
            none => *none = Some(sketch),
        }
    }
}

impl Accumulator for MergeSketches {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if let Some(sketch) = arguments.first().and_then(Sketch::of_value) {
            self.add(sketch);
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.flag(self.0.is_some());
        if let Some(sketch) = &self.0 {
            sketch.write(&mut writer);
        }
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        if reader.flag()? {
            self.add(Sketch::read(&mut reader)?);
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        self.0.as_ref().map_or(Datum::Null, Sketch::value)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.0.as_ref().map_or(0, Sketch::size)
    }
}

/// `dcount_hll(sketch)`.
pub(super) fn dcount_hll<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let sketch = arguments.first().and_then(Sketch::of_value);
    sketch.map_or(Datum::Null, |sketch| Datum::Long(sketch.count()))
}

/// `hll_merge(sketch, sketch, ...)`.
pub(super) fn hll_merge<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let mut merged = MergeSketches::default();
    arguments
        .iter()
        .for_each(|argument| merged.update(std::slice::from_ref(argument)));
    merged.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch_of(values: std::ops::Range<i64>, precision: u32) -> Sketch {
        let mut sketch = Sketch::new();
        values.for_each(|value| sketch.insert(hash(&value.to_le_bytes()), precision));
        sketch
    }

    #[test]
    fn counts_are_exact_up_to_the_threshold_and_near_above_it() {
        assert_eq!(sketch_of(0..EXACT_MAX as i64, 14).count(), EXACT_MAX as i64);
        for (precision, error) in PRECISIONS.into_iter().zip([0.048, 0.024, 0.012, 0.0084, 0.006]) {
            for count in [EXACT_MAX as i64 + 1, 300_000] {
                let found = sketch_of(0..count, precision).count();
                let off = (found - count).abs() as f64 / count as f64;
                assert!(off < error, "precision {precision}: {found} of {count}");
            }
        }
    }

    #[test]
    fn merging_equals_seeing_everything() {
        let mut left = sketch_of(0..200_000, 16);
        left.merge(sketch_of(100_000..300_000, 16), 16);
        assert_eq!(left.count(), sketch_of(0..300_000, 16).count());
        // Of two precisions the coarser one is kept.
        let mut fine = sketch_of(0..200_000, 18);
        fine.merge(sketch_of(0..100_000, 12), 14);
        assert_eq!(fine.count(), sketch_of(0..200_000, 12).count());
    }
}
