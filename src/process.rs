//! What the system says of this process.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::exposition::Process;

/// Asks the system now; `started` is when the process was started.
pub(crate) fn now(started: SystemTime) -> Process {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    // The look itself is one more.
    let open = fs::read_dir("/proc/self/fd").ok().map(|files| files.count().saturating_sub(1));
    let since = started.duration_since(UNIX_EPOCH).ok();
    Process {
        cpu: processor_time().map(|time| time.as_secs_f64()),
        resident: bytes(&status, "VmRSS:"),
        virtual_: bytes(&status, "VmSize:"),
        open_files: open,
        most_files: getrlimit(Resource::Nofile).current,
        started: since.map(|since| since.as_secs_f64()),
    }
}

fn processor_time() -> Option<Duration> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    Some(Duration::new(seconds, u32::try_from(time.tv_nsec).ok()?))
}

/// A line of `/proc/self/status`, as `VmRSS:      9876 kB`.
fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_system_become_bytes_and_others_nothing() {
        let status =
            "Name:\tsecond-hand\nVmSize:\t  123456 kB\nVmRSS:\t     9876 kB\nThreads:\t7\n";
        assert_eq!(bytes(status, "VmRSS:"), Some(9876 * 1024));
        assert_eq!(bytes(status, "VmSize:"), Some(123_456 * 1024));
        for name in ["VmSwap:", "Threads:", "Name:"] {
            assert_eq!(bytes(status, name), None, "{name}");
        }
        assert_eq!(bytes("VmRSS: 99999999999999999999 kB", "VmRSS:"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_told_whole() {
        let held = fs::File::open("/proc/self/status");
        let told = now(SystemTime::now());
        assert!(told.cpu.is_some_and(|seconds| seconds > 0.0), "{told:?}");
        assert!(told.resident.is_some_and(|bytes| bytes > 100_000), "{told:?}");
        assert!(told.virtual_ >= told.resident, "{told:?}");
        assert!(told.open_files.is_some_and(|files| files >= 3), "{told:?}");
        assert!(told.started.is_some_and(|at| at > 1.7e9), "{told:?}");
        drop(held);
    }
}
