//! Encodings of text: base64, percent signs of addresses, Punycode, zlib and gzip.
//!
//! What cannot be decoded yields the empty text, or null where the result is no text.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder};

use crate::arguments::{array, text};
use crate::{Datum, Json, Kernel, punycode};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("base64_encode_tostring", |_, arguments| {
        of_text(arguments, |text| Some(STANDARD.encode(text)))
    }),
    ("base64_decode_tostring", |_, arguments| {
        of_text(arguments, |text| String::from_utf8(from_base64(text)?).ok())
    }),
    ("base64_encode_fromarray", |_, arguments| {
        Datum::string(bytes(arguments).map_or_else(String::new, |bytes| STANDARD.encode(bytes)))
    }),
    ("base64_decode_toarray", |_, arguments| {
        text(arguments, 0)
            .and_then(|text| from_base64(&text))
            .map_or(Datum::Null, |bytes| {
                Datum::dynamic(Json::Array(
                    bytes.into_iter().map(|byte| Json::Long(byte.into())).collect(),
                ))
            })
    }),
    ("base64_encode_fromguid", |_, arguments| match arguments.first() {
        Some(Datum::Guid(guid)) => Datum::string(STANDARD.encode(swap_guid(guid.to_be_bytes()))),
        _ => Datum::string(""),
    }),
    ("base64_decode_toguid", |_, arguments| {
        text(arguments, 0)
            .and_then(|text| <[u8; 16]>::try_from(from_base64(&text)?).ok())
            .map_or(Datum::Null, |bytes| Datum::Guid(u128::from_be_bytes(swap_guid(bytes))))
    }),
    ("url_encode", |_, arguments| {
        of_text(arguments, |text| Some(percent_encode(text, b"-_.!*()", "+")))
    }),
    ("url_encode_component", |_, arguments| {
        of_text(arguments, |text| Some(percent_encode(text, b"-_.~", "%20")))
    }),
    ("url_decode", |_, arguments| of_text(arguments, percent_decode)),
    ("punycode_from_string", |_, arguments| {
        of_text(arguments, punycode::encode)
    }),
    ("punycode_to_string", |_, arguments| {
        of_text(arguments, punycode::decode)
    }),
    ("punycode_domain_from_string", |_, arguments| {
        of_text(arguments, punycode::encode_domain)
    }),
    ("punycode_domain_to_string", |_, arguments| {
        of_text(arguments, punycode::decode_domain)
    }),
    ("zlib_compress_to_base64_string", |_, arguments| {
        of_text(arguments, |text| {
            compress(ZlibEncoder::new(text.as_bytes(), Compression::default()))
        })
    }),
    ("zlib_decompress_from_base64_string", |_, arguments| {
        of_text(arguments, |text| {
            decompress(ZlibDecoder::new(from_base64(text)?.as_slice()))
        })
    }),
    ("gzip_compress_to_base64_string", |_, arguments| {
        of_text(arguments, |text| {
            compress(GzEncoder::new(text.as_bytes(), Compression::default()))
        })
    }),
    ("gzip_decompress_from_base64_string", |_, arguments| {
        of_text(arguments, |text| {
            decompress(GzDecoder::new(from_base64(text)?.as_slice()))
        })
    }),
];

fn of_text(arguments: &[Datum<'_>], convert: impl Fn(&str) -> Option<String>) -> Datum<'static> {
    Datum::string(text(arguments, 0).and_then(|text| convert(&text)).unwrap_or_default())
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// An array of whole numbers from 0 to 255.
fn bytes(arguments: &[Datum<'_>]) -> Option<Vec<u8>> {
    array(arguments, 0)?
        .into_iter()
        .map(|item| match item {
            Json::Long(value) => u8::try_from(value).ok(),
            _ => None,
        })
        .collect()
}

/// Between the order of a guid's digits and that of its bytes, whose first three fields have the lowest byte first.
fn swap_guid(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[0..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    bytes
}

/// All bytes but letters, digits and `kept` as a percent sign and two lower-case digits.
fn percent_encode(text: &str, kept: &[u8], space: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            _ if byte.is_ascii_alphanumeric() || kept.contains(&byte) => encoded.push(char::from(byte)),
            _ => {
                encoded.push('%');
                for digit in [byte >> 4, byte & 15] {
                    encoded.extend(char::from_digit(digit.into(), 16));
                }
            }
        }
    }
    encoded
}

/// A percent sign that two digits do not follow stands for itself.
fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push((high * 16 + low) as u8);
                    rest = after;
                }
                _ => decoded.push(byte),
            },
            _ => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).ok()
}

