//! Linking the system's libchrony in place of the bundled one: `LIBCHRONY_NO_VENDOR=1`.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn crate_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Builds a program on the crate, with pkg-config looking only in `packages`.
fn build(place: &Path, packages: &Path) -> Output {
    let program = place.join("program");
    fs::create_dir_all(program.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\nlibchrony-sys = {{ path = {:?} }}\n[workspace]\n",
        crate_root()
    );
    fs::write(program.join("Cargo.toml"), manifest).unwrap();
    fs::copy(crate_root().join("../Cargo.lock"), program.join("Cargo.lock")).unwrap();
    let main = "fn main() { assert!(!libchrony_sys::BUNDLED); \
        println!(\"{} reports\", unsafe { libchrony_sys::chrony_get_number_supported_reports() }); }";
    fs::write(program.join("src/main.rs"), main).unwrap();
    Command::new(env!("CARGO"))
        .args(["run", "--offline", "--quiet", "--manifest-path"])
        .arg(program.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", place.join("target"))
        .env("LIBCHRONY_NO_VENDOR", "1")
        .env("PKG_CONFIG_LIBDIR", packages)
        .env_remove("PKG_CONFIG_PATH")
        .env("LD_LIBRARY_PATH", packages)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// A system with a libchrony of this version, built from the bundled sources.
fn system_with(version: &str, place: &Path) -> std::path::PathBuf {
    let packages = place.join("packages");
    fs::create_dir_all(&packages).unwrap();
    let sources = place.join("sources");
    fs::create_dir_all(&sources).unwrap();
    for entry in fs::read_dir(crate_root().join("libchrony")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, sources.join(path.file_name().unwrap())).unwrap();
    }
    let made = Command::new("make").arg("-C").arg(&sources).arg("libchrony.so.0").output().unwrap();
    assert!(made.status.success(), "{}", text(&made));
    for name in ["libchrony.so.0", "libchrony.so"] {
        fs::copy(sources.join("libchrony.so.0"), packages.join(name)).unwrap();
    }
    let description = format!(
        "Name: libchrony\nDescription: chrony\nVersion: {version}\nLibs: -L{} -lchrony\n",
        packages.display()
    );
    fs::write(packages.join("libchrony.pc"), description).unwrap();
    packages
}

#[test]
fn the_system_s_library_is_linked_where_it_is_wanted() {
    let place = tempfile::tempdir().unwrap();
    let packages = system_with("0.2", place.path());
    let output = build(place.path(), &packages);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "12 reports\n");
}

#[test]
fn without_a_system_library_one_line_says_what_to_install_or_unset() {
    let place = tempfile::tempdir().unwrap();
    let output = build(place.path(), place.path());
    assert!(!output.status.success());
    let text = text(&output);
    let is_message = |line: &&str| line.starts_with("error") && line.contains("NO_VENDOR");
    let lines: Vec<_> = text.lines().filter(is_message).collect();
    assert_eq!(lines.len(), 1, "{text}");
    for part in ["libchrony-dev", "libchrony-devel", "pkg-config", "unset LIBCHRONY_NO_VENDOR"] {
        assert!(lines[0].contains(part), "{part} is missing in: {}", lines[0]);
    }
}

#[test]
fn a_system_library_of_another_interface_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let packages = system_with("1.0", place.path());
    let output = build(place.path(), &packages);
    assert!(!output.status.success());
    assert!(text(&output).contains("0.1 to below 1"), "{}", text(&output));
}
