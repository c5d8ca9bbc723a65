//! The language front end from outside: any text, public queries, generated ones, names and types.

mod any_text;
mod binding;
mod common;
mod corpora;
mod corpus;
mod graphs;
mod kept_queries;
mod lets;
mod robust;
