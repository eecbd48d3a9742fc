//! Children, users, signals and what a process may do.

use std::ffi::CString;
use std::io::Error;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs a function in a forked child and gives what it returned.
///
/// The child is one thread of a process that had many: the function must not panic and should do
/// little more than what is tested. While it runs it holds copies of all descriptors, so a file of
/// tests that uses it cannot hold tests that rely on a close.
pub(crate) fn in_child(body: impl FnOnce() -> u8) -> u8 {
    // SAFETY: the child runs `body`, which only its callers' locks could stop, and exits.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", Error::last_os_error());
    if child == 0 {
        let result = body();
        // SAFETY: ends the child at once, without what the parent's threads left behind.
        unsafe { libc::_exit(i32::from(result)) };
    }
    let mut status = 0;
    // SAFETY: `status` is a place for the status of a child that nothing else waits for.
    while unsafe { libc::waitpid(child, &raw mut status, 0) } != child {
        assert_eq!(Error::last_os_error().kind(), std::io::ErrorKind::Interrupted);
    }
    assert!(libc::WIFEXITED(status), "the child ended with status {status:#x}");
    u8::try_from(libc::WEXITSTATUS(status)).expect("an exit status is a byte")
}

pub(crate) fn is_root() -> bool {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// Becomes a user without rights, for good: only for children.
pub(crate) fn become_nobody() -> bool {
    const NOBODY: u32 = 65534;
    // SAFETY: a child of one thread may change its user.
    unsafe { libc::setuid(NOBODY) == 0 }
}

/// Makes a directory the root, for good: only for children of root.
pub(crate) fn change_root(directory: &Path) -> bool {
    let Ok(path) = CString::new(directory.as_os_str().as_encoded_bytes()) else { return false };
    // SAFETY: `path` is a C string.
    let changed = unsafe { libc::chroot(path.as_ptr()) };
    // SAFETY: the path is a C string.
    changed == 0 && unsafe { libc::chdir(c"/".as_ptr()) } == 0
}

/// Changes the umask, for good: only for children.
pub(crate) fn set_umask(mask: u32) {
    // SAFETY: any number is allowed.
    unsafe { libc::umask(mask) };
}

/// The kernel's number of this thread.
pub(crate) fn thread_id() -> i32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::gettid() }
}

/// Whether a thread of this process waits for something.
pub(crate) fn is_waiting(thread: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
    let status = status.expect("the thread runs");
    status.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('S'))
}

static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn count_signal(_: libc::c_int) {
    HANDLED.fetch_add(1, Ordering::SeqCst);
}

/// How many signals were handled.
pub(crate) fn signals_handled() -> u32 {
    HANDLED.load(Ordering::SeqCst)
}

/// Counts SIGUSR1 from now on, without restarting what it interrupts.
pub(crate) fn count_signals() {
    let handler: extern "C" fn(libc::c_int) = count_signal;
    // SAFETY: all zeros is an action without flags and mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as libc::sighandler_t;
    // SAFETY: the handler only counts, which a handler may do.
    let result = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
    assert_eq!(result, 0, "{}", Error::last_os_error());
}

/// Interrupts a thread of this process.
pub(crate) fn interrupt(thread: i32) {
    let process = std::process::id();
    // SAFETY: the numbers name a signal and a thread of this process, if it still runs.
    let result = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGUSR1) };
    assert_eq!(result, 0, "{}", Error::last_os_error());
}
