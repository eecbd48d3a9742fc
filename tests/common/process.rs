//! What a running process holds, as the kernel counts it.

use std::fs;
use std::net::TcpStream;
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

/// Whether the process at the other end, on this machine, has accepted a connection, and perhaps closed
/// it since: until it is accepted the kernel holds it without an inode.
pub(crate) fn is_accepted(connection: &TcpStream) -> bool {
    let local = connection.local_addr().expect("it has an address").port();
    // What was reset has no other end.
    let Ok(peer) = connection.peer_addr() else { return true };
    assert!(peer.is_ipv4(), "the table is of IPv4");
    let table = fs::read_to_string("/proc/net/tcp").expect("the kernel tells its connections");
    let end = |own: u16, other: u16| {
        let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let ends = |at: &str, port: u16| at.ends_with(&format!(":{port:04X}"));
        lines.filter(|line| line.len() > 9).find(|line| ends(line[1], own) && ends(line[2], other))
    };
    let held = end(peer.port(), local).is_some_and(|line| line[9] != "0");
    let established = end(local, peer.port()).is_some_and(|line| line[3] == "01");
    held || !established
}
