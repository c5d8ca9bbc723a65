//! Graph algorithms, with no word of security in them.
