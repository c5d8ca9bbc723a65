//! `export`: the graph for other tools. The file is JSON and nothing else, so there is no text form.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use postern_attack::Derived;
use postern_engine::{EdgeSelection, Generation, write_opengraph};
use postern_model::estate::Estate;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Outcome, Session};
use crate::args::{self, Edges, GraphFormat};
use crate::output::CANNOT_WRITE;

/// The file that `export graph --format opengraph` writes. The engine streams it; this only describes it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OpenGraph {
    pub graph: Graph,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Graph {
    pub nodes: Vec<GraphNode>,
    pub edges: Vec<GraphEdge>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct GraphNode {
    /// The directory's own object id.
    pub id: String,
    pub kinds: Vec<String>,
    pub properties: Map<String, Value>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct GraphEdge {
    pub start: GraphEnd,
    pub end: GraphEnd,
    /// Name of the relation or technique.
    pub kind: String,
    pub properties: Map<String, Value>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct GraphEnd {
    /// Id of a node.
    pub value: String,
}

/// The name of the schema of [`OpenGraph`].
pub const SCHEMA: &str = "export-graph";

pub async fn run(session: &Session, args: args::Export) -> Result<Outcome> {
    let args::Export::Graph(args) = args;
    let engine = session.open().await?;
    let generation = engine.load(args.when.as_of()).await?;
    let edges = match args.edges {
        Edges::Reported => EdgeSelection::Reported,
        Edges::Derived => EdgeSelection::Derived,
        Edges::All => EdgeSelection::All,
    };
    // Steps are stored with the generation; only what the files report is read from the files again.
    let read_again = match edges {
        EdgeSelection::Derived => None,
        EdgeSelection::Reported | EdgeSelection::All => Some(engine.reported_estate(&generation).await?),
    };
    let graph = Exported {
        generation: &generation,
        reported: read_again.as_ref().unwrap_or(&generation.estate),
        refused: match edges {
            EdgeSelection::All => engine.refused_steps(&generation),
            EdgeSelection::Reported | EdgeSelection::Derived => Derived::default(),
        },
        edges,
    };
    match args.out {
        None => graph.write(args.format, io::stdout().lock()).context(CANNOT_WRITE)?,
        Some(path) => graph.write_file(args.format, &path)?,
    }
    Ok(Outcome::Done)
}

struct Exported<'a> {
    generation: &'a Generation,
    reported: &'a Estate,
    refused: Derived,
    edges: EdgeSelection,
}

impl Exported<'_> {
    fn write(&self, format: GraphFormat, out: impl Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        match format {
            GraphFormat::Opengraph => {
                write_opengraph(&mut out, self.generation, self.reported, &self.refused, self.edges)?;
            }
        }
        out.flush()
    }

    /// Under another name until it is whole: a file that was cut short must not pass for an export.
    fn write_file(&self, format: GraphFormat, path: &Path) -> Result<()> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let cannot = || format!("cannot write {}", path.display());
        let file = File::create(&partial).with_context(cannot)?;
        self.write(format, file).with_context(cannot)?;
        fs::rename(&partial, path).with_context(cannot)
    }
}
