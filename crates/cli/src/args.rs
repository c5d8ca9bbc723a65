//! The command line, as clap understands it. The texts here are the manual.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use postern_engine::AsOf;
use postern_model::Criticality;

/// How many things a list shows at most.
pub mod limit {
    /// On text, so that a list fits on a few screens.
    pub const TEXT: usize = 20;
    /// In JSON.
    pub const JSON: usize = 1_000;
}

/// What an id may be, where a virtual one is good too.
macro_rules! places {
    ($($example:literal),* $(,)?) => {
        concat!(
            "An ID is an asset's SID or object id, a NodeId, a name if no other asset has it, ",
            "`entry:users:<domain SID>`, `entry:workstations:<domain SID>`, `plane:forest:<SID>` or ",
            "`plane:tenant:<tenant id>`.\n\nExamples:",
            $("\n  postern ", $example,)*
        )
    };
}

/// What an id may be, where only an asset is good.
macro_rules! assets {
    ($($example:literal),* $(,)?) => {
        concat!(
            "An ID is an asset's SID or object id, a NodeId, or a name if no other asset has it.\n\nExamples:",
            $("\n  postern ", $example,)*
        )
    };
}

macro_rules! examples {
    ($($example:literal),* $(,)?) => {
        concat!("Examples:", $("\n  postern ", $example,)*)
    };
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done with rejected rows (listed), 130 interrupted.
POSTERN_EVALUATED_AT (RFC 3339) fixes the clock. NO_COLOR turns colours off.";

/// Finds your exposed ways in, what they lead to, and which one to wall up first.
#[derive(Debug, Parser)]
#[command(
    name = "postern",
    version,
    after_help = EXIT_CODES,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// The data folder [default: postern in the user's data folder]
    #[arg(
        long,
        global = true,
        env = "POSTERN_DATA",
        value_name = "DIR",
        hide_env_values = true,
        help_heading = "Data"
    )]
    pub data: Option<PathBuf>,
    /// A folder of the catalog's shape that adds to it or replaces parts of it
    #[arg(
        long,
        global = true,
        env = "POSTERN_CATALOG",
        value_name = "DIR",
        hide_env_values = true,
        help_heading = "Data"
    )]
    pub catalog: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take in files, folders, zip archives and gzip files, recognised by content, and build the next generation
    Import(Import),
    /// Show what an import would read from each file; stores nothing
    Inspect(Inspect),
    /// Show the current generation, how old its observations are, and what could not be evaluated
    Status(Status),
    /// What was imported
    #[command(subcommand)]
    Source(Source),
    /// Attack paths: from where an attacker can begin to what must not be lost
    Paths(Paths),
    /// Where a change severs targets or entry points, and which change
    Chokepoints(Chokepoints),
    /// What an attacker who holds an asset can get hold of
    Blast(Blast),
    /// Which attack paths would be left if something were not there
    Whatif(WhatIf),
    /// What came and what went between two generations
    Compare(Compare),
    /// Ask questions in KQL
    Hunt(Hunt),
    /// Write the graph for another tool
    #[command(subcommand)]
    Export(Export),
    /// Single assets
    #[command(subcommand)]
    Asset(Asset),
    /// Criticality set by hand
    #[command(subcommand)]
    Critical(Critical),
    /// Settings that change an answer
    #[command(subcommand)]
    Setting(Setting),
    /// Rules that say what a control plane is, and where an attacker can begin
    #[command(subcommand)]
    Rule(RuleCommand),
    /// Stored generations
    #[command(subcommand)]
    Generation(GenerationCommand),
    /// Build a generation now, if anything has changed since the last one
    Build(Build),
    /// The log of everything that was done to the data folder
    #[command(subcommand)]
    Audit(Audit),
    /// Answer on the web: the pages, and the API below /api/v1
    Serve(Serve),
    /// Serve a sample company with five weeks of history; the first start prepares it
    Demo(Demo),
    /// Who may sign in to the server; needs no password, only the data folder
    #[command(subcommand)]
    User(User),
    /// Secrets for programs that use the API
    #[command(subcommand)]
    Token(Token),
    /// Write sample data
    #[command(subcommand)]
    Sample(Sample),
    /// What the server starts for imports and builds; it speaks through standard input and output
    #[command(hide = true)]
    Worker,
    /// Print the description of the API
    #[command(hide = true)]
    Openapi(Openapi),
    /// Write the JSON Schemas of what --json prints
    #[command(hide = true)]
    Schema(Schema),
}

