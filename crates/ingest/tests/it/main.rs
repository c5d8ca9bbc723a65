//! Formats from outside: what comes out of bytes, whoever wrote them.

mod sharphound;
