//! `ipv4_lookup` and `ipv6_lookup`: rows joined with those of a table whose networks hold their address.
//!
//! Two addresses match when they are equal up to the shorter of their prefixes. More columns that both sides share may
//! be compared besides. The columns of the table come behind those of the input, without the shared ones.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};

use postern_kql::Diagnostic;
use postern_kql::ir::PluginArgument;

use super::super::{Out, RowError, RowOperator, empty, names};
use super::Arguments;
use crate::bytes::Writer;
use crate::{Context, Datum, convert};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// An address as 128 bits, an older one at the end, and how many of them count.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Network {
    bits: u128,
    prefix: u8,
}

impl Network {
    fn parse(text: &str, family: Family) -> Option<Self> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (bits, longest): (Ipv6Addr, u8) = match (address, family) {
            (IpAddr::V4(address), _) => (address.to_ipv6_mapped(), 32),
            (IpAddr::V6(address), Family::V6) => (address, 128),
            (IpAddr::V6(_), Family::V4) => return None,
        };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then(|| Self {
            bits: u128::from(bits),
            prefix: prefix + (128 - longest),
        })
    }

    /// With all bits behind the prefix gone.
    fn cut(self, prefix: u8) -> Self {
        let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
        Self {
            bits: self.bits & mask,
            prefix,
        }
    }
}

pub(super) struct Lookup {
    family: Family,
    source: usize,
    /// Shared columns, of the input.
    shared: Vec<usize>,
    /// The rows of the table: what of them is handed on.
    rows: Vec<Vec<Datum<'static>>>,
    /// Rows of the table by network and shared values, by number.
    index: HashMap<(Network, Vec<u8>), Vec<usize>>,
    networks: Vec<(Network, Vec<u8>)>,
    prefixes: BTreeSet<u8>,
    /// What is handed on where nothing matches, if anything is.
    unmatched: Option<Vec<Datum<'static>>>,
}

impl Lookup {
    pub(super) fn new(arguments: &Arguments<'_, '_>, family: Family) -> Result<Self, Diagnostic> {
        let Some(PluginArgument::Table(table)) = arguments.arguments.first() else {
            return Err(arguments.wrong("the first argument is a table"));
        };
        let Some(PluginArgument::TableColumn(key)) = arguments.arguments.get(2) else {
            return Err(arguments.wrong("argument 3 is the network, a column of the table"));
        };
        let source = arguments.column(1, "the address")?;
        let shared = arguments.columns_from(3);
        let shared_names: Vec<&str> = shared
            .iter()
            .map(|column| arguments.input[*column].name.as_str())
            .collect();
        let mut shared_keys = Vec::new();
        for name in &shared_names {
            match names(&table.columns).position(|column| column == *name) {
                Some(column) => shared_keys.push(column),
                None => return Err(arguments.wrong(&format!("the table has no column {name}"))),
            }
        }
        let returns_unmatched = match arguments.arguments.last() {
            Some(PluginArgument::Scalar(scalar)) => arguments.with.constant(scalar)? == Datum::Bool(true),
            _ => false,
        };
        let Some(rows) = (arguments.with.tables)(table) else {
            return Err(arguments.wrong("the table was not read"));
        };
        let kept: Vec<usize> = (0..table.columns.len())
            .filter(|column| !shared_keys.contains(column))
            .collect();
        let unmatched = kept.iter().map(|column| empty(table.columns[*column].ty)).collect();
        let mut lookup = Self {
            family,
            source,
            shared,
            rows: Vec::new(),
            index: HashMap::new(),
            networks: Vec::new(),
            prefixes: BTreeSet::new(),
            unmatched: returns_unmatched.then_some(unmatched),
        };
        for row in rows {
            let Some(network) = row
                .get(*key)
                .and_then(|value| Network::parse(&convert::text(value), family))
            else {
                continue;
            };
            let network = network.cut(network.prefix);
            let shared = key_of(shared_keys.iter().map(|column| &row[*column]));
            lookup.prefixes.insert(network.prefix);
            lookup
                .index
                .entry((network, shared.clone()))
                .or_default()
                .push(lookup.rows.len());
            lookup.networks.push((network, shared));
            lookup
                .rows
                .push(kept.iter().map(|column| row[*column].clone()).collect());
        }
        Ok(lookup)
    }

