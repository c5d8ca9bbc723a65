//! What a network segment contains and what a route between segments lets through.
//!
//! Start at [`Cidr::parse`] for an address range and at [`PortSet::parse`] for the ports of a route. Both
//! have one canonical text (`Display`, [`PortSet::specs`]), which reads back to the same value.
//!
//! **Invariant:** what cannot be read is an error and never an empty or a full set: a typing mistake in a
//! network map neither opens nor closes a door.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A text that is no address range or no port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    #[error("{text:?} is no address range; write 10.1.0.0/16, 10.1.2.3 or fd00::/8")]
    Cidr { text: String },
    #[error("{text:?} has bits set behind its prefix; write {network}")]
    HostBits { text: String, network: Cidr },
    #[error("{text:?} names no ports; write tcp/445, tcp/1-1024, udp/any or any")]
    Ports { text: String },
}

/// An address range: all addresses that begin with the first `prefix` bits of `network`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Reads `10.1.0.0/16`, `fd00::/8`, or a lone address, which is a range of one.
    ///
    /// # Errors
    /// [`NetworkError::Cidr`], and [`NetworkError::HostBits`] for `10.1.2.3/16`: nobody can tell whether the
    /// address or the prefix is the mistake.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let unreadable = || NetworkError::Cidr { text: text.to_owned() };
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| unreadable())?;
        if address != address.to_canonical() {
            // A range of `::ffff:` addresses would never match: `contains` sees IPv4 addresses there.
            return Err(unreadable());
        }
        let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_digit()) => {
                prefix.parse().map_err(|_| unreadable())?
            }
            Some(_) => return Err(unreadable()),
            None => bits,
        };
        if prefix > bits {
            return Err(unreadable());
        }
        let network = Self {
            network: mask(address, prefix),
            prefix,
        };
        if network.network != address {
            return Err(NetworkError::HostBits {
                text: text.to_owned(),
                network,
            });
        }
        Ok(network)
    }

    /// Whether an address lies in the range. An IPv4 address written as IPv6 (`::ffff:10.1.2.3`) counts as
    /// the IPv4 address that it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.network.is_ipv4() && mask(address, self.prefix) == self.network
    }

    /// Length of the prefix in bits. Of two ranges with the same address, the longer prefix says more.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }
}

/// Clears all bits behind the first `prefix` ones.
fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl FromStr for Cidr {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A transport protocol, the kind that has ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Transport {
    Tcp,
    Udp,
}

impl Transport {
    const ALL: [Self; 2] = [Self::Tcp, Self::Udp];

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| text.eq_ignore_ascii_case(it.as_str()))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

const FIRST_PORT: u16 = 1;
const LAST_PORT: u16 = u16::MAX;

/// A set of ports, each of a protocol. Empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSet {
    /// All traffic, also of protocols that have no ports.
    is_any: bool,
    /// First and last port of ranges that are sorted and neither touch nor overlap.
    ranges: BTreeMap<Transport, Vec<(u16, u16)>>,
}

impl PortSet {
    /// Reads the union of port texts: `tcp/445` or `445/tcp`, `tcp/1-1024`, `udp/any`, `any`; without a protocol, `445`
    /// is that port of both. No text is the empty set.
    ///
    /// # Errors
    /// [`NetworkError::Ports`] with the first text that cannot be read: an unknown protocol, port 0, a range
    /// that runs backwards.
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self, NetworkError> {
        let mut set = Self::default();
        for text in texts {
            let text = text.as_ref();
            set.add(text.trim())
                .ok_or_else(|| NetworkError::Ports { text: text.to_owned() })?;
        }
        for ranges in set.ranges.values_mut() {
            *ranges = merge(std::mem::take(ranges));
        }
        Ok(set)
    }

