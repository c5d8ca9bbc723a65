//! Who wants to know how far long work has come.

/// Told from several threads; the command line draws a bar, the server sends events.
pub trait Progress: Send + Sync {
    /// A file is being read; `bytes` is its unpacked length.
    fn file(&self, name: &str, bytes: u64);
    /// So many more bytes of it were read.
    fn advance(&self, bytes: u64);
    /// A phase of building has begun.
    fn phase(&self, name: &str);
    /// Waiting for another process that builds.
    fn waiting(&self, holder: &str);
    fn done(&self);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn file(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn phase(&self, _: &str) {}
    fn waiting(&self, _: &str) {}
    fn done(&self) {}
}
