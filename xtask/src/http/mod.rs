//! Measures how fast the server answers: every operation that a page reads, and browsing while a large upload runs.
//!
//! Bar (100,000 assets, 8 clients, 1,000 requests of each): p95 of each at most 100 ms. Bar (1 GiB zip): p95 of
//! browsing at most 200 ms, the server at most 700 MiB resident. `/healthz` is the floor: the same way through the
//! server, with nothing to answer. Nothing else serves these answers, so there is no rival beside it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::bench::{machine, record, remove, said_by};
use crate::{cargo, measure, succeed, workspace};
use client::Client;

mod client;
mod upload;

const ASSETS: usize = 100_000;
const CLIENTS: usize = 8;
const REQUESTS: usize = 1_000;
/// Before the measurement, so that what is made at the first question is there.
const WARMING_REQUESTS: usize = 8;
const API: &str = "/api/v1";
/// Assets among which the largest hub is looked for.
const HUB_CANDIDATES: usize = 40;
/// How often it is asked whether the server has come up, or a job ended.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// A generation is loaded within this time, or never.
const READY_WITHIN: Duration = Duration::from_secs(180);

pub struct Options {
    assets: usize,
    clients: usize,
    requests: usize,
    /// Size of the zip that is uploaded, such as `1GiB`; none for the operations alone.
    upload: Option<String>,
    keep: Option<PathBuf>,
    record: bool,
}

impl Options {
    /// * `arguments`: those after `--http`.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            assets: ASSETS,
            clients: CLIENTS,
            requests: REQUESTS,
            upload: None,
            keep: None,
            record: false,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            let number = |text: &String| match text.parse::<usize>() {
                Ok(number) if number > 0 => Ok(number),
                _ => bail!("{argument} must be a number, 1 or more"),
            };
            match argument.as_str() {
                "--assets" => options.assets = number(value()?)?,
                "--clients" => options.clients = number(value()?)?,
                "--requests" => options.requests = number(value()?)?,
                "--upload" => options.upload = Some(value()?.clone()),
                "--keep" => options.keep = Some(value()?.into()),
                "--record" => options.record = true,
                _ => bail!("unknown option {argument}"),
            }
        }
        Ok(options)
    }
}