/// Bytes of text that are unpacked at most; more counts as what cannot be decoded. A value of the language has no more.
pub const UNPACKED_BYTES_MAX: u64 = 1 << 20;

fn compress(mut packed: impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    packed.read_to_end(&mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}

fn decompress(unpacked: impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    unpacked.take(UNPACKED_BYTES_MAX + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > UNPACKED_BYTES_MAX {
        return None;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{call, j, s};

    #[test]
    fn encodings_are_those_of_the_documentation() {
        for (function, text, expected) in [
            ("base64_encode_tostring", "Kusto", "S3VzdG8="),
            ("base64_decode_tostring", "S3VzdG8=", "Kusto"),
            ("base64_decode_tostring", "U3RyaW5n0KHR0tGA0L7Rh9C60LA=", ""),
            ("base64_decode_tostring", "?", ""),
            (
                "url_encode",
                "https://www.bing.com/hello world",
                "https%3a%2f%2fwww.bing.com%2fhello+world",
            ),
            ("url_encode_component", "hello world/", "hello%20world%2f"),
            (
                "url_decode",
                "https%3a%2f%2Fwww.bing.com%2fhello+w%6frld%zz%",
                "https://www.bing.com/hello world%zz%",
            ),
            ("punycode_from_string", "académie-française", "acadmie-franaise-npb1a"),
            ("punycode_to_string", "acadmie-franaise-npb1a", "académie-française"),
            ("punycode_to_string", "é", ""),
            ("punycode_domain_from_string", "艺术.com", "xn--cqv902d.com"),
            ("punycode_domain_to_string", "xn--cqv902d.com", "艺术.com"),
            (
                "zlib_decompress_from_base64_string",
                "eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=",
                "Test string 123",
            ),
            ("zlib_decompress_from_base64_string", "x0x0x0", ""),
            ("gzip_decompress_from_base64_string", "S3VzdG8=", ""),
        ] {
            assert_eq!(call(function, &[s(text)]), s(expected), "{function} {text}");
        }
        assert_eq!(
            call("base64_decode_toarray", &[s("S3VzdG8=")]),
            j("[75,117,115,116,111]")
        );
        assert_eq!(call("base64_decode_toarray", &[s("?")]), Datum::Null);
        assert_eq!(
            call("base64_encode_fromarray", &[j("[75,117,115,116,111]")]),
            s("S3VzdG8=")
        );
        assert_eq!(call("base64_encode_fromarray", &[j("[256]")]), s(""));
    }

    #[test]
    fn a_guid_is_encoded_with_its_first_fields_reversed() {
        let guid = Datum::Guid(0xae31_33f2_6e22_49ae_b06a_16e6_a9b2_12eb);
        assert_eq!(
            call("base64_encode_fromguid", std::slice::from_ref(&guid)),
            s("8jMxriJurkmwahbmqbIS6w==")
        );
        assert_eq!(call("base64_decode_toguid", &[s("8jMxriJurkmwahbmqbIS6w==")]), guid);
        assert_eq!(call("base64_decode_toguid", &[s("S3VzdG8=")]), Datum::Null);
    }

    #[test]
    fn what_unpacks_to_too_much_is_not_unpacked() {
        let bomb = "a".repeat(UNPACKED_BYTES_MAX as usize + 1);
        let packed = call("gzip_compress_to_base64_string", &[s(&bomb)]);
        assert_eq!(call("gzip_decompress_from_base64_string", &[packed]), s(""));
    }

    proptest! {
        #[test]
        fn what_is_encoded_can_be_decoded(text: String) {
            for (encode, decode) in [
                ("base64_encode_tostring", "base64_decode_tostring"),
                ("url_encode", "url_decode"),
                ("url_encode_component", "url_decode"),
                ("punycode_from_string", "punycode_to_string"),
                ("zlib_compress_to_base64_string", "zlib_decompress_from_base64_string"),
                ("gzip_compress_to_base64_string", "gzip_decompress_from_base64_string"),
            ] {
                let encoded = call(encode, &[s(&text)]);
                prop_assert_eq!(call(decode, &[encoded]), s(&text), "{}", encode);
            }
        }

        #[test]
        fn any_text_can_be_tried(text: String) {
            for decode in [
                "base64_decode_tostring",
                "url_decode",
                "punycode_to_string",
                "punycode_domain_to_string",
                "zlib_decompress_from_base64_string",
                "gzip_decompress_from_base64_string",
            ] {
                prop_assert!(matches!(call(decode, &[s(&text)]), Datum::String(_)));
            }
        }
    }
}
