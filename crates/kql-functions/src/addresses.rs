//! Internet addresses: parsing, comparing under a mask, ranges, and finding addresses in text.
//!
//! A text may carry a prefix length (`10.1.2.3/8`); it then stands for the network. The version 6 functions take
//! version 4 addresses as well, as the part `::ffff:0:0/96` of their space. What is not an address yields null, or the
//! empty text where the result is a text.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::arguments::{array, long, text};
use crate::{Datum, Json, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("parse_ipv4", |_, arguments| {
        V4::read(arguments, 0).map_or(Datum::Null, |network| Datum::Long(i64::from(network.first())))
    }),
    ("parse_ipv4_mask", |_, arguments| {
        V4::read(arguments, 0)
            .zip(prefix(arguments, 1, 32))
            .map_or(Datum::Null, |(network, prefix)| {
                Datum::Long(i64::from(network.within(prefix).first()))
            })
    }),
    ("format_ipv4", |_, arguments| formatted(arguments, false)),
    ("format_ipv4_mask", |_, arguments| formatted(arguments, true)),
    ("ipv4_netmask_suffix", |_, arguments| {
        V4::read(arguments, 0).map_or(Datum::Null, |network| Datum::Long(i64::from(network.prefix)))
    }),
    ("ipv4_compare", |_, arguments| {
        compared_v4(arguments).map_or(Datum::Null, |(left, right)| Datum::Long(left.cmp(&right) as i64))
    }),
    ("ipv4_is_match", |_, arguments| {
        compared_v4(arguments).map_or(Datum::Null, |(left, right)| Datum::Bool(left == right))
    }),
    ("ipv4_is_in_range", |_, arguments| {
        V4::read(arguments, 0)
            .zip(V4::read(arguments, 1))
            .map_or(Datum::Null, |(address, range)| Datum::Bool(range.holds(address)))
    }),
    ("ipv4_is_in_any_range", |_, arguments| {
        in_any_range(arguments, V4::parse, |range, address| range.holds(address))
    }),
    ("ipv4_is_private", |_, arguments| {
        V4::read(arguments, 0).map_or(Datum::Null, |network| {
            Datum::Bool(
                PRIVATE
                    .iter()
                    .any(|range| range.prefix <= network.prefix && range.holds(network)),
            )
        })
    }),
    ("ipv4_range_to_cidr_list", |_, arguments| {
        V4::read(arguments, 0)
            .zip(V4::read(arguments, 1))
            .map_or(Datum::Null, |(from, to)| cover(from.address, to.address))
    }),
    ("parse_ipv6", |_, arguments| {
        Datum::string(V6::read(arguments, 0).map_or_else(String::new, |network| network.canonical()))
    }),
    ("parse_ipv6_mask", |_, arguments| {
        let network = V6::read(arguments, 0).zip(prefix(arguments, 1, 128));
        Datum::string(network.map_or_else(String::new, |(network, prefix)| network.within(prefix).canonical()))
    }),
    ("ipv6_compare", |_, arguments| {
        compared_v6(arguments).map_or(Datum::Null, |(left, right)| Datum::Long(left.cmp(&right) as i64))
    }),
    ("ipv6_is_match", |_, arguments| {
        compared_v6(arguments).map_or(Datum::Null, |(left, right)| Datum::Bool(left == right))
    }),
    ("ipv6_is_in_range", |_, arguments| {
        V6::read(arguments, 0)
            .zip(V6::read(arguments, 1))
            .map_or(Datum::Null, |(address, range)| Datum::Bool(range.holds(address)))
    }),
    ("ipv6_is_in_any_range", |_, arguments| {
        in_any_range(arguments, V6::parse, |range, address| range.holds(address))
    }),
    ("has_ipv4", |_, arguments| has_any(arguments, is_whole)),
    ("has_any_ipv4", |_, arguments| has_any(arguments, is_whole)),
    ("has_ipv4_prefix", |_, arguments| has_any(arguments, is_start)),
    ("has_any_ipv4_prefix", |_, arguments| has_any(arguments, is_start)),
];

/// The networks of RFC 1918.
const PRIVATE: [V4; 3] = [
    V4 {
        address: 10 << 24,
        prefix: 8,
    },
    V4 {
        address: (172 << 24) | (16 << 16),
        prefix: 12,
    },
    V4 {
        address: (192 << 24) | (168 << 16),
        prefix: 16,
    },
];

/// An address of version 4 and how many of its bits count.
#[derive(Clone, Copy)]
struct V4 {
    address: u32,
    prefix: u32,
}