pub fn run(options: &Options) -> Result<ExitCode> {
    succeed(&mut cargo(&["build", "--release", "--package", "postern"]))?;
    let postern = target_folder().join("release/postern");
    let scratch = match &options.keep {
        Some(folder) => folder.clone(),
        None => workspace().join("target/bench/http"),
    };
    let data = scratch.join("data");
    if options.keep.is_none() {
        remove(&scratch)?;
    }
    if !data.exists() {
        fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
        let files = scratch.join("files");
        let assets = options.assets.to_string();
        succeed(
            Command::new(&postern)
                .args(["sample", "directory", "--assets", &assets, "--out"])
                .arg(&files),
        )?;
        let import = measure::run(Command::new(&postern).args(["import", "--data"]).arg(&data).arg(&files))?;
        println!(
            "import and build: {:.1} CPU s, {:.1} s, {:.0} MiB peak",
            import.cpu_s, import.wall_s, import.peak_mib
        );
    }
    let mut server = Server::start(&postern, &data)?;
    server.ready_s = server.wait_for_generation()?;
    println!(
        "load average {}; a generation in place after {:.1} s",
        load(),
        server.ready_s
    );
    match &options.upload {
        Some(size) => upload::run(options, &postern, &scratch, &server, size)?,
        None => operations(options, &server)?,
    }
    drop(server);
    if options.keep.is_none() {
        remove(&scratch)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where cargo leaves what it builds.
pub fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// The server under measurement; it ends with this value.
pub struct Server {
    process: Child,
    started: Instant,
    address: String,
    token: String,
    /// From the start to the first answer from a generation.
    ready_s: f64,
}

impl Server {
    /// Starts a server, and waits until it listens.
    pub fn start(postern: &Path, data: &Path) -> Result<Self> {
        let token = Command::new(postern)
            .args([
                "token",
                "create",
                "--role",
                "administrator",
                "--expires-in-days",
                "1",
                "--data",
            ])
            .arg(data)
            .output()
            .context("cannot make a token")?;
        let token = String::from_utf8_lossy(&token.stdout);
        let token = token.split_whitespace().find(|word| word.starts_with("postern_"));
        let token = token.context("`postern token create` printed no token")?.to_owned();
        // Every request is logged, as in service.
        let log = data.with_extension("log");
        let log = fs::File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        let started = Instant::now();
        let mut process = Command::new(postern)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start the server")?;
        let output = process.stdout.take().context("the server has no output")?;
        let address = BufReader::new(output).lines().map_while(Result::ok).find_map(|line| {
            let url = line.strip_prefix("listening on http://")?;
            Some(url.to_owned())
        });
        Ok(Self {
            process,
            started,
            address: address.context("the server ended before it listened")?,
            token,
            ready_s: 0.0,
        })
    }

    /// Waits for the first answer from a generation: seconds since the server was started.
    pub fn wait_for_generation(&self) -> Result<f64> {
        let mut client = self.client()?;
        while client.get(&format!("{API}/overview"))? != 200 {
            if self.started.elapsed() > READY_WITHIN {
                bail!("no generation within {} s", READY_WITHIN.as_secs());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(self.started.elapsed().as_secs_f64())
    }

    /// What is asked of the generation that is served.
    pub fn json(&self, path: &str) -> Result<Value> {
        self.client()?.json(&format!("{API}{path}"))
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    fn client(&self) -> Result<Client> {
        Client::connect(&self.address, &self.token)
    }

    fn memory(&self) -> Result<measure::Memory> {
        measure::memory(self.process.id()).context("the server has ended")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is asked.
struct Question {
    /// As the table names it, with `{hub}` and the like in the place of ids.
    name: String,
    path: String,
}

/// All that pages read, with ids of this estate.
fn questions(client: &mut Client) -> Result<Vec<Question>> {
    let mut ask = |path: &str| client.json(&format!("{API}{path}"));
    let hub = largest_hub(&mut ask)?;
    let first = |page: &Value, field: &str| -> Result<String> {
        let value = &page["items"][0][field];
        match value {
            Value::String(text) => Ok(encoded(text)),
            Value::Number(number) => Ok(number.to_string()),
            _ => bail!("no {field} in {page}"),
        }
    };
    let paths = ask("/paths?limit=1")?;
    let (path, entry) = (first(&paths, "id")?, first(&paths, "entry")?);
    let (target, scenario) = (first(&paths, "target")?, first(&paths, "scenario")?);
    let steps = ask(&format!("/assets/{hub}/edges?limit=1"))?;
    let (step, technique) = (first(&steps, "id")?, first(&steps, "technique")?);
    let asset = first(&ask("/assets?view=devices&sort=-paths&limit=1")?, "id")?;
    let source = first(&ask("/sources")?, "id")?;
    let ids = [
        ("{path}", path),
        ("{entry}", entry),
        ("{target}", target),
        ("{scenario}", scenario),
        ("{hub}", hub),
        ("{step}", step),
        ("{technique}", technique),
        ("{asset}", asset),
        ("{source}", source),
    ];
    let question = |name: &&str| {
        let filled = ids
            .iter()
            .fold((*name).to_owned(), |path, (mark, id)| path.replace(mark, id));
        Question {
            path: if *name == FLOOR {
                filled
            } else {
                format!("{API}{filled}")
            },
            name: (*name).to_owned(),
        }
    };
    Ok(QUESTIONS.iter().map(question).collect())
}

/// What costs nothing to answer.
const FLOOR: &str = "/healthz";

#[rustfmt::skip]
const QUESTIONS: [&str; 57] = [
    FLOOR, "/session", "/state", "/about", "/overview", "/changes", "/coverage", "/generations",
    "/paths", "/paths?limit=500", "/paths?sort=-cost", "/paths?risk=critical,high&basis=inferred",
    "/paths?scenario={scenario}", "/paths?entry={entry}", "/paths?target={target}", "/paths?through={hub}",
    "/paths?technique={technique}", "/paths?q=a", "/paths?offset=500&limit=50", "/paths/{path}",
    "/scenarios", "/exposed-critical-assets", "/entry-points", "/entry-points?limit=500", "/entry-points?q=a",
    "/targets", "/choke-points", "/choke-points?limit=500",
    "/assets", "/assets?limit=500", "/assets?view=devices", "/assets?view=identities&sort=-paths",
    "/assets?sort=-last_seen", "/assets?sort=criticality", "/assets?q=a", "/assets?q=admin", "/assets?kind=User",
    "/assets?state=on-path", "/assets?offset=90000",
    "/assets/{asset}", "/assets/{hub}", "/assets/{asset}/edges", "/assets/{hub}/edges",
    "/assets/{hub}/edges?limit=500", "/assets/{hub}/edges?kind=reported", "/assets/{hub}/edges?technique={technique}",
    "/assets/{asset}/findings", "/assets/{hub}/paths", "/assets/{entry}/blast-radius", "/blast-radius",
    "/steps/{step}", "/search?q=a", "/search?q=admin", "/techniques", "/sources", "/sources/{source}", "/jobs",
];

/// The asset with most steps, among those that paths and groups lead through; percent-encoded.
fn largest_hub(ask: &mut impl FnMut(&str) -> Result<Value>) -> Result<String> {
    let mut largest = (0, String::new());
    for list in [
        "/assets?kind=Group&sort=-paths",
        "/assets?kind=Group&q=users",
        "/assets?sort=criticality",
        "/targets",
    ] {
        let mark = if list.contains('?') { '&' } else { '?' };
        let page = ask(&format!("{list}{mark}limit={HUB_CANDIDATES}"))?;
        for item in page["items"].as_array().into_iter().flatten() {
            let id = encoded(item["id"].as_str().unwrap_or_default());
            let steps = ask(&format!("/assets/{id}/edges?limit=1"))?["total"]
                .as_u64()
                .unwrap_or(0);
            largest = largest.max((steps, id));
        }
    }
    println!("largest hub: {} with {} steps", largest.1, largest.0);
    Ok(largest.1)
}

/// For a place in a URL.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().fold(String::new(), |mut all, byte| {
        match plain(byte) {
            true => all.push(byte.into()),
            false => all += &format!("%{byte:02X}"),
        }
        all
    })
}

/// Times of the requests of one kind, sorted.
struct Times(Vec<Duration>);

impl Times {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time within which so many of a hundred requests were answered, in milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }

    fn line(&self) -> String {
        format!(
            "{:>8} {:>8.1} {:>8.1} {:>8.1}",
            self.0.len(),
            self.percentile(50),
            self.percentile(95),
            self.percentile(100)
        )
    }
}

const HEAD: &str = "requests   p50 ms   p95 ms   max ms";

fn operations(options: &Options, server: &Server) -> Result<()> {
    let questions = questions(&mut server.client()?)?;
    let loaded = server.memory()?;
    println!("{:60} {HEAD}", "operation");
    let mut slowest = (0.0, String::new());
    let (mut floor, mut all) = (0.0, Vec::new());
    let load_before = load();
    for question in &questions {
        let times = many(options.clients, options.requests, server, &question.path)?;
        println!("{:60} {}", question.name, times.line());
        let p95 = times.percentile(95);
        if question.name == FLOOR {
            floor = p95;
        }
        if p95 > slowest.0 {
            slowest = (p95, question.name.clone());
        }
        all.extend(times.0);
    }
    let all = Times::new(all);
    let memory = server.memory()?;
    println!("{:60} {}", "all", all.line());
    println!(
        "slowest p95: {:.1} ms, {}; load average {}",
        slowest.0,
        slowest.1,
        load()
    );
    println!(
        "resident: {:.0} MiB when loaded, {:.0} MiB at the end, {:.0} MiB peak",
        loaded.resident_mib, memory.resident_mib, memory.peak_mib
    );
    if options.record {
        record(
            "Answers",
            &format!(
                "| {} | {} | {} × {} | {} | {:.1} | {:.1} | {:.1} `{}` | {:.1} | {:.0} / {:.0} | {load_before} \
                 | {} | {} |",
                said_by("date", &["-u", "+%F %H:%M"]),
                options.assets,
                options.clients,
                options.requests,
                questions.len(),
                all.percentile(50),
                all.percentile(95),
                slowest.0,
                slowest.1,
                floor,
                memory.resident_mib,
                memory.peak_mib,
                machine(),
                said_by("git", &["describe", "--always", "--dirty"]),
            ),
        )?;
    }
    Ok(())
}

/// So many clients ask the same, each as soon as it has its answer, so many times together.
fn many(clients: usize, requests: usize, server: &Server, path: &str) -> Result<Times> {
    let mut warming = server.client()?;
    for _ in 0..WARMING_REQUESTS {
        let status = warming.get(path)?;
        if status != 200 {
            bail!("GET {path}: {status}");
        }
    }
    let left = AtomicUsize::new(requests);
    let one = || -> Result<Vec<Duration>> {
        let mut client = server.client()?;
        let mut times = Vec::new();
        while left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok()
        {
            times.push(timed(&mut client, path)?);
        }
        Ok(times)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(one)).collect();
        let mut all = Vec::new();
        for thread in threads {
            let Ok(times) = thread.join() else {
                bail!("a client panicked")
            };
            all.extend(times?);
        }
        Ok(Times::new(all))
    })
}

fn timed(client: &mut Client, path: &str) -> Result<Duration> {
    let begun = Instant::now();
    let status = client.get(path)?;
    let time = begun.elapsed();
    if status != 200 {
        bail!("GET {path}: {status}");
    }
    Ok(time)
}

/// Asks again and again until it is told to stop.
fn browse(server: &Server, path: &str, stop: &AtomicBool) -> Result<Vec<(Instant, Duration)>> {
    let mut client = server.client()?;
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        times.push((begun, timed(&mut client, path)?));
        std::thread::sleep(upload::BROWSE_PAUSE);
    }
    Ok(times)
}

