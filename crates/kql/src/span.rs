//! Where something stands in the text of a query.

/// A range of bytes of the query's text: `start` is the first, `end` the one behind the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        // Queries are limited to far below 4 GiB (`parser::TEXT_BYTES_MAX`), so nothing is cut off.
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    pub fn text(self, query: &str) -> &str {
        query.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Line and column as people count them: both begin at 1, columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Position {
    /// The position of a byte of the text; behind the end it is the end.
    pub fn of(query: &str, byte: u32) -> Self {
        let mut end = (byte as usize).min(query.len());
        while !query.is_char_boundary(end) {
            end -= 1;
        }
        let before = &query[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: 1 + before.matches('\n').count() as u32,
            column: 1 + before[line_start..].chars().count() as u32,
        }
    }
}
