//! The seeds, and the inputs that found something once, through every target on stable Rust.

use std::fs;
use std::path::{Path, PathBuf};

fn inputs(kind: &str, target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(kind).join(target);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Runs the inputs of a target; at least one must be there.
fn replay(target: &str) {
    let (_, run) = second_hand_fuzz::TARGETS
        .into_iter()
        .find(|(name, _)| *name == target)
        .expect("a target of this name");
    let seeds = inputs("seeds", target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for path in seeds.into_iter().chain(inputs("regressions", target)) {
        // Shown where the run fails.
        println!("{}", path.display());
        run(&fs::read(path).expect("an input"));
    }
}

#[test]
fn address() {
    replay("address");
}

#[test]
fn calls() {
    replay("calls");
}

#[test]
fn http() {
    replay("http");
}

#[test]
fn page() {
    replay("page");
}

#[test]
fn reply() {
    replay("reply");
}

#[test]
fn wrapper() {
    replay("wrapper");
}
