//! Formats from outside: what comes out of bytes, whoever wrote them.

#[allow(dead_code, reason = "the fuzz targets use all of it")]
mod contract;
mod regressions;
mod sharphound;