/// Of the last minute: what else the machine did makes the numbers worse.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_within_which_so_many_were_answered() {
        let times = Times::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!([50, 95, 100].map(|it| times.percentile(it)), [50.0, 95.0, 100.0]);
        let few = Times::new(vec![Duration::from_millis(7), Duration::from_millis(3)]);
        assert_eq!([50, 95].map(|it| few.percentile(it)), [3.0, 7.0]);
        assert_eq!(Times::new(Vec::new()).percentile(95), 0.0);
    }

    #[test]
    fn ids_are_encoded_for_urls() {
        assert_eq!(encoded("entry:users:S-1-5 ä"), "entry%3Ausers%3AS-1-5%20%C3%A4");
    }

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        let parse = |text: &str| Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let options = parse("--assets 500 --clients 2 --upload 1GiB").unwrap();
        assert_eq!((options.assets, options.clients, options.requests), (500, 2, REQUESTS));
        assert_eq!(options.upload.as_deref(), Some("1GiB"));
        for (text, message) in [
            ("--clients 0", "--clients must be a number, 1 or more"),
            ("--requests", "--requests needs a value"),
            ("--slow", "unknown option --slow"),
        ] {
            assert_eq!(parse(text).err().map(|it| it.to_string()).as_deref(), Some(message));
        }
    }
}