/// Along what, and which assets.
#[derive(Debug, Args)]
pub struct Along {
    /// Follow every relation as reported, of whatever kind and without any condition, instead of steps
    #[arg(long, requires = "asked")]
    pub relations: bool,
    /// Leave out relations of this kind; `GetChanges*` stands for all that begin so
    #[arg(long, value_name = "KIND", requires = "relations")]
    pub except: Vec<String>,
    /// Only assets of this kind, or with this label in a file
    #[arg(long, value_name = "KIND", requires = "asked")]
    pub of_kind: Option<String>,
    /// No assets of this kind, or with this label in a file
    #[arg(long, value_name = "KIND", requires = "asked")]
    pub not_of_kind: Option<String>,
}

#[derive(Debug, Args)]
pub struct Format {
    /// Print JSON; its schemas are in docs/schemas
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Limit {
    /// Show at most N of a list [default: 20 in text, 1000 in JSON]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl Limit {
    pub fn of(&self, as_json: bool) -> usize {
        self.limit.unwrap_or(if as_json { limit::JSON } else { limit::TEXT })
    }
}

#[derive(Debug, Args)]
pub struct When {
    /// Answer from a past generation: its number, or the newest one at a time (2026-11-21T08:00:00Z) or on a date
    #[arg(long, value_name = "TIME|GENERATION", value_parser = AsOf::parse)]
    as_of: Option<AsOf>,
}

impl When {
    pub fn as_of(&self) -> AsOf {
        self.as_of.unwrap_or(AsOf::Current)
    }
}

#[derive(Debug, Args)]
pub struct Building {
    /// Do not build: the change takes effect with the next generation
    #[arg(long)]
    pub no_build: bool,
    /// Do not wait for another process that builds
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Debug, Args)]
#[command(after_help = examples!["import collection.zip scan.nessus", "import --source Berlin scans/"])]
pub struct Import {
    /// Files, folders (read with all their folders), zip archives and gzip files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Name of the source; also the site of hosts that a scanner knows by NetBIOS name only
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    #[command(flatten)]
    pub building: Building,
    /// Keep no compressed copy of the files; a later version cannot read them again then
    #[arg(long)]
    pub no_raw: bool,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = examples!["inspect collection.zip", "inspect scans/ --json"])]
pub struct Inspect {
    /// Files, folders, zip archives and gzip files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// As for import
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = examples!["status", "status --as-of 2026-11-21"])]
pub struct Status {
    #[command(flatten)]
    pub when: When,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Subcommand)]
pub enum Source {
    /// List what was imported, with the number by which it can be removed
    List(Format),
    /// List the rows and files of a source that were rejected
    Rejects {
        /// The number that `source list` shows
        id: i64,
        #[command(flatten)]
        limit: Limit,
        #[command(flatten)]
        format: Format,
    },
    /// Forget a source: what only it said is no longer known
    Remove {
        /// The number that `source list` shows
        id: i64,
        #[command(flatten)]
        building: Building,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
#[command(after_help = places![
    "paths --scenarios",
    "paths --from ALICE@CORP.EXAMPLE",
    "paths --from WEB01.CORP.EXAMPLE --to 'DOMAIN ADMINS@CORP.EXAMPLE' --k 5",
])]
pub struct Paths {
    /// Only from here; an asset that is no entry point is taken for one
    #[arg(long, value_name = "ID")]
    pub from: Option<String>,
    /// Only to here; an asset that is no target is taken for one
    #[arg(long, value_name = "ID")]
    pub to: Option<String>,
    /// The N cheapest routes of each pair instead of the cheapest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub k: Option<u16>,
    /// Only the scenarios: paths of one shape, counted
    #[arg(long)]
    pub scenarios: bool,
    #[command(flatten)]
    pub limit: Limit,
    #[command(flatten)]
    pub when: When,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = places![
    "chokepoints --limit 5",
    "chokepoints --into 'DOMAIN ADMINS@CORP.EXAMPLE' --of-kind User",
    "chokepoints --into S-1-5-21-1-2-3-512 --relations --except 'GetChanges*' --of-kind User --beyond 1",
])]
#[group(id = "asked", args = ["into"])]
pub struct Chokepoints {
    /// Instead: the fewest changes that part all assets that get hold of this one from it
    #[arg(long, value_name = "ID")]
    pub into: Option<String>,
    #[command(flatten)]
    pub along: Along,
    /// Only assets more than N hops away
    #[arg(long, value_name = "N", default_value_t = 0, requires = "into")]
    pub beyond: u32,
    #[command(flatten)]
    pub limit: Limit,
    #[command(flatten)]
    pub when: When,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = places![
    "blast ALICE@CORP.EXAMPLE WEB01.CORP.EXAMPLE",
    "blast --into 'DOMAIN ADMINS@CORP.EXAMPLE' --of-kind User",
])]
#[group(id = "asked", args = ["into", "relations"], multiple = true)]
pub struct Blast {
    /// Assets that an attacker holds; devices as administrator
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// The other way round: who gets hold of these assets, and in how many steps
    #[arg(long)]
    pub into: bool,
    #[command(flatten)]
    pub along: Along,
    #[command(flatten)]
    pub limit: Limit,
    #[command(flatten)]
    pub when: When,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = assets![
    "whatif --remove-edge 75bb11fe88",
    "whatif --remove-asset WEB01.CORP.EXAMPLE --disable-technique CanRDP",
])]
#[group(id = "removals", required = true, multiple = true, args = ["remove_asset", "remove_edge", "disable_technique"])]
pub struct WhatIf {
    /// Take out an asset with every fact about it
    #[arg(long, value_name = "ID")]
    pub remove_asset: Vec<String>,
    /// Take out a step, relation or finding by its id, or the first 6 or more digits of it, as `paths` shows them
    #[arg(long, value_name = "ID")]
    pub remove_edge: Vec<String>,
    /// Let nobody use a technique, such as GenericAll
    #[arg(long, value_name = "TECHNIQUE")]
    pub disable_technique: Vec<String>,
    #[command(flatten)]
    pub limit: Limit,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = examples!["compare 1 2", "compare 2026-11-01 2026-11-21"])]
