//! Migrations are embedded by a macro, which Cargo cannot see through: a new file alone must rebuild the crate.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
