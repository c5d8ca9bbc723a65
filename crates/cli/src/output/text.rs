//! Text for people: wrapped at the terminal's width, coloured on a terminal only, numbers and ages as one says them.
//!
//! Start at [`Page`]. Everything a command says goes through [`Line`], which takes control characters out of names
//! that somebody else chose: an account's name must not be able to move the cursor.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use jiff::{SignedDuration, Timestamp};
use postern_report::words::counted;

/// A terminal of an unlikely width is not wrapped at; nobody reads columns of ten letters.
const WIDTH_MIN: usize = 40;
/// Long lines are hard to read, however wide the window is.
const WIDTH_MAX: usize = 120;

/// A line of text in the making. Pieces follow each other without space.
#[derive(Clone, Debug, Default)]
pub struct Line(Vec<(Style, String)>);

impl Line {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.piece(Style::new(), text.as_ref())
    }

    pub fn bold(self, text: impl AsRef<str>) -> Self {
        self.piece(Style::new().bold(), text.as_ref())
    }

    pub fn dim(self, text: impl AsRef<str>) -> Self {
        self.piece(Style::new().dimmed(), text.as_ref())
    }

    /// A word in the colour of a risk.
    pub fn risk(self, risk: &str) -> Self {
        let colour = match risk {
            "critical" => AnsiColor::Red,
            "high" => AnsiColor::Yellow,
            "medium" => AnsiColor::Cyan,
            _ => AnsiColor::White,
        };
        self.piece(colour.on_default().bold(), risk)
    }

    pub fn good(self, text: impl AsRef<str>) -> Self {
        self.piece(AnsiColor::Green.on_default(), text.as_ref())
    }

    pub fn bad(self, text: impl AsRef<str>) -> Self {
        self.piece(AnsiColor::Red.on_default(), text.as_ref())
    }

    /// This line, and the other behind it.
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn piece(mut self, style: Style, text: &str) -> Self {
        self.0.push((style, tame(text)));
        self
    }

    fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new().plain(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::new().plain(text)
    }
}