pub struct Compare {
    /// Number of a generation, a time or a date
    #[arg(value_parser = AsOf::parse)]
    pub older: AsOf,
    /// Number of a generation, a time or a date
    #[arg(value_parser = AsOf::parse)]
    pub newer: AsOf,
    #[command(flatten)]
    pub limit: Limit,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = examples![
    "hunt 'ExposureGraphNodes | summarize count() by NodeLabel'",
    "hunt --file question.kql --format csv",
    "hunt --batch queries.jsonl > answers.jsonl",
    "hunt 'Findings | count' --as-of 2026-11-01",
    "hunt 'ExposureGraphNodes | count' --nodes nodes.parquet --edges edges.parquet",
])]
#[group(id = "question", required = true, args = ["query", "file", "batch", "tables"])]
pub struct Hunt {
    /// The query; `-` reads it from standard input
    #[arg(value_name = "KQL")]
    pub query: Option<String>,
    /// Read the query from a file
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Answer many queries: lines of {"id","query"} in, a line for each out; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub batch: Option<PathBuf>,
    /// Print the tables that there are, their columns, and the functions that give tables
    #[arg(long)]
    pub tables: bool,
    /// How to print the rows
    #[arg(long, value_enum, default_value_t = HuntFormat::Table)]
    pub format: HuntFormat,
    /// At most so many rows of a result; what is left out is told
    #[arg(long, alias = "limit", value_name = "N")]
    pub max_rows: Option<u64>,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: Option<u64>,
    /// Memory for joins, sorts, groups and graphs, in MiB
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(16..))]
    pub memory: Option<u64>,
    /// Instead of the data folder: a Parquet file with nodes, as a generator of graphs writes it
    #[arg(long, value_name = "FILE", requires = "edges", conflicts_with = "as_of")]
    pub nodes: Option<PathBuf>,
    /// The edges that go with --nodes
    #[arg(long, value_name = "FILE", requires = "nodes")]
    pub edges: Option<PathBuf>,
    /// The findings that go with --nodes
    #[arg(long, value_name = "FILE", requires = "nodes")]
    pub findings: Option<PathBuf>,
    #[command(flatten)]
    pub when: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HuntFormat {
    /// Columns for people
    Table,
    /// One object with columns and rows
    Json,
    /// An object for each row
    Jsonl,
    Csv,
}

#[derive(Debug, Subcommand)]
pub enum Export {
    /// Nodes and edges, under the directory's own ids and technique names
    Graph(ExportGraph),
}

