//! Feeds damaged files to one format, or damaged queries to the hunting language, and checks what they promise.
//!
//! libFuzzer owns `main`, changes the inputs and keeps those that reach code that none before has reached.
//! [`FAMILY`] in the environment names the format, or [`ANY`] for recognising and reading as an import does, or a part
//! of the language (`kql`).
//! `cargo xtask fuzz` builds and runs this; docs/fuzzing.md says how.

#![no_main]

#[path = "../../crates/ingest/tests/it/contract.rs"]
#[allow(dead_code, reason = "the tests of postern-ingest use all of it")]
mod contract;
mod kql;
#[path = "../../crates/ingest/tests/it/mutate.rs"]
#[allow(dead_code, reason = "the tests of postern-ingest use all of it")]
mod mutate;

use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use postern_ingest::{FORMATS, Format};

use self::mutate::Random;

/// The variable that names what is fuzzed.
const FAMILY: &str = "POSTERN_FUZZ";

/// Every format, by way of recognising it.
const ANY: &str = "any";

/// One input of so many is read twice, to see whether the same comes out.
const TWICE_EVERY: u64 = 8;

enum Target {
    Any,
    Format(&'static Format),
    Language(kql::Part),
}

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let family = std::env::var(FAMILY).unwrap_or_default();
    if let Some(part) = kql::Part::of_family(&family) {
        return Target::Language(part);
    }
    let found = FORMATS.iter().find(|it| it.id == family).copied();
    let ids: Vec<_> = FORMATS.iter().map(|it| it.id).collect();
    assert!(
        found.is_some() || family == ANY,
        "{FAMILY}={family:?}: name one of {ids:?}, {ANY:?}, \"kql_parse\" or \"kql_bind\""
    );
    found.map_or(Target::Any, Target::Format)
});

fuzz_target!(init: { LazyLock::force(&TARGET); }, |bytes: &[u8]| {
    let format = match *TARGET {
        Target::Any => {
            contract::read_any(bytes);
            return;
        }
        Target::Language(part) => {
            part.check(bytes);
            return;
        }
        Target::Format(format) => format,
    };
    let outcome = contract::read(format, bytes);
    let sum = bytes.iter().fold(0, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    if sum % TWICE_EVERY == 0 {
        contract::read_again(format, bytes, &outcome);
    }
});

// Half of the changes are libFuzzer's own, of bytes; the others know what a value, an element or a
// word of a query is.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random(u64::from(seed));
    if random.below(2) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let changed = match *TARGET {
        Target::Language(_) => kql::mutate(&data[..size], max_size, &mut random),
        _ => mutate::mutate(&data[..size], max_size, &mut random),
    };
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
});
