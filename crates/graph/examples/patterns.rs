//! Measures patterns over a generated exposure graph: medians of wall time, beside what a rival needs for the same.
//!
//! `cargo run --release -p postern-graph --example patterns -- FOLDER`, where the folder holds the generator's
//! columns as raw little-endian arrays: `nkind.bin`, `is_critical.bin`, `internet_exposed.bin`, `rce_vuln.bin`,
//! `mfa.bin` (a byte for each node), `ekind.bin` (a byte for each edge), `src.bin`, `dst.bin` (four bytes for each
//! edge). Kinds are numbered as in the generator's dictionaries.

use std::path::Path;
use std::time::Instant;

use postern_graph::pattern::{
    Allowed, Budget, Cycles, EdgeVariable, Length, Matches, NodeVariable, Pattern, Watch, distinct_ends, find,
};
use postern_graph::{Csr, Edge, FixedBitSet};

/// Runs of each task.
const ROUNDS: usize = 9;

/// Numbers of kinds in the generator's dictionaries.
mod kind {
    pub const USER: u8 = 4;
    pub const WORKSTATION: u8 = 5;
    pub const SERVER: u8 = 6;
    pub const KEY_VAULT: u8 = 18;
    pub const MEMBER_OF: u8 = 0;
    pub const ADMIN_TO: u8 = 3;
    pub const HAS_SESSION: u8 = 4;
    pub const SYNCED_TO: u8 = 23;
    pub const AZ_MEMBER_OF: u8 = 24;
    pub const AZ_GET_SECRETS: u8 = 35;
}

struct Counter(u64);

impl Watch for Counter {
    fn take(&mut self, matches: &Matches) -> bool {
        self.0 += matches.len as u64;
        true
    }
}