#[derive(Debug, Args)]
#[command(after_help = examples![
    "export graph --out graph.json",
    "export graph --edges reported --as-of 3 --out reported.json",
])]
pub struct ExportGraph {
    #[arg(long, value_enum, default_value_t = GraphFormat::Opengraph)]
    pub format: GraphFormat,
    /// What the files say, the steps that an attacker can take, or both
    #[arg(long, value_enum, default_value_t = Edges::All)]
    pub edges: Edges,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub when: When,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum GraphFormat {
    /// JSON that graph tools for attack paths read
    Opengraph,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Edges {
    Reported,
    Derived,
    All,
}

#[derive(Debug, Subcommand)]
pub enum Asset {
    /// Show what is known of an asset, from where, and why it is critical
    #[command(after_help = assets!["asset show WEB01.CORP.EXAMPLE"])]
    Show {
        /// The asset
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        when: When,
        #[command(flatten)]
        format: Format,
    },
    /// Take an original object out of the asset it was merged into
    #[command(after_help = assets!["asset split HOST::10.20.1.14"])]
    Split(Decision),
    /// Let an object that was split off merge again
    #[command(after_help = assets!["asset merge HOST::10.20.1.14"])]
    Merge(Decision),
}

#[derive(Debug, Args)]
pub struct Decision {
    /// The asset, or one of its original objects
    pub id: String,
    #[command(flatten)]
    pub building: Building,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Subcommand)]
pub enum Critical {
    /// Give an asset a level; attack paths lead to those of high and very high
    #[command(after_help = assets!["critical set ERP01.CORP.EXAMPLE very-high"])]
    Set {
        /// The asset
        #[arg(value_name = "ID")]
        id: String,
        /// How bad its loss would be; `none` overrules the rules
        level: Level,
        #[command(flatten)]
        building: Building,
        #[command(flatten)]
        format: Format,
    },
    /// Take back the level that was set by hand
    #[command(after_help = assets!["critical clear ERP01.CORP.EXAMPLE"])]
    Clear(Decision),
    /// List the levels that were set by hand
    List(Format),
}

/// A criticality, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(pub Option<Criticality>);

impl ValueEnum for Level {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(Some(Criticality::VeryHigh)),
            Self(Some(Criticality::High)),
            Self(Some(Criticality::Medium)),
            Self(Some(Criticality::Low)),
            Self(None),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self.0 {
            Some(Criticality::VeryHigh) => "very-high",
            Some(Criticality::High) => "high",
            Some(Criticality::Medium) => "medium",
            Some(Criticality::Low) => "low",
            None => "none",
        }))
    }
}

#[derive(Debug, Subcommand)]
pub enum Setting {
    /// List all settings, what they do and their values
    List(Format),
    /// Change a setting
    #[command(after_help = examples![
        "setting set session-window-days 7",
        "setting set flat-network-within-a-site true"
    ])]
    Set {
        /// As `setting list` shows it
        key: String,
        /// A number, or true or false
        value: String,
        #[command(flatten)]
        building: Building,
        #[command(flatten)]
        format: Format,
    },
    /// Go back to the catalog's value
    Reset {
        /// As `setting list` shows it
        key: String,
        #[command(flatten)]
        building: Building,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Subcommand)]
pub enum RuleCommand {
    /// List all rules, whether they are on, and how many assets their queries select
    List(Format),
    /// Show one rule with its query, and the assets that it selects
    #[command(after_help = examples!["rule show dns-admins"])]
    Show {
        /// An id, or a key such as control-planes/dns-admins
        #[arg(value_name = "ID")]
        rule: String,
        #[command(flatten)]
        format: Format,
    },
    /// Show what a rule would select in the current generation, beside what the one in force selects
    #[command(after_help = examples![
        "rule preview cert-publishers",
        "rule preview my-catalog/control-planes/payroll.yaml"
    ])]
    Preview {
        /// A rule, on or off, or a file that need not be installed
        #[arg(value_name = "ID_OR_FILE")]
        rule: String,
        #[command(flatten)]
        format: Format,
    },
    /// Switch a rule on
    Enable(RuleSwitch),
    /// Switch a rule off, unless it is locked
    Disable(RuleSwitch),
    /// Take the switching back: the rule is as the catalog has it
    Reset(RuleSwitch),
}

#[derive(Debug, Args)]
pub struct RuleSwitch {
    /// An id, or a key such as control-planes/dns-admins
    #[arg(value_name = "ID")]
    pub rule: String,
    #[command(flatten)]
    pub building: Building,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Subcommand)]
