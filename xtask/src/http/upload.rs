//! Browsing while a large zip is received, read, and built from; and ending each of these.

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::client::{self, Client};
use super::{API, HEAD, Options, POLL_INTERVAL, Server, Times, browse, load};
use crate::bench::{machine, record, said_by};
use crate::{measure, succeed};

const BROWSERS: usize = 2;
/// People look at what they have asked for before they go on.
pub const BROWSE_PAUSE: Duration = Duration::from_millis(20);
const BROWSED: &str = "/api/v1/paths";
const CHUNK_BYTES: usize = 256 << 10;
const BOUNDARY: &str = "postern-bench-boundary";
/// An upload that is cancelled while it is received is cancelled after so many bytes.
const CANCEL_AFTER_BYTES: u64 = 64 << 20;
/// What has begun is cancelled after so long.
const CANCEL_AFTER: Duration = Duration::from_secs(2);
/// Files that nobody wants any more are removed beside other work.
const GONE_WITHIN: Duration = Duration::from_secs(5);
/// Nothing measured takes longer.
const PHASE_MAX: Duration = Duration::from_secs(1200);

/// Stores the files in a zip without packing them: the zip has the size that was asked for.
const ZIP: &str = r#"
import pathlib, sys, zipfile
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_STORED, allowZip64=True) as zip:
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        zip.write(path, path.name)
"#;

/// What the server and its worker took of memory in a phase.
#[derive(Clone, Copy, Default)]
struct Most {
    server_mib: f64,
    worker_mib: f64,
}

struct Phase {
    name: &'static str,
    begun: Instant,
    ended: Instant,
    most: Most,
}

pub fn run(options: &Options, postern: &Path, scratch: &Path, server: &Server, size: &str) -> Result<()> {
    let zip = write_zip(postern, scratch, size)?;
    let bytes = fs::metadata(&zip).context("the zip is gone")?.len();
    println!("zip of {bytes} bytes; load average {}", load());
    cancelled_uploads(server, scratch, &zip)?;

    let stop = AtomicBool::new(false);
    let (phases, times) = std::thread::scope(|scope| {
        let browsers: Vec<_> = (0..BROWSERS)
            .map(|_| scope.spawn(|| browse(server, BROWSED, &stop)))
            .collect();
        let phases = phases(server, &zip);
        stop.store(true, Ordering::Relaxed);
        let mut times = Vec::new();
        for browser in browsers {
            let Ok(some) = browser.join() else {
                bail!("a browser panicked")
            };
            times.extend(some?);
        }
        Ok((phases?, times))
    })?;
    println!("{:12} {HEAD}  seconds   server MiB   worker MiB", "phase");
    let mut worst_p95 = 0.0_f64;
    let mut told = Vec::new();
    for phase in &phases {
        let during = times
            .iter()
            .filter(|(begun, _)| (phase.begun..phase.ended).contains(begun));
        let during = Times::new(during.map(|&(_, time)| time).collect());
        let seconds = (phase.ended - phase.begun).as_secs_f64();
        println!(
            "{:12} {} {seconds:>8.1} {:>12.0} {:>12.0}",
            phase.name,
            during.line(),
            phase.most.server_mib,
            phase.most.worker_mib
        );
        worst_p95 = worst_p95.max(during.percentile(95));
        told.push(format!("{} {:.1}", phase.name, during.percentile(95)));
    }
    let server_mib = phases.iter().map(|it| it.most.server_mib).fold(0.0, f64::max);
    let worker_mib = phases.iter().map(|it| it.most.worker_mib).fold(0.0, f64::max);
    println!(
        "worst p95 {worst_p95:.1} ms; server {server_mib:.0} MiB; worker {worker_mib:.0} MiB; load {}",
        load()
    );
    if options.record {
        record(
            "Browsing beside an upload",
            &format!(
                "| {} | {} | {bytes} | {} | {server_mib:.0} | {worker_mib:.0} | {} | {} | {} |",
                said_by("date", &["-u", "+%F %H:%M"]),
                options.assets,
                told.join(", "),
                load(),
                machine(),
                said_by("git", &["describe", "--always", "--dirty"]),
            ),
        )?;
    }
    Ok(())
}

