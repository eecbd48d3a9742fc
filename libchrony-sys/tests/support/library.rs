//! The bundled C library built on its own, as a shared object.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The sources and what is built from them, in a directory that goes away.
pub(crate) struct Library {
    directory: TempDir,
}

impl Library {
    /// Builds a copy of the sources with their Makefile; `None` where no tool is there to do it.
    pub(crate) fn build() -> Option<Library> {
        for tool in ["make", "cc"] {
            if !has(tool) {
                return None;
            }
        }
        let directory = tempfile::tempdir().expect("a directory");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("libchrony");
        for entry in std::fs::read_dir(sources).expect("the sources") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_owned();
            if path.extension().is_none_or(|extension| extension == "c" || extension == "h") {
                std::fs::copy(&path, directory.path().join(name)).expect("a copy");
            }
        }
        let library = Library { directory };
        library.run("make", &["libchrony.so.0"]);
        Some(library)
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn object(&self) -> PathBuf {
        self.path().join("libchrony.so.0")
    }

    /// Writes a file beside the sources.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("a file written");
    }

    /// Runs a command in the directory, without what a build around it put into the environment,
    /// and gives what it printed.
    #[track_caller]
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.path());
        command.env("LD_LIBRARY_PATH", self.path());
        for name in ["CFLAGS", "LDFLAGS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"] {
            command.env_remove(name);
        }
        let Output { status, stdout, stderr } = command.output().expect("the program runs");
        let stderr = String::from_utf8_lossy(&stderr);
        let printed = String::from_utf8_lossy(&stdout);
        assert!(status.success(), "{program} {arguments:?}: {status}\n{printed}{stderr}");
        printed.into_owned()
    }
}

/// Whether a program is there.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: there is no {program}");
    }
    found
}
