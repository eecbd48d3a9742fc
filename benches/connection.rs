//! What a whole new connection costs: open, ask for tracking, read its fields, close.
//!
//! By C on upstream's library, by the same C on the bundled one, and by the wrapper, in turn, with chronyd's
//! socket on tmpfs, where /run is, and on disk: most of it is the file system's work.

#![expect(clippy::unwrap_used, reason = "a measurement ends at its first failure")]

#[path = "../tests/common/mod.rs"]
mod common;

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use common::chronyd::Chronyd;
use common::need::Need;
use rustix::fs::statfs;
use support::{ratio, row, upstream};

const ROUNDS: usize = 15;
/// New connections in a round. Few, as ext4 takes its time to use inodes again that were freed just before.
const OPENINGS: u32 = 300;
/// Where chronyd's directory may be, which needs a short path.
const PLACES: [&str; 5] = ["/run", "/dev/shm", "/tmp", "/var/tmp", "/var/lib"];

fn main() {
    if let Some(reason) = Need::Chronyd.missing() {
        println!("skipped: {reason}");
        return;
    }
    let programs = Programs::built();
    if programs.upstream.is_none() {
        println!("pychrony, which brings upstream's library, cannot be installed here");
    }
    let server = Chronyd::server(3);
    for (is_memory, kind) in [(true, "tmpfs"), (false, "disk")] {
        let Some(place) = PLACES.into_iter().find(|place| is_tmpfs(place) == Some(is_memory))
        else {
            println!("no directory of {PLACES:?} is on {kind}");
            continue;
        };
        let line =
            format!("server 127.0.0.1 port {} minpoll 0 maxpoll 4 iburst\n", server.ntp_port);
        let client = Chronyd::client_in(Path::new(place), &line);
        client.wait_until("a source is selected", |snapshot| {
            snapshot.tracking.as_ref().is_some_and(|tracking| tracking.is_synchronized())
        });
        table(kind, &programs, &client);
    }
}

/// Whether a directory is on a tmpfs; `None` where it cannot be written.
fn is_tmpfs(place: &str) -> Option<bool> {
    const TMPFS: i64 = 0x0102_1994;
    tempfile::tempdir_in(place).ok()?;
    #[allow(clippy::useless_conversion, reason = "not of 64 bits on every system")]
    statfs(place).ok().map(|status| i64::from(status.f_type) == TMPFS)
}

fn table(kind: &str, programs: &Programs, chronyd: &Chronyd) {
    let (mut theirs, mut ours, mut rust) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        if let Some(library) = &programs.upstream {
            theirs.push(programs.by_c(library, chronyd));
        }
        ours.push(programs.by_c(&programs.bundled, chronyd));
        rust.push(by_rust(chronyd));
    }
    println!(
        "\n| a new connection and tracking, socket on {kind} | median | least | most | against |"
    );
    println!("|---|---|---|---|---|");
    let against =
        |times: &[f64]| if theirs.is_empty() { String::new() } else { ratio(times, &theirs, "it") };
    if !theirs.is_empty() {
        row("C, upstream's library", &theirs, "");
    }
    row("C, the bundled library", &ours, &against(&ours));
    row("the wrapper", &rust, &against(&rust));
}

/// Microseconds for one; a connection that is not open yet asks for tracking once.
fn by_rust(chronyd: &Chronyd) -> f64 {
    let start = Instant::now();
    for _ in 0..OPENINGS {
        chronyd.connection().build().tracking().unwrap();
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(OPENINGS)
}

/// The C program and the libraries that it is run with.
struct Programs {
    _place: tempfile::TempDir,
    program: PathBuf,
    bundled: PathBuf,
    upstream: Option<PathBuf>,
}

impl Programs {
    fn built() -> Self {
        let place = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = root.join("libchrony-sys/libchrony");
        for entry in fs::read_dir(&sources).unwrap() {
            let file = entry.unwrap();
            if !file.file_name().to_string_lossy().contains(".so") {
                fs::copy(file.path(), place.path().join(file.file_name())).unwrap();
            }
        }
        let made = Command::new("make").arg("-s").arg("-C").arg(place.path()).status();
        assert!(made.unwrap().success());
        let program = place.path().join("opening");
        let mut compiler = Command::new("cc");
        compiler.args(["-O2", "-o"]).arg(&program).arg(root.join("benches/opening.c"));
        let made = compiler.arg("-I").arg(&sources).arg("-ldl").status();
        assert!(made.unwrap().success());
        let bundled = place.path().join("libchrony.so.0");
        Self { _place: place, program, bundled, upstream: upstream() }
    }

    /// Microseconds for one by C.
    fn by_c(&self, library: &Path, chronyd: &Chronyd) -> f64 {
        let mut command = Command::new(&self.program);
        let output =
            command.arg(library).arg(chronyd.socket()).arg(OPENINGS.to_string()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let nanoseconds = text.parse::<f64>();
        nanoseconds.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))) / 1e3
    }
}
