//! The rules of docs/structure.md, held against the tree.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder with one of these endings.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.extension().is_some_and(|e| e == *ending)) {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "nothing is looked at in {folder}");
    found
}

/// The lines that are code, comments left out, with their places.
fn code(path: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(path).unwrap();
    let shown = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (format!("{shown}:{}", number + 1), line.to_owned()))
        .collect()
}

/// Nothing in `paths` names any of `words`.
fn never(paths: &[PathBuf], words: &[&str]) {
    for path in paths {
        for (place, line) in code(path) {
            for word in words {
                assert!(!line.contains(word), "{place} names {word}: {line}");
            }
        }
    }
}

#[test]
fn the_wrapper_knows_nothing_of_http() {
    let mut paths = files("libchrony/src", &["rs"]);
    paths.push(root().join("libchrony/Cargo.toml"));
    paths.push(root().join("libchrony-sys/Cargo.toml"));
    never(&paths, &["actix", "tera::", "tera =", "second_hand", "second-hand ="]);
}

#[test]
fn only_the_ffi_folder_names_the_bindings() {
    let inside = root().join("libchrony/src/ffi");
    let mut paths = files("libchrony/src", &["rs"]);
    paths.retain(|path| !path.starts_with(&inside));
    paths.extend(files("src", &["rs"]));
    paths.extend(files("libchrony/examples", &["rs"]));
    never(&paths, &["libchrony_sys"]);
}

#[test]
fn unsafe_code_stands_in_the_ffi_folder_alone() {
    let inside = root().join("libchrony/src/ffi");
    let mut paths = files("libchrony/src", &["rs"]);
    paths.retain(|path| !path.starts_with(&inside));
    for folder in ["src", "libchrony/examples", "libchrony/tests", "tests/chronyd", "tests/common"]
    {
        paths.extend(files(folder, &["rs"]));
    }
    never(&paths, &["unsafe {", "unsafe fn", "unsafe impl"]);
    let main = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.contains("#![forbid(unsafe_code)]"));
}

#[test]
fn every_unsafe_block_says_why_it_holds() {
    for path in files("libchrony/src/ffi", &["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        let blocks = text.matches("unsafe {").count() + text.matches("unsafe impl").count();
        let reasons = text.matches("// SAFETY:").count();
        assert!(reasons >= blocks, "{}: {blocks} blocks, {reasons} reasons", path.display());
    }
}

#[test]
fn view_models_know_neither_the_server_nor_the_templates() {
    never(&files("src/view", &["rs"]), &["actix", "tera::", "use tera"]);
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let mut paths = files("src", &["rs"]);
    paths.retain(|path| !path.ends_with("config.rs"));
    never(&paths, &["std::env", "env::var"]);
}

#[test]
fn templates_hold_no_script_style_or_address_of_another_server() {
    for path in files("templates", &["html"]) {
        for (place, line) in code(&path) {
            for word in
                ["style=", "<style", "onclick", "onload", "javascript:", "https://", "http://"]
            {
                assert!(!line.contains(word), "{place} holds {word}: {line}");
            }
            let inline = line.contains("<script") && !line.contains("src=");
            assert!(!inline, "{place} holds a script: {line}");
        }
    }
}

#[test]
fn the_workflow_runs_the_targets_of_make_ci() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let targets = makefile.lines().find_map(|line| line.strip_prefix("ci: ")).unwrap();
    let targets: Vec<_> = targets.split("##").next().unwrap().split_whitespace().collect();
    let workflow = fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
    let listed = workflow.lines().find_map(|line| line.trim().strip_prefix("target: [")).unwrap();
    let listed: Vec<_> = listed.trim_end_matches(']').split(", ").collect();
    assert_eq!(listed, targets);
}