    fn add(&mut self, text: &str) -> Option<()> {
        if text.eq_ignore_ascii_case("any") {
            self.is_any = true;
            return Some(());
        }
        let (protocols, ports) = match text.split_once('/') {
            None => (Transport::ALL.to_vec(), text),
            Some((before, after)) => match (Transport::parse(before), Transport::parse(after)) {
                (Some(protocol), _) => (vec![protocol], after),
                (None, Some(protocol)) => (vec![protocol], before),
                (None, None) => return None,
            },
        };
        let (first, last) = if ports.eq_ignore_ascii_case("any") {
            (FIRST_PORT, LAST_PORT)
        } else if let Some((first, last)) = ports.split_once('-') {
            (parse_port(first)?, parse_port(last)?)
        } else {
            (parse_port(ports)?, parse_port(ports)?)
        };
        if first > last {
            return None;
        }
        for protocol in protocols {
            self.ranges.entry(protocol).or_default().push((first, last));
        }
        Some(())
    }

    /// Whether the set holds a port of a protocol (`tcp`, `udp`, in any letter case).
    pub fn allows(&self, protocol: &str, port: u16) -> bool {
        self.is_any
            || Transport::parse(protocol)
                .and_then(|protocol| self.ranges.get(&protocol))
                .is_some_and(|ranges| ranges.iter().any(|&(first, last)| (first..=last).contains(&port)))
    }

    pub fn is_empty(&self) -> bool {
        !self.is_any && self.ranges.is_empty()
    }

    /// The canonical texts of the set, sorted by protocol, then port; equal sets have equal texts.
    pub fn specs(&self) -> Vec<String> {
        if self.is_any {
            return vec!["any".to_owned()];
        }
        let mut specs = Vec::new();
        for (protocol, ranges) in &self.ranges {
            let protocol = protocol.as_str();
            specs.extend(ranges.iter().map(|&range| match range {
                (FIRST_PORT, LAST_PORT) => format!("{protocol}/any"),
                (first, last) if first == last => format!("{protocol}/{first}"),
                (first, last) => format!("{protocol}/{first}-{last}"),
            }));
        }
        specs
    }
}

