//! Bytes of a file to chunks of facts, one module per format.
