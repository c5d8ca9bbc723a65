//! How far long work has come: a bar on a terminal, and in a pipe no more than what explains a silence.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use postern_engine::{Progress, Silent};
use schemars::JsonSchema;
use serde::Serialize;

const TICK: Duration = Duration::from_millis(100);
/// The bar shows the last part of long names.
const NAME_LETTERS_MAX: usize = 40;

/// A bar on standard error, if that is a terminal.
pub fn progress() -> Arc<dyn Progress> {
    if io::stderr().is_terminal() {
        Arc::new(Bar::new())
    } else {
        Arc::new(Quiet)
    }
}

/// No bars; only says why nothing happens.
struct Quiet;

impl Progress for Quiet {
    fn file(&self, name: &str, bytes: u64) {
        Silent.file(name, bytes);
    }

    fn advance(&self, bytes: u64) {
        Silent.advance(bytes);
    }

    fn phase(&self, name: &str) {
        Silent.phase(name);
    }

    fn waiting(&self, holder: &str) {
        anstream::eprintln!("waiting for {holder}, which is building");
    }

    fn done(&self) {}
}

struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.enable_steady_tick(TICK);
        bar.set_style(spinner());
        Self(bar)
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn bytes_bar() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg:40} {bar:30} {bytes:>10} of {total_bytes:10} {bytes_per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for Bar {
    fn file(&self, name: &str, bytes: u64) {
        let letters: Vec<char> = name.chars().filter(|c| !c.is_control()).collect();
        let shown: String = letters[letters.len().saturating_sub(NAME_LETTERS_MAX)..]
            .iter()
            .collect();
        self.0.set_style(bytes_bar());
        self.0.set_length(bytes);
        self.0.set_position(0);
        self.0.set_message(shown);
    }

    fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    fn phase(&self, name: &str) {
        self.0.set_style(spinner());
        self.0.set_message(name.to_owned());
    }

    fn waiting(&self, holder: &str) {
        self.phase(&format!("waiting for {holder}, which is building"));
    }

    fn done(&self) {
        self.0.finish_and_clear();
    }
}

/// A part of building, and how long it took.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PhaseTime {
    pub phase: String,
    pub seconds: f64,
}

/// Takes the time of each phase, and passes on what it is told.
pub struct Timed {
    shown: Arc<dyn Progress>,
    phases: Mutex<Vec<(String, Instant)>>,
}

impl Timed {
    pub fn new(shown: Arc<dyn Progress>) -> Self {
        Self {
            shown,
            phases: Mutex::default(),
        }
    }

    /// The phases so far; the last one ends now.
    pub fn phases(&self) -> Vec<PhaseTime> {
        let phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = phases.iter().skip(1).map(|(_, end)| *end).chain([Instant::now()]);
        phases
            .iter()
            .zip(ends)
            .map(|((phase, begin), end)| PhaseTime {
                phase: phase.clone(),
                seconds: end.duration_since(*begin).as_secs_f64(),
            })
            .collect()
    }
}

impl Progress for Timed {
    fn file(&self, name: &str, bytes: u64) {
        self.shown.file(name, bytes);
    }

    fn advance(&self, bytes: u64) {
        self.shown.advance(bytes);
    }

    fn phase(&self, name: &str) {
        let mut phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        phases.push((name.to_owned(), Instant::now()));
        self.shown.phase(name);
    }

    fn waiting(&self, holder: &str) {
        self.shown.waiting(holder);
    }

    fn done(&self) {
        self.shown.done();
    }
}
