//! SharpHound JSON, versions 5 and 6.

use crate::{IngestError, Input, Sink, Summary};

/// Whether a file is SharpHound JSON.
///
/// # Errors
/// [`IngestError::Io`] when the bytes cannot be read.
pub fn sniff(_head: &[u8], _input: &mut Input<'_>) -> Result<bool, IngestError> {
    Ok(false)
}

/// Reads a SharpHound file.
///
/// # Errors
/// [`IngestError::Unknown`]: not understood.
pub fn read(input: Input<'_>, _sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    Err(IngestError::Unknown {
        name: input.name.to_owned(),
    })
}
