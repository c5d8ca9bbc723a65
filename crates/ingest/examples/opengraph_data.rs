//! Writes an OpenGraph file of any size, as databases with their logins would look beside a directory:
//! `cargo run --release -p postern-ingest --example opengraph_data -- 240000 > logins.json`.
//!
//! Of ten edges five are of kinds that Postern does not know and an attacker gets along, two are of such kinds that
//! nobody gets along, two are members of groups, one is a session. Each has texts of help, as such files do.
//! Nothing is random: a number and its multiples decide.

use std::io::{self, BufWriter, Write};

const DOMAIN: &str = "S-1-5-21-1004336348-1177238915-682003330";
/// One node for so many edges.
const EDGES_OF_NODE: u64 = 10;
/// Spreads neighbours: a prime above all sizes that matter.
const STRIDE: u64 = 1_000_003;
const HELP: &str = "The source can log on to the target with the rights of the account that it is mapped to. \
     An attacker who holds the source starts a session with any client, and runs what the target lets the account \
     run. What is started so is written to the log of the server, if somebody has switched that on.";

fn main() -> io::Result<()> {
    let edges: u64 = std::env::args()
        .nth(1)
        .and_then(|it| it.parse().ok())
        .unwrap_or(240_000);
    let nodes = (edges / EDGES_OF_NODE).max(10);
    let mut out = BufWriter::new(io::stdout().lock());
    write!(out, r#"{{"metadata":{{"source_kind":"SQL_Base"}},"graph":{{"nodes":["#)?;
    for node in 0..nodes {
        let comma = if node == 0 { "" } else { "," };
        let (id, kind) = id_and_kind(node);
        let base = if kind == "SQL_Login" { "" } else { r#","Base""# };
        write!(
            out,
            r#"{comma}{{"id":"{id}","kinds":["{kind}"{base}],"properties":{{"name":"{kind}{node}@corp.example","#
        )?;
        write!(out, r#""environmentid":"{DOMAIN}","enabled":true,"rank":{node}}}}}"#)?;
    }
    write!(out, r#"],"edges":["#)?;
    for edge in 0..edges {
        let comma = if edge == 0 { "" } else { "," };
        let from = edge % nodes;
        let to = (edge.wrapping_mul(STRIDE) / EDGES_OF_NODE + edge / nodes) % nodes;
        let (kind, from, to, is_traversable) = match edge % EDGES_OF_NODE {
            0..5 => ("SQL_HasLogin", from, to, true),
            5 | 6 => ("SQL_Knows", from, to, false),
            // Groups are the nodes whose number ends in 1, computers those that end in 2, users in 3.
            7 | 8 => ("MemberOf", from / 10 * 10 + 3, to / 10 * 10 + 1, true),
            _ => ("HasSession", from / 10 * 10 + 2, to / 10 * 10 + 3, true),
        };
        let ((from, _), (to, _)) = (id_and_kind(from), id_and_kind(to));
        write!(
            out,
            r#"{comma}{{"kind":"{kind}","start":{{"value":"{from}"}},"end":{{"value":"{to}"}},"properties":"#
        )?;
        write!(
            out,
            r#"{{"traversable":{is_traversable},"general":"{HELP}","index":{}}}}}"#,
            edge % 7
        )?;
    }
    writeln!(out, "]}}}}")?;
    out.flush()
}

/// Some nodes are objects of the directory, the others logins of its servers. The first node is the domain, the second
/// group that of its administrators.
fn id_and_kind(node: u64) -> (String, &'static str) {
    match (node, node % 10) {
        (0, _) => (DOMAIN.to_owned(), "Domain"),
        (11, _) => (format!("{DOMAIN}-512"), "Group"),
        (_, 1) => (format!("{DOMAIN}-{}", node + 1_000), "Group"),
        (_, 2) => (format!("{DOMAIN}-{}", node + 1_000), "Computer"),
        (_, 3) => (format!("{DOMAIN}-{}", node + 1_000), "User"),
        _ => (
            format!("login{node}@{DOMAIN}-{}:1433", node / 10 * 10 + 1_002),
            "SQL_Login",
        ),
    }
}
