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

/// The names in a section of a Cargo.toml, as `[dependencies]`.
fn names(manifest: &str, section: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest)).unwrap();
    text.lines()
        .skip_while(|line| *line != section)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split([' ', '.', '=']).next().unwrap().to_owned())
        .collect()
}

/// The files of the wrapper outside the folder that calls C.
fn wrapper_without_ffi() -> Vec<PathBuf> {
    let inside = root().join("libchrony/src/ffi");
    let mut paths = files("libchrony/src", &["rs"]);
    paths.retain(|path| !path.starts_with(&inside));
    paths.extend(files("libchrony/examples", &["rs"]));
    paths.extend(files("libchrony/tests", &["rs"]));
    paths
}

/// The same, and the program with its tests and benchmarks.
fn everything_without_ffi() -> Vec<PathBuf> {
    let mut paths = wrapper_without_ffi();
    for folder in [
        "src",
        "benches",
        "tests/browser",
        "tests/chronyd",
        "tests/common",
        "tests/docs",
        "tests/fleet",
        "tests/http",
        "tests/network",
        "tests/soak",
        "tests/outside/src",
    ] {
        paths.extend(files(folder, &["rs"]));
    }
    paths
}

#[test]
fn each_floor_knows_only_the_one_below() {
    let ours = |manifest: &str, section: &str| -> Vec<String> {
        let mut names = names(manifest, section);
        names.retain(|name| name.starts_with("libchrony") || name.contains("second"));
        names
    };
    for section in ["[dependencies]", "[build-dependencies]"] {
        assert!(ours("libchrony-sys/Cargo.toml", section).is_empty(), "{section}");
    }
    assert_eq!(ours("libchrony/Cargo.toml", "[dependencies]"), ["libchrony-sys"]);
    assert_eq!(ours("Cargo.toml", "[dependencies]"), ["libchrony"]);
    assert!(ours("Cargo.toml", "[build-dependencies]").is_empty());
    assert_eq!(names("tests/outside/Cargo.toml", "[dependencies]"), ["libchrony"]);
    never(&files("libchrony-sys/src", &["rs"]), &["libchrony::", "second_hand"]);
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
    let paths = everything_without_ffi();
    never(&paths, &["libchrony_sys"]);
}

#[test]
fn unsafe_code_stands_in_the_ffi_folder_alone() {
    let paths = everything_without_ffi();
    never(&paths, &["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe trait"]);
    never(&paths, &["#[unsafe(", "extern \"C\""]);
    let main = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.contains("#![forbid(unsafe_code)]"));
    let library = fs::read_to_string(root().join("libchrony/src/lib.rs")).unwrap();
    assert!(library.contains("#![deny(unsafe_code)]"));
    let excepted = library.matches("allow(unsafe_code").count();
    assert_eq!(excepted, 1, "modules of libchrony that may hold unsafe code");
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
            for word in ["style=", "<style", "javascript:", "https://", "http://", "<iframe"] {
                assert!(!line.contains(word), "{place} holds {word}: {line}");
            }
            let handler = line.split_whitespace().any(|attribute| {
                let name = attribute.split_once('=').map_or("", |(name, _)| name);
                name.starts_with("on") && name.bytes().all(|b| b.is_ascii_lowercase())
            });
            assert!(!handler, "{place} holds an event handler: {line}");
            let inline = line.contains("<script") && !line.contains("src=");
            assert!(!inline, "{place} holds a script: {line}");
        }
    }
}

#[test]
fn the_workflow_runs_the_targets_of_make_ci() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let targets = |name: &str| -> Vec<String> {
        let line = makefile.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split("##").next().unwrap().split_whitespace().map(str::to_owned).collect()
    };
    let workflow = fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
    let matrix = workflow.lines().find_map(|line| line.trim().strip_prefix("target: [")).unwrap();
    let matrix: Vec<_> = matrix.trim_end_matches(']').split(", ").collect();
    assert_eq!(matrix, targets("checks: "));
    // Jobs of their own.
    let steps = workflow.lines().filter_map(|line| line.trim().strip_prefix("- run: make "));
    let steps: Vec<_> = steps.filter(|target| !target.starts_with("${{")).collect();
    assert_eq!(["checks"].iter().chain(&steps).copied().collect::<Vec<_>>(), targets("ci: "));
    let run = fs::read_to_string(root().join(".ci/run")).unwrap();
    for target in targets("ci: ") {
        assert!(run.contains(&format!("make {target}")), ".ci/run leaves out {target}");
    }
}

#[test]
fn the_picture_of_the_structure_names_only_what_there_is() {
    let text = fs::read_to_string(root().join("docs/structure.md")).unwrap();
    let picture = text.split("```").nth(1).expect("a picture");
    let mut folder = root();
    let mut looked_at = 0;
    for line in picture.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        let is_top = !line.starts_with(' ');
        let path = if is_top { root().join(name) } else { folder.join(name) };
        if is_top {
            folder = path.clone();
        }
        if !name.contains('<') {
            assert!(path.exists(), "docs/structure.md names {}", path.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 30, "{looked_at} names");
}
