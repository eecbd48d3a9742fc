//! What a process holds: descriptors, threads, memory, and the files beside a simulator's socket.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libchrony::testing::Simulator;

#[derive(Debug)]
pub(crate) struct Left {
    descriptors: usize,
    threads: u64,
    /// What stands beside the simulator's socket, and the socket.
    files: Vec<PathBuf>,
    /// Resident, in bytes.
    memory: u64,
}

impl Left {
    pub(crate) fn now(chronyd: &Simulator) -> Self {
        let address = chronyd.address();
        let directory = Path::new(&address).parent().filter(|_| address.starts_with('/'));
        Self {
            descriptors: entries(Path::new("/proc/self/fd")).len(),
            threads: status("Threads:"),
            files: directory.map(entries).unwrap_or_default(),
            memory: status("VmRSS:") * 1024,
        }
    }

    /// As [`Self::now`], once the threads that have ended are gone.
    pub(crate) fn after(chronyd: &Simulator, before: &Self) -> Self {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let after = Self::now(chronyd);
            if after.threads <= before.threads || Instant::now() > end {
                return after;
            }
            std::thread::yield_now();
        }
    }

    /// Asserts that no more is there than before, and of memory at most so much more.
    #[track_caller]
    pub(crate) fn assert_like(&self, before: &Self, memory: u64) {
        assert_eq!(self.descriptors, before.descriptors, "descriptors");
        assert!(self.threads <= before.threads, "{} threads", self.threads);
        assert_eq!(self.files, before.files, "files");
        let more = self.memory.saturating_sub(before.memory);
        assert!(more <= memory, "{more} bytes more than {}", before.memory);
    }
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory can be read");
    let mut entries: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    entries
}

/// The number behind a word in this process's status.
fn status(word: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the process has a status");
    let line = status.lines().find(|line| line.starts_with(word)).expect("the line is there");
    let number = line.split_whitespace().nth(1).expect("a number");
    number.parse().expect("a number")
}
