//! Choices without randomness: a hash of (seed, stream, index), the same on every machine.
//!
//! A value depends on its three coordinates only, never on what was drawn before, so that writers may
//! draw in any order, skip, or ask twice.

/// One stream of choices. Streams of one seed are independent of each other.
#[derive(Clone, Copy, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    pub fn new(seed: u64, stream: u64) -> Self {
        Self {
            state: mix(mix(seed) ^ stream),
        }
    }

    /// # Source
    /// The finaliser of SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
    /// generators", OOPSLA 2014.
    pub fn value(self, index: u64) -> u64 {
        mix(self.state.wrapping_add(index.wrapping_mul(GOLDEN_GAMMA)))
    }

    /// Evenly in `0..bound`, by the high half of the product; `bound` must not be 0.
    pub fn below(self, index: u64, bound: u64) -> u64 {
        debug_assert!(bound > 0);
        ((u128::from(self.value(index)) * u128::from(bound)) >> 64) as u64
    }

    /// True in `part` of `whole` cases.
    pub fn chance(self, index: u64, part: u64, whole: u64) -> bool {
        self.below(index, whole) < part
    }

    pub fn pick<T: Copy>(self, index: u64, from: &[T]) -> T {
        from[self.below(index, from.len() as u64) as usize]
    }

    /// A GUID in upper case, without braces, as SharpHound writes them.
    pub fn guid(self, index: u64) -> String {
        let (high, low) = (self.value(2 * index), self.value(2 * index + 1));
        format!(
            "{:08X}-{:04X}-4{:03X}-A{:03X}-{:012X}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFF,
            low >> 52,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(GOLDEN_GAMMA);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixer_gives_the_published_first_values_of_splitmix64() {
        // The reference generator started at 0 adds gamma before each mix.
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(GOLDEN_GAMMA), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn streams_differ_and_draws_stay_below_their_bound() {
        let (a, b) = (Dice::new(1, 1), Dice::new(1, 2));
        assert!((0..1000).all(|index| a.below(index, 7) < 7));
        assert!((0..64).any(|index| a.value(index) != b.value(index)));
        assert_eq!(a.value(9), Dice::new(1, 1).value(9));
    }

    #[test]
    fn a_guid_has_the_shape_of_one() {
        let guid = Dice::new(3, 3).guid(5);
        let lengths: Vec<usize> = guid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(
            guid.chars()
                .all(|it| it == '-' || it.is_ascii_digit() || it.is_ascii_uppercase())
        );
    }
}
