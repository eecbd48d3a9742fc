//! Programs run as `nobody`, who may use nothing of chronyd's.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::need;

/// A copy of a program in a place that every user reaches.
pub(crate) struct Reachable {
    _place: tempfile::TempDir,
    program: PathBuf,
}

impl Reachable {
    pub(crate) fn new(program: &Path) -> Self {
        let place = tempfile::tempdir_in("/tmp").expect("a directory");
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).expect("a mode");
        let copy = place.path().join("program");
        // By a process of its own: a copy that this one has open for writing could be inherited by what
        // another test starts at this moment, and then be too busy to run.
        let copied = Command::new("cp").arg(program).arg(&copy).status().expect("cp runs");
        assert!(copied.success(), "{} is copied", program.display());
        Self { _place: place, program: copy }
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Takes root.
    pub(crate) fn as_nobody(&self) -> Command {
        let mut command = need::program("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(&self.program);
        command
    }
}
