//! The engine from outside: real files in, generations out.

mod support;

mod answers;
mod archives;
mod certificates;
mod collections;
mod commits;
mod demo;
mod directories;
mod generations;
mod graphs;
mod harness;
mod kill;
mod opengraph;
mod planted;
mod relay;
mod tenant;
mod worked_examples;
