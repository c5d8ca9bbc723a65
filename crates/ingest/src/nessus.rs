//! Nessus XML.

use crate::{IngestError, Input, Sink, Summary};

/// Whether the beginning of a file looks like this format.
pub fn sniff(_head: &[u8]) -> bool {
    false
}

/// Reads a file of this format.
///
/// # Errors
/// [`IngestError::Unknown`]: not understood.
pub fn read(input: Input<'_>, _sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    Err(IngestError::Unknown {
        name: input.name.to_owned(),
    })
}