impl V4 {
    fn read(arguments: &[Datum<'_>], index: usize) -> Option<Self> {
        Self::parse(&text(arguments, index)?)
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = split(text, 32)?;
        let address: Ipv4Addr = address.parse().ok()?;
        Some(Self {
            address: address.into(),
            prefix: prefix.unwrap_or(32),
        })
    }

    fn within(self, prefix: u32) -> Self {
        Self {
            prefix: self.prefix.min(prefix),
            ..self
        }
    }

    /// The first address of the network.
    fn first(self) -> u32 {
        self.address & mask_v4(self.prefix)
    }

    fn holds(self, other: Self) -> bool {
        other.first() & mask_v4(self.prefix) == self.first()
    }
}

/// An address of version 6 and how many of its bits count.
#[derive(Clone, Copy)]
struct V6 {
    address: u128,
    prefix: u32,
}

/// Bits before a version 4 address in version 6.
const MAPPED_BITS: u32 = 96;

impl V6 {
    fn read(arguments: &[Datum<'_>], index: usize) -> Option<Self> {
        Self::parse(&text(arguments, index)?)
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(network) = V4::parse(text) {
            return Some(Self::mapped(network.address, network.prefix));
        }
        let (address, prefix) = split(text, 128)?;
        let parsed: Ipv6Addr = address.parse().ok()?;
        // `::10.1.2.3` and `::ffff:10.1.2.3` mean the version 4 address, and so does their prefix.
        if address.contains('.') && u128::from(parsed) >> 32 & !0xffff == 0 {
            let prefix = prefix.unwrap_or(32);
            let prefix = if prefix > 32 {
                prefix.saturating_sub(MAPPED_BITS)
            } else {
                prefix
            };
            return Some(Self::mapped(u128::from(parsed) as u32, prefix));
        }
        Some(Self {
            address: parsed.into(),
            prefix: prefix.unwrap_or(128),
        })
    }

    fn mapped(address: u32, prefix: u32) -> Self {
        Self {
            address: Ipv4Addr::from(address).to_ipv6_mapped().into(),
            prefix: prefix + MAPPED_BITS,
        }
    }

    fn within(self, prefix: u32) -> Self {
        Self {
            prefix: self.prefix.min(prefix),
            ..self
        }
    }

    fn first(self) -> u128 {
        self.address & mask_v6(self.prefix)
    }

    fn holds(self, other: Self) -> bool {
        other.first() & mask_v6(self.prefix) == self.first()
    }

    /// Eight groups of four digits.
    fn canonical(self) -> String {
        let groups = Ipv6Addr::from(self.first()).segments();
        let groups: Vec<String> = groups.iter().map(|group| format!("{group:04x}")).collect();
        groups.join(":")
    }
}

fn mask_v4(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0)
}

fn mask_v6(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0)
}

/// An address and the length of its prefix, if it has one.
fn split(text: &str, bits: u32) -> Option<(&str, Option<u32>)> {
    match text.trim().split_once('/') {
        None => Some((text.trim(), None)),
        Some((address, prefix)) => {
            let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
            let prefix = prefix.parse().ok().filter(|prefix| is_number && *prefix <= bits)?;
            Some((address, Some(prefix)))
        }
    }
}

