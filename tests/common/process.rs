//! What a running process holds, as the kernel counts it.

use std::fs;
use std::net::{SocketAddr, TcpStream};
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

/// Whether the process at the other end, on this machine, has accepted a connection: until then the
/// kernel holds it without an inode.
pub(crate) fn is_accepted(connection: &TcpStream) -> bool {
    let (local, peer) = (connection.local_addr(), connection.peer_addr());
    let (Ok(SocketAddr::V4(local)), Ok(SocketAddr::V4(peer))) = (local, peer) else {
        panic!("it is connected by IPv4");
    };
    let table = fs::read_to_string("/proc/net/tcp").expect("the kernel tells its connections");
    let ends = |at: &str, port: u16| at.ends_with(&format!(":{port:04X}"));
    table.lines().any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.get(9).is_some_and(|inode| {
            ends(fields[1], peer.port()) && ends(fields[2], local.port()) && *inode != "0"
        })
    })
}
