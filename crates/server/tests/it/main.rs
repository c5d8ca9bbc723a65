//! The server through its real router, on a free port.

mod accounts;
mod operations;
mod support;
mod web;