/// Replaces control characters, and those that turn the direction of writing.
fn tame(text: &str) -> String {
    let is_unsafe = |c: char| {
        c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    text.chars()
        .map(|c| if is_unsafe(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// What a command says, as text with styles.
pub struct Page {
    text: String,
    /// `None` where nothing is wrapped.
    width: Option<usize>,
}

impl Page {
    /// For standard output: wrapped on a terminal, and not in a pipe, where lines are searched.
    pub fn new() -> Self {
        let width = io::stdout()
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| usize::from(width.0).min(WIDTH_MAX))
            .filter(|&width| width >= WIDTH_MIN);
        Self {
            text: String::new(),
            width,
        }
    }

    /// A line, indented by so many columns; what does not fit goes on below, indented as much.
    pub fn line(&mut self, indent: usize, line: impl Into<Line>) {
        self.hanging(indent, indent, line);
    }

    /// A line whose further lines are indented by `rest`.
    pub fn hanging(&mut self, indent: usize, rest: usize, line: impl Into<Line>) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.words(indent, rest, &line.into());
        self.end_line();
    }

    /// Writes a line from a column on; its further lines are indented by `rest`.
    fn words(&mut self, mut column: usize, rest: usize, line: &Line) {
        let mut is_start = true;
        // Spaces are written with the word behind them, and dropped where the line is broken.
        let mut gap = 0;
        for (style, text) in &line.0 {
            self.text.push_str(&style.to_string());
            for part in text.split_inclusive(' ') {
                let word = part.trim_end_matches(' ');
                let length = word.chars().count();
                if length > 0 && !is_start && self.width.is_some_and(|width| column + gap + length > width) {
                    self.text.push('\n');
                    (column, gap) = (0, rest);
                }
                if length > 0 {
                    self.text.extend(std::iter::repeat_n(' ', gap));
                    self.text.push_str(word);
                    column += gap + length;
                    gap = 0;
                    is_start = false;
                }
                gap += part.len() - word.len();
            }
            self.text.push_str(&format!("{style:#}"));
        }
    }

    /// A line that is never wrapped, whatever the terminal's width.
    pub fn unwrapped(&mut self, indent: usize, line: impl Into<Line>) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        for (style, text) in &line.into().0 {
            self.text.push_str(&format!("{style}{text}{style:#}"));
        }
        self.end_line();
    }

    pub fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    pub fn heading(&mut self, text: impl AsRef<str>) {
        self.blank();
        self.line(0, Line::new().bold(text));
    }

    /// Rows in columns that are as wide as their widest cell; the last one is wrapped. Numbers stand right.
    pub fn table<const N: usize>(&mut self, indent: usize, heads: [&str; N], rows: Vec<[Line; N]>) {
        let is_number = |column: usize| {
            !rows.is_empty()
                && rows.iter().all(|row| {
                    row[column]
                        .0
                        .iter()
                        .all(|(_, text)| text.chars().all(|c| c.is_ascii_digit() || c == ','))
                })
        };
        let right: Vec<bool> = (0..N).map(is_number).collect();
        let heads = heads.map(|head| Line::new().dim(head));
        let width = |column: usize| {
            rows.iter()
                .chain([&heads])
                .map(|row| row[column].width())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..N).map(width).collect();
        let has_heads = heads.iter().any(|head| head.width() > 0);
        // Where the last column would be too narrow, it is wrapped under the others.
        let last = indent + widths[..N - 1].iter().map(|width| width + 2).sum::<usize>();
        let rest = match self.width {
            Some(width) if last + WIDTH_MIN / 2 > width => indent + 2,
            _ => last,
        };
        for row in has_heads.then_some(&heads).into_iter().chain(&rows) {
            self.text.extend(std::iter::repeat_n(' ', indent));
            for (column, cell) in row.iter().enumerate() {
                if column + 1 == N && !right[column] {
                    self.words(last, rest, cell);
                    continue;
                }
                let pad = widths[column].saturating_sub(cell.width());
                let (before, after) = if right[column] { (pad, 0) } else { (0, pad) };
                self.text.extend(std::iter::repeat_n(' ', before));
                for (style, text) in &cell.0 {
                    self.text.push_str(&format!("{style}{text}{style:#}"));
                }
                if column + 1 < N {
                    self.text.extend(std::iter::repeat_n(' ', after + 2));
                }
            }
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let end = self.text.trim_end_matches(' ').len();
        self.text.truncate(end);
        self.text.push('\n');
    }

    /// Writes the page to standard output; colours are taken out where they are not wanted.
    ///
    /// # Errors
    /// Those of standard output.
    pub fn print(&self) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        out.write_all(self.text.as_bytes())?;
        out.flush()
    }

    /// Writes the page to standard error.
    pub fn print_aside(&self) {
        anstream::eprint!("{}", self.text);
    }

    #[cfg(test)]
    fn with_width(width: usize) -> Self {
        Self {
            text: String::new(),
            width: Some(width),
        }
    }

    #[cfg(test)]
    fn stripped(&self) -> String {
        anstream::adapter::strip_str(&self.text).to_string()
    }
}

/// How long ago, roughly: `less than a minute old`, `5 minutes old`, `3 hours old`, `12 days old`.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let age = now.duration_since(at);
    if age < SignedDuration::ZERO {
        return "dated later than now".to_owned();
    }
    let whole = |number: i64, one: &str, many: &str| format!("{} old", counted(number.unsigned_abs(), one, many));
    match age.as_hours() {
        0 if age.as_mins() == 0 => "less than a minute old".to_owned(),
        0 => whole(age.as_mins(), "minute", "minutes"),
        hours @ 1..48 => whole(hours, "hour", "hours"),
        hours => whole(hours / 24, "day", "days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_send_commands_to_the_terminal() {
        let mut page = Page::with_width(80);
        page.line(0, "a\u{1b}[2Jb\u{202e}c\nd");
        assert_eq!(page.text, "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\n");
    }

    #[test]
    fn long_lines_go_on_below_at_the_same_indent_and_lose_no_word() {
        let mut page = Page::with_width(20);
        page.line(4, Line::new().plain("one two three ").bold("four five").plain(" six"));
        assert_eq!(page.stripped(), "    one two three\n    four five six\n");
    }

    #[test]
    fn columns_are_aligned_and_numbers_stand_right() {
        let mut page = Page::with_width(80);
        page.table(
            0,
            ["name", "rows"],
            vec![["a".into(), "1".into()], ["long name".into(), "1,000".into()]],
        );
        assert_eq!(
            page.stripped(),
            "name        rows\na              1\nlong name  1,000\n"
        );
    }

    #[test]
    fn the_last_column_is_wrapped_under_itself_or_where_it_would_be_narrow_under_the_row() {
        let rows = || vec![["a".into(), "one two three four".into()]];
        let mut page = Page::with_width(32);
        page.table(2, ["name", "words"], rows());
        assert_eq!(page.stripped(), "  name  words\n  a     one two three four\n");
        let mut page = Page::with_width(30);
        page.table(
            2,
            ["name", "words"],
            vec![["a".into(), "one two three four five".into()]],
        );
        assert_eq!(
            page.stripped(),
            "  name  words\n  a     one two three four\n        five\n"
        );
        let mut page = Page::with_width(24);
        page.table(2, ["name", "words"], rows());
        assert_eq!(page.stripped(), "  name  words\n  a     one two three\n    four\n");
    }

    #[test]
    fn ages_are_told_in_the_unit_one_would_use() {
        let now: Timestamp = "2026-01-20T00:00:00Z".parse().expect("a time");
        let of = |text: &str| age(text.parse().expect("a time"), now);
        assert_eq!(of("2026-01-19T23:59:59Z"), "less than a minute old");
        assert_eq!(of("2026-01-19T23:59:00Z"), "1 minute old");
        assert_eq!(of("2026-01-19T01:00:00Z"), "23 hours old");
        assert_eq!(of("2025-12-20T00:00:00Z"), "31 days old");
        assert_eq!(of("2026-01-21T00:00:00Z"), "dated later than now");
    }
}
