//! Files that are made of the command line and of what it prints: man pages, completions, samples in the
//! documentation. `make generated` makes them anew; here they are compared.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

#[path = "../common/mod.rs"]
mod common;

mod completions;
mod man;
mod samples;

use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether files are made in place of being compared.
fn is_making() -> bool {
    std::env::var_os("UPDATE_GENERATED").is_some()
}

/// Holds a committed file against what it would be made as today.
fn keep(path: &str, fresh: &str) {
    let file = root().join(path);
    if is_making() {
        fs::write(&file, fresh).unwrap();
    }
    let old = fs::read_to_string(&file).unwrap_or_default();
    assert!(old == fresh, "{path} is stale: run `make generated` and commit it");
}
