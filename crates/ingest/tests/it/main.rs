//! Formats from outside: what comes out of bytes, whoever wrote them.

mod contract;
mod hostile;
mod mutate;
mod regressions;
mod sharphound;