/// The length of a prefix in an argument that may be left out.
fn prefix(arguments: &[Datum<'_>], index: usize, bits: u32) -> Option<u32> {
    match arguments.get(index) {
        None => Some(bits),
        Some(_) => u32::try_from(long(arguments, index)?)
            .ok()
            .filter(|prefix| *prefix <= bits),
    }
}

/// The first addresses of two networks under the shortest of the prefixes.
fn compared_v4(arguments: &[Datum<'_>]) -> Option<(u32, u32)> {
    let (left, right) = (V4::read(arguments, 0)?, V4::read(arguments, 1)?);
    let prefix = prefix(arguments, 2, 32)?.min(left.prefix).min(right.prefix);
    Some((left.within(prefix).first(), right.within(prefix).first()))
}

fn compared_v6(arguments: &[Datum<'_>]) -> Option<(u128, u128)> {
    let (left, right) = (V6::read(arguments, 0)?, V6::read(arguments, 1)?);
    let prefix = prefix(arguments, 2, 128)?.min(left.prefix).min(right.prefix);
    Some((left.within(prefix).first(), right.within(prefix).first()))
}

/// The texts of all arguments from the second on; of an array its elements.
fn texts<'a>(arguments: &'a [Datum<'_>]) -> Vec<Cow<'a, str>> {
    let mut texts = Vec::new();
    for index in 1..arguments.len() {
        match array(arguments, index) {
            Some(items) => texts.extend(items.into_iter().filter_map(|item| match item {
                Json::String(text) => Some(Cow::Owned(text)),
                _ => None,
            })),
            None => texts.extend(text(arguments, index)),
        }
    }
    texts
}

/// Null where the address is none, or where no range holds it and one is none.
fn in_any_range<N: Copy>(
    arguments: &[Datum<'_>],
    parse: impl Fn(&str) -> Option<N>,
    holds: impl Fn(N, N) -> bool,
) -> Datum<'static> {
    let Some(address) = text(arguments, 0).and_then(|text| parse(&text)) else {
        return Datum::Null;
    };
    let mut is_unknown = false;
    for range in texts(arguments) {
        match parse(&range) {
            Some(range) if holds(range, address) => return Datum::Bool(true),
            Some(_) => {}
            None => is_unknown = true,
        }
    }
    if is_unknown { Datum::Null } else { Datum::Bool(false) }
}

/// The address may be a text or the number that it is.
fn formatted(arguments: &[Datum<'_>], with_prefix: bool) -> Datum<'static> {
    let network = match arguments.first() {
        Some(Datum::String(_) | Datum::Dynamic(_)) => V4::read(arguments, 0),
        _ => long(arguments, 0)
            .and_then(|number| u32::try_from(number).ok())
            .map(|address| V4 { address, prefix: 32 }),
    };
    let Some((network, prefix)) = network.zip(prefix(arguments, 1, 32)) else {
        return Datum::string("");
    };
    let network = network.within(prefix);
    let address = Ipv4Addr::from(network.first());
    Datum::string(if with_prefix {
        format!("{address}/{}", network.prefix)
    } else {
        address.to_string()
    })
}

/// The fewest networks that hold exactly the addresses from one to another. Null where the end comes first.
fn cover(from: u32, to: u32) -> Datum<'static> {
    if from > to {
        return Datum::Null;
    }
    let mut networks = Vec::new();
    let (mut next, end) = (u64::from(from), u64::from(to) + 1);
    while next < end {
        let aligned = if next == 0 { 32 } else { next.trailing_zeros().min(32) };
        let bits = aligned.min((end - next).ilog2());
        networks.push(Json::String(format!("{}/{}", Ipv4Addr::from(next as u32), 32 - bits)));
        next += 1 << bits;
    }
    Datum::dynamic(Json::Array(networks))
}

/// Whether one of the wanted addresses, or starts of addresses, stands in the text.
fn has_any(arguments: &[Datum<'_>], matches: impl Fn(&str, &str) -> bool) -> Datum<'static> {
    let Some(source) = text(arguments, 0) else {
        return Datum::Bool(false);
    };
    let wanted = texts(arguments);
    Datum::Bool(addresses(&source).any(|address| wanted.iter().any(|wanted| matches(address, wanted))))
}

fn is_whole(address: &str, wanted: &str) -> bool {
    wanted.parse::<Ipv4Addr>().is_ok() && address == wanted
}

/// A start of an address ends with a point, or is a whole one.
fn is_start(address: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('.') {
        None => is_whole(address, wanted),
        Some(parts) => {
            let is_valid = parts.split('.').count() <= 3
                && parts
                    .split('.')
                    .all(|part| part.parse::<u8>().is_ok_and(|octet| octet.to_string() == part));
            is_valid && address.starts_with(wanted)
        }
    }
}

/// The addresses of version 4 in a text. Letters and digits on either side of them are not allowed, nor are further
/// numbers with points.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '.')
        .map(|run| run.trim_matches('.'))
        .filter(|run| run.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{call, j, l, s};

    #[test]
    fn an_address_with_a_prefix_is_its_network() {
        for (text, number) in [
            ("192.168.1.1", 3_232_235_777),
            ("192.168.1.1/24", 3_232_235_776),
            ("255.255.255.255/31", 4_294_967_294),
            ("10.0.0.1/0", 0),
        ] {
            assert_eq!(call("parse_ipv4", &[s(text)]), l(number), "{text}");
        }
        for text in ["", "1.2.3", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/+8", "::1"] {
            assert_eq!(call("parse_ipv4", &[s(text)]), Datum::Null, "{text}");
        }
        assert_eq!(call("parse_ipv4_mask", &[s("127.0.0.1"), l(24)]), l(2_130_706_432));
        assert_eq!(call("parse_ipv4_mask", &[s("192.1.168.2/24"), l(31)]), l(3_221_334_016));
        assert_eq!(call("ipv4_netmask_suffix", &[s("10.1.2.3/24")]), l(24));
        assert_eq!(call("ipv4_netmask_suffix", &[s("10.1.2.3")]), l(32));
    }

    #[test]
    fn addresses_are_written_with_and_without_their_prefix() {
        for (address, prefix, plain, with_prefix) in [
            (s("192.168.1.1"), 24, "192.168.1.0", "192.168.1.0/24"),
            (s("192.168.1.1"), 32, "192.168.1.1", "192.168.1.1/32"),
            (s("192.168.1.1/24"), 32, "192.168.1.0", "192.168.1.0/24"),
            (l(3_232_235_777), 24, "192.168.1.0", "192.168.1.0/24"),
            (s("192.168.1.1/24"), -1, "", ""),
            (l(-1), 32, "", ""),
        ] {
            assert_eq!(call("format_ipv4", &[address.clone(), l(prefix)]), s(plain));
            assert_eq!(call("format_ipv4_mask", &[address, l(prefix)]), s(with_prefix));
        }
    }

    #[test]
    fn the_shortest_prefix_decides_a_comparison() {
        for (left, right, prefix, order) in [
            ("192.168.1.0", "192.168.1.0", 32, 0),
            ("192.168.1.1/24", "192.168.1.255", 32, 0),
            ("192.168.1.1/30", "192.168.1.255/24", 32, 0),
            ("192.168.1.1", "192.168.1.0", 31, 0),
            ("192.168.1.1", "192.168.1.0", 32, 1),
            ("10.0.0.0", "192.168.1.0", 32, -1),
        ] {
            let arguments = [s(left), s(right), l(prefix)];
            assert_eq!(call("ipv4_compare", &arguments), l(order), "{left} {right} {prefix}");
            assert_eq!(call("ipv4_is_match", &arguments), Datum::Bool(order == 0));
            let wide = [s(left), s(right), l(prefix + 96)];
            assert_eq!(call("ipv6_compare", &wide), l(order), "{left} {right} {prefix}");
        }
        assert_eq!(call("ipv4_compare", &[s("10.0.0.0"), s("x")]), Datum::Null);
        for (left, right, is_match) in [
            ("fe80::85d:e82c:9446:7994", "fe80::85d:e82c:9446:7998/120", true),
            ("fe80::85d:e82c:9446:7994", "fe80::85d:e82c:9446:7998", false),
            ("192.168.1.1", "::ffff:c0a8:0101", true),
            ("192.168.1.1/24", "::ffff:c0a8:01ff", true),
            ("::192.168.1.1/30", "192.168.1.255/24", true),
        ] {
            assert_eq!(
                call("ipv6_is_match", &[s(left), s(right)]),
                Datum::Bool(is_match),
                "{left} {right}"
            );
        }
    }

    #[test]
    fn version_6_is_written_in_full() {
        for (text, prefix, expected) in [
            ("192.168.255.255", 120, "0000:0000:0000:0000:0000:ffff:c0a8:ff00"),
            ("192.168.255.255/24", 124, "0000:0000:0000:0000:0000:ffff:c0a8:ff00"),
            (
                "fe80::85d:e82c:9446:7994/120",
                124,
                "fe80:0000:0000:0000:085d:e82c:9446:7900",
            ),
            ("::192.168.255.255", 128, "0000:0000:0000:0000:0000:ffff:c0a8:ffff"),
            ("::192.168.255.255/24", 128, "0000:0000:0000:0000:0000:ffff:c0a8:ff00"),
            ("not an address", 128, ""),
        ] {
            assert_eq!(call("parse_ipv6_mask", &[s(text), l(prefix)]), s(expected), "{text}");
        }
        assert_eq!(
            call("parse_ipv6", &[s("::")]),
            s("0000:0000:0000:0000:0000:0000:0000:0000")
        );
    }

    #[test]
    fn ranges_hold_what_their_prefix_says() {
        let local = || j(r#"["192.168.1.1/16","127.0.0.1/8","10.0.0.1/8"]"#);
        for (address, is_local) in [("10.1.2.3", true), ("192.168.1.5", true), ("123.1.11.21", false)] {
            assert_eq!(
                call("ipv4_is_in_any_range", &[s(address), local()]),
                Datum::Bool(is_local),
                "{address}"
            );
        }
        let listed = [s("192.168.1.6"), s("192.168.1.1/24"), s("10.0.0.1/8")];
        assert_eq!(call("ipv4_is_in_any_range", &listed), Datum::Bool(true));
        assert_eq!(call("ipv4_is_in_any_range", &[s("1.1.1.1"), s("?")]), Datum::Null);
        assert_eq!(call("ipv4_is_in_any_range", &[s("?"), local()]), Datum::Null);
        let range = "a5e:f127:8a9d:146d:e102:b5d3:c755:0000/112";
        let address = "a5e:f127:8a9d:146d:e102:b5d3:c755:abcd";
        assert_eq!(call("ipv6_is_in_range", &[s(address), s(range)]), Datum::Bool(true));
        assert_eq!(
            call("ipv6_is_in_range", &[s(address), s("0:0:0:0:0:ffff:c0a8:ac/60")]),
            Datum::Bool(false)
        );
        for (address, is_private) in [
            ("10.1.2.3", true),
            ("192.168.1.1/24", true),
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("127.0.0.1", false),
            ("10.0.0.0/7", false),
        ] {
            assert_eq!(
                call("ipv4_is_private", &[s(address)]),
                Datum::Bool(is_private),
                "{address}"
            );
        }
    }

    #[test]
    fn addresses_in_text_must_stand_alone() {
        let text = "05:04:54 127.0.0.1 GET /favicon.ico 404";
        for (function, text, wanted, is_found) in [
            ("has_ipv4", text, "127.0.0.1", true),
            ("has_ipv4", "05:04:54127.0.0.1 GET", "127.0.0.1", false),
            ("has_ipv4", "05:04:54 127.0.0.256 GET", "127.0.0.256", false),
            (
                "has_ipv4",
                "from: 192.168.1.1, 10.1.1.115 and 10.1.1.201.",
                "10.1.1.201",
                true,
            ),
            ("has_ipv4", "version 1.127.0.0.1", "127.0.0.1", false),
            ("has_ipv4_prefix", text, "127.0.", true),
            ("has_ipv4_prefix", text, "127.0", false),
            ("has_ipv4_prefix", text, "127.0.0.1", true),
            ("has_ipv4_prefix", text, "12.", false),
            ("has_ipv4_prefix", "05:04:54 127.0.0.256 GET", "127.0.", false),
        ] {
            assert_eq!(
                call(function, &[s(text), s(wanted)]),
                Datum::Bool(is_found),
                "{function} {text} {wanted}"
            );
        }
        assert_eq!(
            call("has_any_ipv4", &[s(text), j(r#"["1.1.1.1","127.0.0.1"]"#)]),
            Datum::Bool(true)
        );
        assert_eq!(
            call("has_any_ipv4_prefix", &[s(text), s("1.1."), s("192.")]),
            Datum::Bool(false)
        );
    }

    #[test]
    fn a_range_is_covered_by_few_networks() {
        let cover = |from, to| call("ipv4_range_to_cidr_list", &[s(from), s(to)]);
        assert_eq!(
            cover("1.1.128.0", "1.1.140.255"),
            j(r#"["1.1.128.0/21","1.1.136.0/22","1.1.140.0/24"]"#)
        );
        assert_eq!(cover("0.0.0.0", "255.255.255.255"), j(r#"["0.0.0.0/0"]"#));
        assert_eq!(cover("10.0.0.1", "10.0.0.0"), Datum::Null);
    }

    proptest! {
        #[test]
        fn the_networks_of_a_range_follow_one_another(a: u32, b: u32) {
            let (from, to) = (a.min(b), a.max(b));
            let (Datum::Dynamic(list), mut next) = (cover(from, to), u64::from(from)) else { panic!("no list") };
            let Json::Array(networks) = list.into_tree() else { panic!("no array") };
            for network in networks {
                let Json::String(text) = network else { panic!("no text") };
                let network = V4::parse(&text).expect("a network");
                prop_assert_eq!(u64::from(network.first()), next, "{}", text);
                prop_assert_eq!(network.first(), network.address);
                next += 1 << (32 - network.prefix);
            }
            prop_assert_eq!(next, u64::from(to) + 1);
        }

        #[test]
        fn a_network_holds_its_addresses_and_no_neighbour(address: u32, prefix in 1..=32_u32) {
            let network = V4 { address, prefix };
            let alone = |address| V4 { address, prefix: 32 };
            prop_assert!(network.holds(alone(address)));
            prop_assert!(network.holds(alone(network.first() | !mask_v4(prefix))));
            prop_assert!(!network.holds(alone(address ^ (1 << (32 - prefix)))));
            let text = format!("{}/{prefix}", Ipv4Addr::from(address));
            let first = i64::from(network.first());
            prop_assert_eq!(call("parse_ipv4", &[s(&text)]), l(first));
            let written = Ipv4Addr::from(network.first()).to_string();
            prop_assert_eq!(call("format_ipv4", &[l(first)]), s(&written));
        }
    }
}
