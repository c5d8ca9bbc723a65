//! What the functions compute, from outside: documented cases, declared types, rules of the interpreter, laws.

mod cases;
mod declared;
mod evaluate;
mod functions;
mod laws;
