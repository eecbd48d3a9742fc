//! What a running process holds, as the kernel counts it.

use std::fs;
use std::time::Duration;

/// The files that a process has open.
pub(crate) fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).expect("the process runs").count()
}

/// The memory of a process that is in use (VmRSS), in KiB.
pub(crate) fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.split_whitespace().next().and_then(|text| text.parse().ok()).expect("a number of KiB")
}

/// The time that a process has spent computing, to a hundredth of a second.
pub(crate) fn computing(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The name, in parentheses, may hold spaces.
    let (_, rest) = stat.rsplit_once(") ").expect("a name");
    let ticks = rest.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.map(|text| text.parse::<u64>().expect("a number of ticks")).sum();
    Duration::from_millis(ticks * 10)
}