pub enum GenerationCommand {
    /// List the generations that can be asked, the newest first
    List {
        #[command(flatten)]
        limit: Limit,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
pub struct Build {
    /// Do not wait for another process that builds
    #[arg(long)]
    pub no_wait: bool,
    /// Say how long each phase took
    #[arg(long)]
    pub timings: bool,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check that no entry of the log was changed or taken out
    Verify(Format),
}

#[derive(Debug, Args)]
#[command(after_help = examples!["demo", "demo --listen 127.0.0.1:0 --data /tmp/demo"])]
pub struct Demo {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8686, which only this machine reaches]
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Prepare the data, and do not serve it
    #[arg(long)]
    pub no_serve: bool,
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// List all users
    List(Format),
    /// Add a user
    #[command(after_help = examples!["user add ann --role analyst", "user add ann --role analyst --password-stdin"])]
    Add {
        /// Letters from A to Z, digits and . _ - @; letter case does not tell users apart
        name: String,
        /// What the user may do
        #[arg(long, value_enum)]
        role: UserRole,
        #[command(flatten)]
        password: PasswordInput,
        #[command(flatten)]
        format: Format,
    },
    /// Set a password, which ends the user's sessions: the way back when it was lost
    #[command(after_help = examples!["user password admin"])]
    Password {
        /// As `user list` shows it
        name: String,
        #[command(flatten)]
        password: PasswordInput,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
pub struct PasswordInput {
    /// Read the password from the first line of standard input instead of generating one
    #[arg(long)]
    pub password_stdin: bool,
}

/// What a user or token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UserRole {
    /// Read what was found
    Reader,
    /// Import, build and decide besides
    Analyst,
    /// Look after users and settings besides
    Administrator,
}

impl From<UserRole> for postern_server::auth::Role {
    fn from(role: UserRole) -> Self {
        match role {
            UserRole::Reader => Self::Reader,
            UserRole::Analyst => Self::Analyst,
            UserRole::Administrator => Self::Administrator,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token that belongs to no user, and print it: its role is all that bounds it
    #[command(after_help = examples!["token create --role reader", "token create --role analyst --name nightly"])]
    Create {
        /// What it allows
        #[arg(long, value_enum)]
        role: UserRole,
        /// What it is for, as the list of tokens shows it
        #[arg(long, default_value = "command line")]
        name: String,
        /// How long it lives
        #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=365))]
        expires_in_days: u16,
    },
}

#[derive(Debug, Subcommand)]
pub enum Sample {
    /// A directory collection of a given size
    Sharphound {
        /// Bytes of JSON: 1GiB, 200MiB, 512KiB
        #[arg(long, value_parser = size_bytes)]
        size: u64,
        /// Other numbers give other collections
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// The devices of an Entra tenant and their owners, of a given size
    Azurehound {
        /// Bytes of JSON: 1GiB, 200MiB, 512KiB
        #[arg(long, value_parser = size_bytes)]
        size: u64,
        /// Other numbers give other collections
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// A directory collection of a given number of assets, or of users
    Directory {
        /// Users, computers, groups and what comes with them: about so many assets after an import
        #[arg(long, value_name = "N", required_unless_present = "users")]
        assets: Option<u64>,
        /// So many users instead, two computers for five of them, and 80 relations for each: a directory whose
        /// administration was delegated at the root
        #[arg(long, value_name = "N", conflicts_with = "assets")]
        users: Option<u64>,
        /// Other numbers give other collections
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// A small organisation with attack paths, and with what only looks like one
    Organisation {
        /// Other numbers give other organisations
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// `1GiB`, `200MiB`, `512KiB`, or a plain number of bytes.
fn size_bytes(text: &str) -> Result<u64, String> {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];
    units
        .into_iter()
        .find_map(|(unit, bytes)| text.strip_suffix(unit)?.trim().parse::<u64>().ok()?.checked_mul(bytes))
        .ok_or_else(|| "a size is a whole number with KiB, MiB or GiB behind it".to_owned())
}

#[derive(Debug, Args)]
#[command(after_help = examples!["serve", "serve --listen 127.0.0.1:0 --data /srv/postern"])]
pub struct Serve {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8686, which only this machine reaches]
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// A TOML file with data, catalog, listen and public_url; what stands on the command line counts more
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address under which people reach the server, where a proxy stands in front of it
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

#[derive(Debug, Args)]
pub struct Openapi {
    /// Write to this file instead of standard output
    #[arg(long, value_name = "PATH")]
    pub write: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Schema {
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    pub write: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_agree_with_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(size_bytes("1GiB"), Ok(1 << 30));
        assert_eq!(size_bytes("512 KiB"), Ok(512 << 10));
        assert_eq!(size_bytes("7"), Ok(7));
        assert!(size_bytes("1GB").is_err());
        assert!(size_bytes("99999999999GiB").is_err());
    }
}