    fn matches(&self, address: Network, shared: &[u8]) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for prefix in self.prefixes.range(..=address.prefix) {
            let key = (address.cut(*prefix), shared.to_vec());
            found.extend(self.index.get(&key).into_iter().flatten());
        }
        // A network may lie inside of that of the input.
        if self.prefixes.last().is_some_and(|longest| *longest > address.prefix) {
            let inside = self.networks.iter().enumerate().filter(|(_, (network, key))| {
                network.prefix > address.prefix
                    && key == shared
                    && network.cut(address.prefix) == address.cut(address.prefix)
            });
            found.extend(inside.map(|(number, _)| number));
        }
        found.sort_unstable();
        found
    }
}

fn key_of<'d>(values: impl Iterator<Item = &'d Datum<'d>>) -> Vec<u8> {
    let mut key = Writer::default();
    values.for_each(|value| key.key(value));
    key.0
}

impl RowOperator for Lookup {
    fn push(&mut self, row: &[Datum<'_>], _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let shared = key_of(self.shared.iter().map(|column| &row[*column]));
        let found = match Network::parse(&convert::text(&row[self.source]), self.family) {
            Some(address) => self.matches(address, &shared),
            None => Vec::new(),
        };
        let matched = found.iter().map(|number| &self.rows[*number]);
        let unmatched = self.unmatched.iter().filter(|_| found.is_empty());
        for behind in matched.chain(unmatched) {
            let whole: Vec<Datum<'_>> = row.iter().chain(behind).map(Datum::borrowed).collect();
            out(&whole)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.rows.iter().map(|row| super::super::row_size(row)).sum::<usize>() + 3 * self.networks.len() * 48
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Type;
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{constant, lines, node, run_with, table};

    fn found(plugin: &str, extra: Vec<PluginArgument>, networks: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut arguments = vec![
            PluginArgument::Table(table(&[("network", Type::String), ("country", Type::String)])),
            PluginArgument::Column(0),
            PluginArgument::TableColumn(0),
        ];
        let shares = extra
            .iter()
            .any(|argument| matches!(argument, PluginArgument::Column(_)));
        arguments.extend(extra);
        let op = Op::Evaluate {
            plugin: plugin.to_owned(),
            input: Some(table(&[("ip", Type::String), ("country", Type::String)])),
            arguments,
        };
        let mut columns = vec![
            ("ip", Type::String),
            ("country", Type::String),
            ("network", Type::String),
        ];
        if !shares {
            columns.push(("country1", Type::String));
        }
        let row = |(left, right): &(&'static str, &'static str)| vec![Datum::string(*left), Datum::string(*right)];
        let rows: Vec<_> = [
            ("2.20.183.12", "GB"),
            ("5.8.1.0/24", "RU"),
            ("2001:db8::1", "US"),
            ("none", ""),
        ]
        .iter()
        .map(row)
        .collect();
        let networks: Vec<_> = networks.iter().map(row).collect();
        lines(&run_with(&node(op, &columns), &rows, &networks).unwrap().unwrap())
    }

    #[test]
    fn addresses_are_found_in_their_networks() {
        let networks = [
            ("5.8.0.0/19", "RU"),
            ("2.20.183.0/24", "GB"),
            ("2.0.0.0/8", "EU"),
            ("5.8.1.128/25", "XX"),
            ("2001:0db8::/32", "US"),
            ("bad", ""),
        ];
        assert_eq!(
            found("ipv4_lookup", Vec::new(), &networks),
            [
                "2.20.183.12|GB|2.20.183.0/24|GB",
                "2.20.183.12|GB|2.0.0.0/8|EU",
                "5.8.1.0/24|RU|5.8.0.0/19|RU",
                "5.8.1.0/24|RU|5.8.1.128/25|XX"
            ]
        );
        assert_eq!(
            found("ipv6_lookup", Vec::new(), &networks)[4],
            "2001:db8::1|US|2001:0db8::/32|US"
        );
        assert_eq!(
            found("ipv4_lookup", vec![PluginArgument::Column(1)], &networks),
            ["2.20.183.12|GB|2.20.183.0/24", "5.8.1.0/24|RU|5.8.0.0/19"]
        );
    }

    #[test]
    fn rows_without_a_match_are_kept_where_asked_for() {
        let all = vec![PluginArgument::Scalar(constant(Datum::Bool(true)))];
        assert_eq!(
            found("ipv4_lookup", all, &[("2.20.183.0/24", "GB")]),
            [
                "2.20.183.12|GB|2.20.183.0/24|GB",
                "5.8.1.0/24|RU||",
                "2001:db8::1|US||",
                "none|||"
            ]
        );
    }
}
