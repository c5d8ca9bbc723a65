//! Every table, its columns and the phase that fills it (DESIGN 3.3).
//!
//! Tables of facts are written by imports; the others by generations. Columns that say who told us, or
//! when, stand outside the logical digest: two orders of import must give equal digests. So do columns that were
//! added when files without them were about already.

/// A phase of building a generation. A rule may read the tables of earlier phases only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Facts as imported; before any phase.
    Import,
    Resolve,
    Findings,
    Classify,
    Derive,
    Entries,
    Paths,
    Compare,
}

impl Phase {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Resolve => "resolve",
            Self::Findings => "findings",
            Self::Classify => "classify",
            Self::Derive => "derive",
            Self::Entries => "entries",
            Self::Paths => "paths",
            Self::Compare => "compare",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    /// Text that is canonical JSON.
    Json,
    Long,
    /// Microseconds since 1970-01-01 UTC.
    Time,
    Bool,
    /// 128 bits.
    Id,
}

#[derive(Debug)]
pub struct ColumnSpec {
    pub name: &'static str,
    pub kind: ColumnType,
    pub in_digest: bool,
    /// Files of earlier versions lack it: it is null there.
    pub is_added: bool,
}

#[derive(Debug)]
pub struct Schema {
    pub name: &'static str,
    pub phase: Phase,
    pub columns: &'static [ColumnSpec],
}

impl Schema {
    /// Whether snapshots and generations of earlier versions lack the whole table: it has no rows there.
    pub fn is_added(&self) -> bool {
        self.columns.iter().all(|column| column.is_added)
    }

    /// # Panics
    /// When there is no such column: a mistake in the code.
    pub fn column(&self, name: &str) -> usize {
        self.columns
            .iter()
            .position(|column| column.name == name)
            .unwrap_or_else(|| panic!("table {} has no column {name}", self.name))
    }
}

