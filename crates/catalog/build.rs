//! Builds again when any file of the embedded catalog changes, appears or goes.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../catalog");
}