fn write_zip(postern: &Path, scratch: &Path, size: &str) -> Result<PathBuf> {
    let zip = scratch.join(format!("{size}.zip"));
    if !zip.exists() {
        let files = scratch.join("zipped");
        succeed(
            Command::new(postern)
                .args(["sample", "sharphound", "--size", size, "--out"])
                .arg(&files),
        )?;
        succeed(Command::new("python3").args(["-c", ZIP]).arg(&files).arg(&zip))?;
    }
    Ok(zip)
}

/// Sends the file, and gives the job; a sending that the server ends gives none.
fn send(server: &Server, zip: &Path, sent: &Mutex<u64>) -> Result<Option<String>> {
    let file = File::open(zip).with_context(|| format!("cannot open {}", zip.display()))?;
    let head = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"source\"\r\n\r\nbench\r\n--{BOUNDARY}\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"bench.zip\"\r\n\
         content-type: application/zip\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    let length = head.len() as u64 + file.metadata().context("no size")?.len() + tail.len() as u64;
    let mut stream = client::connect(&server.address)?;
    let request = format!(
        "POST {API}/uploads HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: multipart/form-data; boundary={BOUNDARY}\r\ncontent-length: {length}\r\n\r\n{head}",
        server.address, server.token
    );
    stream.write_all(request.as_bytes()).context("cannot send")?;
    let mut file = BufReader::with_capacity(CHUNK_BYTES, file);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut chunk).context("cannot read the zip")?;
        if read == 0 {
            break;
        }
        if stream.write_all(&chunk[..read]).is_err() {
            return Ok(None);
        }
        if let Ok(mut sent) = sent.lock() {
            *sent += read as u64;
        }
    }
    stream.write_all(tail.as_bytes()).context("cannot send")?;
    let mut body = Vec::new();
    let status = client::read_answer(&mut BufReader::new(stream), &mut body)?;
    if status != 202 {
        return Ok(None);
    }
    let job: Value = serde_json::from_slice(&body).context("no job")?;
    Ok(job["id"].as_str().map(str::to_owned))
}

/// The newest job of a kind that has not ended.
fn open_job(client: &mut Client, kind: &str) -> Result<Option<String>> {
    let jobs = client.json(&format!("{API}/jobs?limit=20"))?;
    let open =
        jobs["items"].as_array().into_iter().flatten().find(|job| {
            job["kind"] == kind && matches!(job["state"].as_str(), Some("receiving" | "queued" | "running"))
        });
    Ok(open.and_then(|job| job["id"].as_str()).map(str::to_owned))
}

fn job_state(client: &mut Client, id: &str) -> Result<String> {
    let job = client.json(&format!("{API}/jobs/{id}"))?;
    Ok(job["state"].as_str().unwrap_or_default().to_owned())
}

/// Cancels a job, and gives the time until it has ended.
fn cancel(server: &Server, client: &mut Client, job: &str) -> Result<Duration> {
    let begun = Instant::now();
    let status = client.delete(&format!("{API}/jobs/{job}"))?;
    if status != 204 {
        bail!("DELETE /jobs/{job}: {status}");
    }
    until(server, &mut Most::default(), || {
        Ok((job_state(client, job)? == "cancelled").then_some(()))
    })?;
    Ok(begun.elapsed())
}

