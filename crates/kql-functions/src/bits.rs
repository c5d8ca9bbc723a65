//! Bits of whole numbers: `binary_*`, `bitset_count_ones`.

use crate::arguments::long;
use crate::{Datum, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("binary_and", |_, arguments| {
        two(arguments, |left, right| Some(left & right))
    }),
    ("binary_or", |_, arguments| {
        two(arguments, |left, right| Some(left | right))
    }),
    ("binary_xor", |_, arguments| {
        two(arguments, |left, right| Some(left ^ right))
    }),
    ("binary_shift_left", |_, arguments| {
        two(arguments, |value, count| Some(value << places(count)?))
    }),
    ("binary_shift_right", |_, arguments| {
        two(arguments, |value, count| Some(value >> places(count)?))
    }),
    ("binary_not", |_, arguments| {
        long(arguments, 0).map_or(Datum::Null, |value| Datum::Long(!value))
    }),
    ("bitset_count_ones", |_, arguments| {
        long(arguments, 0).map_or(Datum::Null, |value| Datum::Long(i64::from(value.count_ones())))
    }),
];

fn two(arguments: &[Datum<'_>], compute: impl Fn(i64, i64) -> Option<i64>) -> Datum<'static> {
    long(arguments, 0)
        .zip(long(arguments, 1))
        .and_then(|(left, right)| compute(left, right))
        .map_or(Datum::Null, Datum::Long)
}

/// Shifts count modulo 64; a negative count has no result.
fn places(count: i64) -> Option<u32> {
    u32::try_from(count.rem_euclid(64)).ok().filter(|_| count >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, l};

    #[test]
    fn bits_are_those_of_two_complements() {
        for (name, arguments, expected) in [
            ("binary_and", vec![12, 10], 8),
            ("binary_or", vec![5, 3], 7),
            ("binary_xor", vec![1, 2], 3),
            ("binary_not", vec![100], -101),
            ("binary_shift_left", vec![1, 2], 4),
            ("binary_shift_left", vec![1, 65], 2),
            ("binary_shift_right", vec![1, 2], 0),
            ("binary_shift_right", vec![-8, 1], -4),
            ("bitset_count_ones", vec![42], 3),
            ("bitset_count_ones", vec![-1], 64),
        ] {
            let values: Vec<Datum<'_>> = arguments.iter().copied().map(l).collect();
            assert_eq!(call(name, &values), l(expected), "{name} {arguments:?}");
        }
        assert_eq!(call("binary_shift_left", &[l(1), l(-1)]), Datum::Null);
        assert_eq!(call("binary_and", &[l(1), Datum::Null]), Datum::Null);
    }
}