fn main() -> std::io::Result<()> {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: patterns FOLDER");
        return Ok(());
    };
    let folder = Path::new(&folder);
    let bytes = |name: &str| std::fs::read(folder.join(name));
    let numbers = |name: &str| -> std::io::Result<Vec<u32>> {
        Ok(bytes(name)?
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| u32::from_le_bytes(*four))
            .collect())
    };
    let (node_kinds, edge_kinds) = (bytes("nkind.bin")?, bytes("ekind.bin")?);
    let (sources, targets) = (numbers("src.bin")?, numbers("dst.bin")?);
    let flag =
        |name: &str| -> std::io::Result<Vec<bool>> { Ok(bytes(name)?.into_iter().map(|byte| byte != 0).collect()) };
    let (critical, exposed) = (flag("is_critical.bin")?, flag("internet_exposed.bin")?);
    let (rce, mfa) = (flag("rce_vuln.bin")?, flag("mfa.bin")?);

    // Edges kind by kind, so that a kind is a range of numbers.
    let begun = Instant::now();
    let mut order: Vec<u32> = (0..sources.len() as u32).collect();
    order.sort_by_key(|&edge| edge_kinds[edge as usize]);
    let edges: Vec<Edge> = order
        .iter()
        .map(|&edge| Edge {
            source: sources[edge as usize],
            target: targets[edge as usize],
            cost: 1,
        })
        .collect();
    let kinds: Vec<u8> = order.iter().map(|&edge| edge_kinds[edge as usize]).collect();
    let graph = Csr::from_edges(node_kinds.len() as u32, &edges).map_err(std::io::Error::other)?;
    println!(
        "load: {} nodes, {} edges, {:?}",
        graph.node_count(),
        graph.edge_count(),
        begun.elapsed()
    );

    let of_kind = |kind: u8| {
        let start = kinds.partition_point(|&other| other < kind) as u32;
        Allowed::Range(start..kinds.partition_point(|&other| other <= kind) as u32)
    };
    let nodes = |holds: &dyn Fn(usize) -> bool| {
        let mut bits = FixedBitSet::with_capacity(node_kinds.len());
        bits.extend((0..node_kinds.len()).filter(|&node| holds(node)));
        NodeVariable {
            allowed: Allowed::Bits(bits),
        }
    };
    let any = NodeVariable::default;
    let chain = |nodes: Vec<NodeVariable>, kinds: &[u8]| Pattern {
        nodes,
        edges: (0..)
            .zip(kinds)
            .map(|(left, &kind)| EdgeVariable {
                left,
                right: left + 1,
                allowed: of_kind(kind),
                ..EdgeVariable::default()
            })
            .collect(),
        cycles: Cycles::UniqueEdges,
    };
    let walk = |from: u8, to: u8, max: u32| Pattern {
        nodes: vec![
            nodes(&|node| node_kinds[node] == from),
            nodes(&|node| node_kinds[node] == to),
        ],
        edges: vec![EdgeVariable {
            left: 0,
            right: 1,
            length: Some(Length { min: 1, max }),
            ..EdgeVariable::default()
        }],
        cycles: Cycles::UniqueEdges,
    };
    // Sets are made within the time, as a query would make them.
    let t7b = || {
        let device = nodes(&|node| exposed[node] && rce[node]);
        let user = nodes(&|node| !mfa[node]);
        let vault = nodes(&|node| node_kinds[node] == kind::KEY_VAULT);
        chain(
            vec![device, user, any(), any(), vault],
            &[
                kind::HAS_SESSION,
                kind::SYNCED_TO,
                kind::AZ_MEMBER_OF,
                kind::AZ_GET_SECRETS,
            ],
        )
    };
    let t7c = || {
        let device = nodes(&|node| rce[node] && node_kinds[node] == kind::WORKSTATION);
        let server = nodes(&|node| critical[node] && node_kinds[node] == kind::SERVER);
        chain(
            vec![device, any(), any(), server],
            &[kind::HAS_SESSION, kind::MEMBER_OF, kind::ADMIN_TO],
        )
    };
    measure("T7b", || count(&graph, &t7b()));
    measure("T7c", || count(&graph, &t7c()));
    for (name, from, to) in [
        ("Workstation *1..5 KeyVault", kind::WORKSTATION, kind::KEY_VAULT),
        ("User *1..5 Server", kind::USER, kind::SERVER),
        ("KeyVault *1..5 Server", kind::KEY_VAULT, kind::SERVER),
        ("Server *1..5 KeyVault", kind::SERVER, kind::KEY_VAULT),
        ("Workstation *1..3 KeyVault", kind::WORKSTATION, kind::KEY_VAULT),
    ] {
        let max = if name.contains("..3") { 3 } else { 5 };
        measure(name, || ends(&graph, &walk(from, to, max)));
    }
    measure("exposed, RCE *1..5 critical", || {
        let mut pattern = walk(0, 0, 5);
        pattern.nodes = vec![nodes(&|node| exposed[node] && rce[node]), nodes(&|node| critical[node])];
        ends(&graph, &pattern)
    });
    Ok(())
}

fn count(graph: &Csr, pattern: &Pattern) -> String {
    let mut counter = Counter(0);
    match find(graph, pattern, &[], Budget::default(), &mut counter) {
        Ok(outcome) => format!("{} matches, {} edges visited", counter.0, outcome.visited),
        Err(error) => error.to_string(),
    }
}

fn ends(graph: &Csr, pattern: &Pattern) -> String {
    let mut counter = Counter(0);
    match distinct_ends(graph, pattern, [0, 1], Budget::default(), &mut counter) {
        Ok(Some(outcome)) => format!("{} pairs, {} edges visited", counter.0, outcome.visited),
        Ok(None) => "not collapsed".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn measure(name: &str, mut task: impl FnMut() -> String) {
    let mut times = Vec::new();
    let mut answer = String::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        answer = task();
        times.push(begun.elapsed());
    }
    times.sort();
    println!("{name}: median {:?}, best {:?}; {answer}", times[ROUNDS / 2], times[0]);
}
