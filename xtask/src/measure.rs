//! Processor time and peak memory of a child process, from Linux's `/proc`.
//!
//! Processor time is the growth of our own account of waited-for children, so it is complete however the
//! child ends. Peak memory is the kernel's own high-water mark, asked for every few milliseconds: the last
//! answer can only miss what happened after it.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Unit of processor times in `/proc`: `USER_HZ`, 100 on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub wall_s: f64,
    /// User and system.
    pub cpu_s: f64,
    pub peak_mib: f64,
}

/// Runs a command to its end. One at a time: other children would be counted in.
///
/// # Errors
/// When it cannot be started or fails, and where there is no `/proc`.
pub fn run(command: &mut Command) -> Result<Usage> {
    run_into(command.stdout(Stdio::null()))
}

/// As [`run`], with standard output where the command has it.
///
/// # Errors
/// As [`run`].
pub fn run_into(command: &mut Command) -> Result<Usage> {
    let cpu_before = children_cpu_s()?;
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let status = loop {
        if let Some(status) = child.try_wait().context("cannot wait for the child")? {
            break status;
        }
        // A child that has just ended has no memory any more; the answer before stands.
        if let Some(kib) = fs::read_to_string(&status_file)
            .ok()
            .as_deref()
            .and_then(high_water_kib)
        {
            peak_kib = kib.max(peak_kib);
        }
        thread::sleep(POLL_INTERVAL);
    };
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(Usage {
        wall_s: started.elapsed().as_secs_f64(),
        cpu_s: children_cpu_s()? - cpu_before,
        peak_mib: f64::from(peak_kib) / 1024.0,
    })
}

/// What a process that runs has of memory.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub resident_mib: f64,
    pub peak_mib: f64,
}

/// `None` for a process that has ended.
pub fn memory(process: u32) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    Some(Memory {
        resident_mib: f64::from(kib(&status, "VmRSS:")?) / 1024.0,
        peak_mib: f64::from(high_water_kib(&status)?) / 1024.0,
    })
}

/// Processes that one has started.
pub fn children(process: u32) -> Vec<u32> {
    let ids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat"));
        stat.is_ok_and(|stat| parent(&stat) == Some(process))
    })
    .collect()
}

/// The fourth field of proc_pid_stat(5).
fn parent(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

fn high_water_kib(status: &str) -> Option<u32> {
    kib(status, "VmHWM:")
}

fn kib(status: &str, name: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn children_cpu_s() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("cannot read /proc/self/stat: this needs Linux")?;
    children_ticks(&stat)
        .map(|ticks| ticks as f64 / TICKS_PER_SECOND)
        .context("cannot understand /proc/self/stat")
}

/// Fields 16 and 17 of proc_pid_stat(5); the second field, a name in parentheses, may hold anything.
fn children_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(13);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_children_are_found_behind_a_name_with_spaces_and_parentheses() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 200 0 0 11 12 130 14 20 0 1 0 900 1000 10";
        assert_eq!(children_ticks(stat), Some(144));
        assert_eq!(parent(stat), Some(1));
    }

    #[test]
    fn the_high_water_mark_is_read_in_kib() {
        assert_eq!(
            high_water_kib("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n"),
            Some(2048)
        );
        assert_eq!(high_water_kib("Name:\tx\n"), None);
    }

    #[test]
    fn a_child_that_fails_is_an_error() {
        assert!(run(&mut Command::new("false")).is_err());
    }
}
