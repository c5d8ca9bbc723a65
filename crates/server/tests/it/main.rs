//! The server through its real router, on a free port.

mod accounts;
mod hunting;
mod operations;
mod support;
mod web;
