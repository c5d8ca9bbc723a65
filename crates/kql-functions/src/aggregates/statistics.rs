//! `variance`, `stdev`, `covariance` and their forms for samples and populations.
//!
//! Sums of squared differences from the running mean, so that large values that lie close together lose no digits.
//!
//! # Source
//! Chan, Golub, LeVeque: Algorithms for computing the sample variance (1983), equations 1.5 and 2.1.

use super::Accumulator;
use crate::Datum;
use crate::bytes::{MalformedState, Reader, Writer};
use crate::order::number;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    SampleVariance,
    Variance,
    SampleDeviation,
    Deviation,
}

/// One variable is a pair of itself: `variance(x)` is `covariance(x, x)`.
#[derive(Clone, Copy, Default)]
struct Pairs {
    count: f64,
    x: f64,
    y: f64,
    /// The sum of the products of the differences from the means.
    products: f64,
}

impl Pairs {
    fn add(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        let from_old = x - self.x;
        self.x += from_old / self.count;
        self.y += (y - self.y) / self.count;
        self.products += from_old * (y - self.y);
    }

    fn merge(&mut self, other: Pairs) {
        if other.count == 0.0 {
            return;
        }
        let count = self.count + other.count;
        let (x, y) = (other.x - self.x, other.y - self.y);
        self.products += other.products + x * y * self.count * other.count / count;
        self.x += x * other.count / count;
        self.y += y * other.count / count;
        self.count = count;
    }

    /// 0 where there are too few values for a difference.
    fn of_sample(self) -> f64 {
        if self.count < 2.0 {
            0.0
        } else {
            self.products / (self.count - 1.0)
        }
    }

    fn of_population(self) -> Option<f64> {
        (self.count > 0.0).then(|| self.products / self.count)
    }

    fn write(self) -> Vec<u8> {
        let mut writer = Writer::default();
        [self.count, self.x, self.y, self.products]
            .into_iter()
            .for_each(|value| writer.real(value));
        writer.0
    }

    fn read(state: &[u8]) -> Result<Self, MalformedState> {
        let mut reader = Reader::new(state);
        Ok(Self {
            count: reader.real()?,
            x: reader.real()?,
            y: reader.real()?,
            products: reader.real()?,
        })
    }
}

pub(super) struct Moments {
    moment: Moment,
    pairs: Pairs,
}

impl Moments {
    pub(super) fn new(moment: Moment) -> Self {
        Self {
            moment,
            pairs: Pairs::default(),
        }
    }
}

impl Accumulator for Moments {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if let Some(value) = arguments.first().and_then(number) {
            self.pairs.add(value, value);
        }
    }

    fn state(&self) -> Vec<u8> {
        self.pairs.write()
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        self.pairs.merge(Pairs::read(state)?);
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        let moment = match self.moment {
            Moment::SampleVariance => Some(self.pairs.of_sample()),
            Moment::Variance => self.pairs.of_population(),
            Moment::SampleDeviation => Some(self.pairs.of_sample().sqrt()),
            Moment::Deviation => self.pairs.of_population().map(f64::sqrt),
        };
        moment.map_or(Datum::Null, Datum::Real)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

pub(super) struct Covariance {
    is_sample: bool,
    pairs: Pairs,
}

impl Covariance {
    pub(super) fn of_sample() -> Self {
        Self {
            is_sample: true,
            pairs: Pairs::default(),
        }
    }

    pub(super) fn of_population() -> Self {
        Self {
            is_sample: false,
            pairs: Pairs::default(),
        }
    }
}

impl Accumulator for Covariance {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if let [x, y, ..] = arguments
            && let (Some(x), Some(y)) = (number(x), number(y))
        {
            self.pairs.add(x, y);
        }
    }

    fn state(&self) -> Vec<u8> {
        self.pairs.write()
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        self.pairs.merge(Pairs::read(state)?);
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        if self.is_sample {
            Datum::Real(self.pairs.of_sample())
        } else {
            self.pairs.of_population().map_or(Datum::Null, Datum::Real)
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}