/// Waits for something, and watches the memory meanwhile.
fn until<T>(server: &Server, most: &mut Most, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        most.server_mib = most.server_mib.max(server.memory()?.resident_mib);
        for child in measure::children(server.process.id()) {
            // One that has just ended takes nothing.
            let memory = measure::memory(child).map_or(0.0, |it| it.resident_mib);
            most.worker_mib = most.worker_mib.max(memory);
        }
        if begun.elapsed() > PHASE_MAX {
            bail!("a phase took more than {} s", PHASE_MAX.as_secs());
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Quiet, receiving, reading, building, and the new generation put in place.
fn phases(server: &Server, zip: &Path) -> Result<Vec<Phase>> {
    let mut client = server.client()?;
    let mut phases = Vec::new();
    let mut phase = |name, look: &mut dyn FnMut() -> Result<Option<()>>| -> Result<()> {
        let (begun, mut most) = (Instant::now(), Most::default());
        until(server, &mut most, look)?;
        phases.push(Phase {
            name,
            begun,
            ended: Instant::now(),
            most,
        });
        println!("{name} done after {:.1} s", begun.elapsed().as_secs_f64());
        Ok(())
    };
    let begun = Instant::now();
    phase("quiet", &mut || {
        Ok((begun.elapsed() > Duration::from_secs(5)).then_some(()))
    })?;
    let before = client.json(&format!("{API}/state"))?["generation"].clone();
    let job = std::thread::scope(|scope| -> Result<String> {
        let sent = Mutex::new(0);
        let sending = scope.spawn(move || send(server, zip, &sent));
        phase("receiving", &mut || Ok(sending.is_finished().then_some(())))?;
        let Ok(job) = sending.join() else {
            bail!("the upload panicked")
        };
        job?.context("the upload was not accepted")
    })?;
    phase("reading", &mut || match job_state(&mut client, &job)?.as_str() {
        "done" => Ok(Some(())),
        "queued" | "running" => Ok(None),
        other => bail!("the import is {other}"),
    })?;
    let build = until(server, &mut Most::default(), || open_job(&mut client, "build"))?;
    std::thread::sleep(CANCEL_AFTER);
    let took = cancel(server, &mut client, &build)?;
    if client.json(&format!("{API}/state"))?["generation"] != before {
        bail!("a cancelled build has left a generation");
    }
    println!(
        "cancelled while building: {:.1} s, and the generation before stays",
        took.as_secs_f64()
    );
    let build = client.post(&format!("{API}/generations"))?;
    let build = build["id"].as_str().context("no job")?.to_owned();
    phase("building", &mut || match job_state(&mut client, &build)?.as_str() {
        "done" => Ok(Some(())),
        "queued" | "running" => Ok(None),
        other => bail!("the build is {other}"),
    })?;
    phase("swapping", &mut || {
        let state = client.json(&format!("{API}/state"))?;
        Ok((state["generation"] != before).then_some(()))
    })?;
    let begun = Instant::now();
    phase("afterwards", &mut || {
        Ok((begun.elapsed() > Duration::from_secs(5)).then_some(()))
    })?;
    Ok(phases)
}

/// Cancels an upload while it is received, and another while it is read: nothing of either may stay.
fn cancelled_uploads(server: &Server, scratch: &Path, zip: &Path) -> Result<()> {
    for is_receiving in [true, false] {
        let mut client = server.client()?;
        let before = client.json(&format!("{API}/sources"))?;
        let sent = Mutex::new(0);
        let took = std::thread::scope(|scope| -> Result<Duration> {
            let sending = scope.spawn(|| send(server, zip, &sent));
            let mut unwatched = Most::default();
            let job = match is_receiving {
                true => until(server, &mut unwatched, || {
                    let is_far = sent.lock().is_ok_and(|sent| *sent > CANCEL_AFTER_BYTES);
                    if is_far {
                        open_job(&mut client, "import")
                    } else {
                        Ok(None)
                    }
                })?,
                false => {
                    let Ok(job) = sending.join() else {
                        bail!("the upload panicked")
                    };
                    let job = job?.context("the upload was not accepted")?;
                    until(server, &mut unwatched, || {
                        Ok((job_state(&mut client, &job)? == "running").then_some(()))
                    })?;
                    std::thread::sleep(CANCEL_AFTER);
                    job
                }
            };
            cancel(server, &mut client, &job)
        })?;
        let spool = scratch.join("data/uploads");
        let begun = Instant::now();
        while fs::read_dir(&spool).is_ok_and(|mut entries| entries.next().is_some()) {
            if begun.elapsed() > GONE_WITHIN {
                bail!("{} is not empty after a cancelled upload", spool.display());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        if client.json(&format!("{API}/sources"))? != before {
            bail!("a cancelled upload has left something");
        }
        let when = if is_receiving { "received" } else { "read" };
        println!(
            "cancelled while being {when}: {:.1} s, and nothing is left",
            took.as_secs_f64()
        );
    }
    Ok(())
}