/// A port above 0, written in digits alone (`u16` would also take `+80`).
fn parse_port(text: &str) -> Option<u16> {
    let port = text.parse().ok()?;
    (port >= FIRST_PORT && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(port)
}

/// Sorts ranges and joins those that touch or overlap.
fn merge(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn contains(range: &str, address: &str) -> bool {
        Cidr::parse(range).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_contains_its_first_and_last_address_and_not_their_neighbours() {
        assert!(contains("10.1.0.0/16", "10.1.0.0"));
        assert!(contains("10.1.0.0/16", "10.1.255.255"));
        assert!(!contains("10.1.0.0/16", "10.0.255.255"));
        assert!(!contains("10.1.0.0/16", "10.2.0.0"));
        assert!(contains("fd00::/8", "fdff::1"));
        assert!(!contains("fd00::/8", "fe00::"));
    }

    #[test]
    fn a_prefix_of_zero_contains_every_address_of_its_family_only() {
        assert!(contains("0.0.0.0/0", "255.255.255.255"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("::/0", "ffff::"));
        assert!(!contains("::/0", "10.0.0.1"));
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_the_ipv4_address() {
        assert!(contains("10.1.0.0/16", "::ffff:10.1.2.3"));
    }

    #[test]
    fn a_lone_address_is_a_range_of_one() {
        assert_eq!(Cidr::parse("10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(Cidr::parse("::1").unwrap().prefix(), 128);
    }

    #[test]
    fn a_range_that_cannot_be_meant_is_refused() {
        for text in [
            "",
            "10.1.0.0/33",
            "10.1.0.0/",
            "10.1.0.0/+8",
            "10.1/16",
            "fd00::/129",
            "::ffff:10.0.0.0/104",
            "any",
        ] {
            let expected = NetworkError::Cidr { text: text.to_owned() };
            assert_eq!(Cidr::parse(text), Err(expected), "{text}");
        }
        assert_eq!(
            Cidr::parse("10.1.2.3/16").unwrap_err().to_string(),
            r#""10.1.2.3/16" has bits set behind its prefix; write 10.1.0.0/16"#
        );
    }

    #[test]
    fn a_port_set_holds_the_ports_it_names_and_no_other() {
        let set = PortSet::parse(&["tcp/445", "TCP/1-3", "udp/any"]).unwrap();
        for (protocol, port, expected) in [
            ("tcp", 445, true),
            ("tcp", 444, false),
            ("Tcp", 3, true),
            ("tcp", 4, false),
            ("udp", 65_535, true),
            ("icmp", 1, false),
        ] {
            assert_eq!(set.allows(protocol, port), expected, "{protocol}/{port}");
        }
        assert!(PortSet::parse(&["any"]).unwrap().allows("icmp", 0));
        assert!(PortSet::parse::<&str>(&[]).unwrap().is_empty());
    }

    #[test]
    fn ranges_that_touch_or_overlap_are_written_as_one() {
        let set = PortSet::parse(&["tcp/20-25", "tcp/10-19", "tcp/22-30", "tcp/32", "udp/1-65535"]).unwrap();
        assert_eq!(set.specs(), ["tcp/10-30", "tcp/32", "udp/any"]);
        assert_eq!(PortSet::parse(&["tcp/80", "any"]).unwrap().specs(), ["any"]);
    }

    #[test]
    fn a_port_is_understood_on_either_side_of_its_protocol_and_without_one() {
        assert_eq!(PortSet::parse(&["445/TCP"]).unwrap().specs(), ["tcp/445"]);
        assert_eq!(PortSet::parse(&["53"]).unwrap().specs(), ["tcp/53", "udp/53"]);
        assert_eq!(
            PortSet::parse(&["8000-8080"]).unwrap().specs(),
            ["tcp/8000-8080", "udp/8000-8080"]
        );
    }

    #[test]
    fn a_port_that_cannot_be_meant_is_refused() {
        for text in [
            "",
            "0",
            "tcp",
            "tcp/",
            "tcp/0",
            "tcp/65536",
            "tcp/9-1",
            "tcp/+80",
            "icmp/8",
            "tcp/1-2-3",
        ] {
            let expected = NetworkError::Ports { text: text.to_owned() };
            assert_eq!(PortSet::parse(&["tcp/1", text]), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_port_set_reads_back_from_its_texts(
            ranges in proptest::collection::vec((any::<bool>(), 1u16.., 0u16..200), 0..8),
            port in 1u16..,
        ) {
            let ranges: Vec<_> = ranges.into_iter().map(|(tcp, first, size)| {
                (if tcp { "tcp" } else { "udp" }, first, first.saturating_add(size))
            }).collect();
            let text = |it: &(&str, u16, u16)| format!("{}/{}-{}", it.0, it.1, it.2);
            let texts: Vec<_> = ranges.iter().map(text).collect();
            let set = PortSet::parse(&texts).unwrap();
            prop_assert_eq!(&PortSet::parse(&set.specs()).unwrap(), &set);
            for protocol in ["tcp", "udp"] {
                let expected = ranges.iter().any(|it| it.0 == protocol && (it.1..=it.2).contains(&port));
                prop_assert_eq!(set.allows(protocol, port), expected);
            }
        }

        #[test]
        fn a_range_contains_exactly_the_addresses_that_share_its_prefix(bits: u32, other: u32, prefix in 0u8..=32) {
            let network = mask(Ipv4Addr::from_bits(bits).into(), prefix);
            let range = Cidr::parse(&format!("{network}/{prefix}")).unwrap();
            prop_assert_eq!(Cidr::parse(&range.to_string()), Ok(range));
            let shared = (bits ^ other).leading_zeros() >= u32::from(prefix);
            prop_assert_eq!(range.contains(Ipv4Addr::from_bits(other).into()), shared);
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in ".*") {
            let _ = Cidr::parse(&text);
            let _ = PortSet::parse(&[text]);
        }
    }
}
