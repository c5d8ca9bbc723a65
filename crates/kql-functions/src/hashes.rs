//! Hashes: `hash` (which is xxHash64) and its kin, MD5, SHA-1, SHA-256, and identifiers made by chance.
//!
//! `hash` takes texts as UTF-8 and other values as the bytes of their number, lowest first. The language does not say
//! how `hash_many` and `hash_combine` join hashes; ours is xxHash64 over them, in order.

use std::borrow::Cow;

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;
use twox_hash::XxHash64;

use crate::arguments::long;
use crate::calendar::{self, TICKS};
use crate::{Datum, Kernel, convert};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("hash", |_, arguments| limited(arguments)),
    ("hash_many", |_, arguments| {
        let hashes: Option<Vec<i64>> = arguments.iter().map(hash).collect();
        hashes.map_or(Datum::Null, |hashes| Datum::Long(combine(&hashes)))
    }),
    ("hash_combine", |_, arguments| {
        let hashes: Option<Vec<i64>> = (0..arguments.len()).map(|index| long(arguments, index)).collect();
        hashes.map_or(Datum::Null, |hashes| Datum::Long(combine(&hashes)))
    }),
    ("hash_md5", |_, arguments| digest::<Md5>(arguments)),
    ("hash_sha1", |_, arguments| digest::<Sha1>(arguments)),
    ("hash_sha256", |_, arguments| digest::<Sha256>(arguments)),
    ("new_guid", |context, _| {
        let random = u128::from(context.random()) << 64 | u128::from(context.random());
        // Version 4 of RFC 9562, variant 10.
        let version = random & !(0xf << 76) | 4 << 76;
        Datum::Guid(version & !(0b11 << 62) | 0b10 << 62)
    }),
];

/// The hash, or its rest when divided by the second argument; never negative then.
fn limited(arguments: &[Datum<'_>]) -> Datum<'static> {
    let hash = arguments.first().and_then(hash);
    match (hash, arguments.len()) {
        (Some(hash), 1) => Datum::Long(hash),
        (Some(hash), _) => long(arguments, 1)
            .and_then(|limit| hash.checked_rem_euclid(limit))
            .map_or(Datum::Null, Datum::Long),
        (None, _) => Datum::Null,
    }
}

fn hash(value: &Datum<'_>) -> Option<i64> {
    let number;
    let bytes: Cow<'_, [u8]> = match value {
        Datum::Null => return None,
        Datum::Bool(value) => Cow::Owned(vec![u8::from(*value)]),
        Datum::Int(value) => Cow::Owned(value.to_le_bytes().to_vec()),
        Datum::Long(value) | Datum::TimeSpan(value) => {
            number = value.to_le_bytes();
            Cow::Borrowed(&number)
        }
        Datum::DateTime(value) => {
            // Ticks since year 1.
            number = ((value - calendar::FIRST) * TICKS).to_le_bytes();
            Cow::Borrowed(&number)
        }
        Datum::Real(value) => {
            number = value.to_bits().cast_signed().to_le_bytes();
            Cow::Borrowed(&number)
        }
        Datum::Decimal(value) => Cow::Owned(value.normalize().serialize().to_vec()),
        Datum::Guid(value) => Cow::Owned(value.to_le_bytes().to_vec()),
        Datum::String(text) => Cow::Borrowed(text.as_bytes()),
        Datum::Dynamic(value) => Cow::Owned(value.text().as_bytes().to_vec()),
    };
    Some(XxHash64::oneshot(0, &bytes).cast_signed())
}

fn combine(hashes: &[i64]) -> i64 {
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    XxHash64::oneshot(0, &bytes).cast_signed()
}

/// Of the text form of the value, as lower-case digits.
fn digest<D: Digest>(arguments: &[Datum<'_>]) -> Datum<'static> {
    let Some(value) = arguments.first() else {
        return Datum::string("");
    };
    let bytes = D::digest(convert::text(value).as_bytes());
    Datum::string(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;
    use crate::testing::{call, l, s, t};

    #[test]
    fn hashes_are_those_of_the_documentation() {
        assert_eq!(call("hash", &[s("World")]), l(1_846_988_464_401_551_951));
        assert_eq!(call("hash", &[s("World"), l(100)]), l(51));
        assert_eq!(call("hash", &[t("2015-01-01")]), l(1_380_966_698_541_616_202));
        assert_eq!(
            call("hash_sha1", &[s("World")]),
            s("70c07ec18ef89c5309bbb0937f3a6342411e1fdd")
        );
        assert_eq!(
            call("hash_sha1", &[t("2020-01-01")]),
            s("e903e533f4d636b4fc0dcf3cf81e7b7f330de776")
        );
        assert_eq!(call("hash_md5", &[s("World")]), s("f5a7924e621e84c9280a9a27e1bcb7f6"));
        assert_eq!(
            call("hash_sha256", &[s("World")]),
            s("78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524")
        );
        assert_eq!(call("hash", &[s("World"), l(0)]), Datum::Null);
    }

    #[test]
    fn many_values_hash_as_their_hashes_combine() {
        let [hello, world] = ["Hello", "World"].map(|text| call("hash", &[s(text)]));
        let many = call("hash_many", &[s("Hello"), s("World")]);
        assert_eq!(many, call("hash_combine", &[hello.clone(), world.clone()]));
        assert_ne!(many, call("hash_combine", &[world, hello]));
    }

    #[test]
    fn identifiers_do_not_repeat() {
        let context = Context::new(0);
        let kernel = crate::kernel("new_guid").expect("a kernel");
        let (first, second) = (kernel(&context, &[]), kernel(&context, &[]));
        assert_ne!(first, second);
        let Datum::Guid(guid) = first else { panic!("no guid") };
        assert_eq!((guid >> 76 & 0xf, guid >> 62 & 0b11), (4, 0b10));
    }
}