macro_rules! schemas {
    ($(
        $(#[$doc:meta])*
        $constant:ident = $name:literal in $phase:ident {
            $($column:ident: $kind:ident $($outside:ident)?,)*
        }
    )*) => {
        $(
            $(#[$doc])*
            pub static $constant: Schema = Schema {
                name: $name,
                phase: Phase::$phase,
                columns: &[$(ColumnSpec {
                    name: stringify!($column),
                    kind: ColumnType::$kind,
                    in_digest: schemas!(@digest $($outside)?),
                    is_added: schemas!(@added $($outside)?),
                },)*],
            };
        )*
        /// All tables there are.
        pub static ALL: &[&Schema] = &[$(&$constant,)*];
    };
    (@digest) => { true };
    (@digest outside) => { false };
    (@digest added) => { false };
    (@added) => { false };
    (@added outside) => { false };
    (@added added) => { true };
}

schemas! {
    /// An object and its attributes. In a facet other than `Properties` the row only adds what the
    /// object's own record does not say (the name of a trusted domain, a host's settings).
    OBJECTS = "objects" in Import {
        cell: Long,
        subject: Text,
        id: Text,
        kind: Text,
        name: Text,
        properties: Json,
    }
    /// A relation as reported. `subject` is the object whose record says so; empty where that is the target,
    /// which spares the longest column of most rows.
    RELATIONS = "relations" in Import {
        cell: Long,
        subject: Text,
        source: Text,
        source_kind: Text,
        target: Text,
        target_kind: Text,
        kind: Text,
        properties: Json,
    }
    /// One result of a scanner on a host, at one place (`locator`: `tcp/445`, or empty).
    FINDINGS = "findings" in Import {
        cell: Long,
        subject: Text,
        weakness: Text,
        locator: Text,
        title: Text,
        severity: Text,
        cves: Json,
        cvss_vector: Text,
        cvss_score_micro: Long,
        exploit_available: Bool,
        properties: Json,
    }
    /// An open port of a host.
    SERVICES = "services" in Import {
        cell: Long,
        subject: Text,
        protocol: Text,
        port: Long,
        name: Text,
    }
    /// A kind that an extension describes; `subject` is the extension's name. `role` is `node` or `relation`.
    /// `is_traversable` says of a relation whether an attacker gets along it; null for nodes.
    KINDS = "kinds" in Import {
        cell: Long,
        subject: Text,
        name: Text,
        role: Text,
        display_name: Text,
        is_traversable: Bool,
        description: Text,
    }
    /// The subjects that a cell with partial coverage has looked at; also those with nothing found.
    COVERED = "covered" in Import {
        cell: Long,
        subject: Text,
        observed_at: Time,
    }

    /// Assets. `key` is the strongest original id; `known` lists the facets that were looked at.
    NODES = "nodes" in Resolve {
        id: Id,
        key: Text,
        kind: Text,
        name: Text,
        boundary: Text,
        is_stub: Bool,
        properties: Json,
        known: Json outside,
        sources: Json outside,
        first_seen: Time outside,
        last_seen: Time outside,
    }
    IDENTIFIERS = "identifiers" in Resolve {
        node: Id,
        kind: Text,
        value: Text,
        sources: Json outside,
        first_seen: Time outside,
        last_seen: Time outside,
    }
    /// The original objects behind an asset, and why they are one. `told` lists who told which properties of the
    /// asset, as `{"names", "sources", "first", "last"}` with times in microseconds, where that is not simply the
    /// object's sources; no names mean all that no other entry of the asset names.
    FACETS = "facets" in Resolve {
        node: Id,
        key: Text,
        kind: Text,
        reason: Text,
        told: Json added,
        sources: Json added,
        first_seen: Time added,
        last_seen: Time added,
    }
    /// Objects that look like one and were kept apart, with the reason.
    CONFLICTS = "conflicts" in Resolve {
        kind: Text,
        value: Text,
        keys: Json,
        reason: Text,
    }
    /// What extensions say of kinds that Postern does not know; see `kinds`.
    EXTENSION_KINDS = "extension_kinds" in Resolve {
        name: Text added,
        role: Text added,
        extension: Text added,
        display_name: Text added,
        is_traversable: Bool added,
        description: Text added,
    }
    /// Relations as reported, between assets; the keys are those of the facets that the file names.
    REPORTED = "reported" in Resolve {
        id: Id,
        source: Id,
        target: Id,
        source_key: Text,
        target_key: Text,
        kind: Text,
        label: Text,
        properties: Json,
        sources: Json outside,
        first_seen: Time outside,
        last_seen: Time outside,
    }
    OPEN_SERVICES = "open_services" in Resolve {
        node: Id,
        protocol: Text,
        port: Long,
        name: Text,
    }
    /// Which facets of which class were looked at inside a boundary, and how many subjects answered.
    COVERAGE = "coverage" in Resolve {
        boundary: Text,
        name: Text,
        class: Json,
        facet: Json,
        answered: Long,
        total: Long,
    }
    ASSET_FINDINGS = "asset_findings" in Findings {
        id: Id,
        node: Id,
        weakness: Text,
        locator: Text,
        title: Text,
        severity: Text,
        cves: Json,
        cvss_vector: Text,
        cvss_score_micro: Long,
        exploit_available: Bool,
        is_kev: Bool,
        is_exploitable: Bool,
        properties: Json,
        sources: Json outside,
        first_seen: Time outside,
        last_seen: Time outside,
    }
    /// Criticality of an asset, and the control plane it belongs to, with the rule that says so.
    CLASSIFICATIONS = "classifications" in Classify {
        node: Id,
        criticality: Long,
        plane: Text,
        rule: Text,
        reason: Text,
    }
    PLANES = "planes" in Classify {
        key: Text,
        name: Text,
        domains: Json,
    }
    /// What an attacker can do. `derivations` is null where the step is the reported relation with the same id and
    /// nothing else has to be so: nearly everywhere.
    STEPS = "steps" in Derive {
        id: Id,
        source: Id,
        target: Id,
        technique: Text,
        label: Text,
        source_foothold: Text,
        target_foothold: Text,
        cost: Long,
        is_assumed: Bool,
        derivations: Json,
    }
    /// Techniques that could not be evaluated somewhere, for want of which input.
    GAPS = "gaps" in Derive {
        technique: Text,
        boundary: Text,
        input: Text,
        answered: Long,
        total: Long,
        reason: Text,
    }
    ENTRIES = "entries" in Entries {
        id: Id,
        key: Text,
        name: Text,
        class: Text,
        basis: Text,
        grade: Text,
        foothold: Text,
        reason: Text,
    }
    TARGETS = "targets" in Entries {
        id: Id,
        key: Text,
        name: Text,
        class: Text,
        criticality: Long,
        members: Json,
        reason: Text,
    }
    PATHS = "paths" in Paths {
        id: Id,
        entry: Id,
        target: Id,
        cost: Long,
        hops: Long,
        risk: Text,
        scenario: Id,
        // Step ids in order, as an array of hexadecimal texts.
        route: Json,
    }
    SCENARIOS = "scenarios" in Paths {
        id: Id,
        entry_class: Text,
        techniques: Json,
        target_class: Text,
        paths: Long,
        entries: Long,
        targets: Long,
        risk: Text,
        cost: Long,
    }
    CHOKE_POINTS = "choke_points" in Paths {
        element: Id,
        element_kind: Text,
        targets_severed: Long,
        entries_severed: Long,
        paths_through: Long,
    }
    /// Entry points that lie inside a target: there is no path, the asset itself is exposed.
    EXPOSED_CRITICAL = "exposed_critical" in Paths {
        entry: Id,
        target: Id,
    }
    /// What became of each path since the generation before.
    PATH_EVENTS = "path_events" in Compare {
        path: Id,
        entry: Id,
        target: Id,
        status: Text,
        reason: Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_names_differ_and_columns_within_a_table_differ() {
        let mut names: Vec<_> = ALL.iter().map(|schema| schema.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for schema in ALL {
            let mut columns: Vec<_> = schema.columns.iter().map(|column| column.name).collect();
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), schema.columns.len(), "{}", schema.name);
        }
    }
}
