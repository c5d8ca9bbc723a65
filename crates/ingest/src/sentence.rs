//! Sentences for people that quote what a file says: on one line, and short enough to read.
//!
//! [`crate::Format::read`] brings those of every format into this shape, so that no format has to think of
//! a name of many megabytes, or of one with line breaks in it.

use postern_model::{Batch, Reject};

use crate::{IngestError, Sink, SinkError};

/// Longest sentence about a file, in characters; the middle of a longer one is left out.
pub const SENTENCE_CHARACTERS_MAX: usize = 600;

/// Of these the beginning keeps so many; the rest is for the end, which says what to do.
const BEGINNING_CHARACTERS: usize = 400;

const GAP: &str = " … ";

/// A sink whose rejects are one short line each.
pub(crate) struct Tidy<'s>(pub &'s mut dyn Sink);

impl Sink for Tidy<'_> {
    fn rows(&mut self, rows: Batch) -> Result<(), SinkError> {
        self.0.rows(rows)
    }

    fn reject(&mut self, reject: Reject) {
        self.0.reject(Reject {
            position: tidy(reject.position),
            reason: tidy(reject.reason),
        });
    }
}

/// The same error, its texts one short line each.
pub(crate) fn tidy_error(error: IngestError) -> IngestError {
    match error {
        IngestError::Unsupported {
            name,
            found,
            understood,
        } => IngestError::Unsupported {
            name,
            found: tidy(found),
            understood,
        },
        IngestError::Malformed { name, position, reason } => IngestError::Malformed {
            name,
            position: tidy(position),
            reason: tidy(reason),
        },
        IngestError::Io { .. } | IngestError::Empty { .. } | IngestError::Unknown { .. } | IngestError::Sink(_) => {
            error
        }
    }
}

fn tidy(text: String) -> String {
    if text.chars().nth(SENTENCE_CHARACTERS_MAX).is_some() {
        let ending_characters = SENTENCE_CHARACTERS_MAX - BEGINNING_CHARACTERS - GAP.chars().count();
        let beginning = text.chars().take(BEGINNING_CHARACTERS);
        let ending_start = text
            .char_indices()
            .nth_back(ending_characters - 1)
            .map_or(0, |(at, _)| at);
        let shorter: String = beginning
            .chain(GAP.chars())
            .chain(text[ending_start..].chars())
            .collect();
        shorter.replace(char::is_control, " ")
    } else if text.contains(char::is_control) {
        text.replace(char::is_control, " ")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_quotes_too_much_keeps_its_beginning_and_its_end() {
        let sentence = format!("the type `{}` is not known; export it again", "é".repeat(1_000_000));
        let tidied = tidy(sentence);
        assert_eq!(tidied.chars().count(), SENTENCE_CHARACTERS_MAX);
        assert!(tidied.starts_with("the type `éé"), "{tidied}");
        assert!(tidied.ends_with("` is not known; export it again"), "{tidied}");
    }

    #[test]
    fn a_sentence_is_one_line_whatever_it_quotes() {
        assert_eq!(tidy("`a\r\nb\u{1b}[31m` is\tno".to_owned()), "`a  b [31m` is no");
        assert_eq!(tidy("nothing to do: é".to_owned()), "nothing to do: é");
        assert_eq!(
            tidy("é".repeat(SENTENCE_CHARACTERS_MAX)),
            "é".repeat(SENTENCE_CHARACTERS_MAX)
        );
    }
}
