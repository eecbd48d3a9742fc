//! Sockets of the library, and a server for them to find.

use super::session::Session;
use libchrony_sys as sys;
use std::ffi::CString;
use std::io::Error;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A socket of `chrony_open_socket()`, closed by `chrony_close_socket()`.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: RawFd,
}

impl Socket {
    /// Opens a socket; `None` is NULL.
    pub(crate) fn open<'a>(address: impl Into<Option<&'a str>>) -> Result<Socket, Error> {
        let address = address.into().map(|text| CString::new(text).expect("no NUL"));
        let pointer = address.as_deref().map_or(std::ptr::null(), |text| text.as_ptr());
        // SAFETY: `pointer` is NULL or a C string that lives until the end of this function.
        let fd = unsafe { sys::chrony_open_socket(pointer) };
        if fd < 0 { Err(Error::last_os_error()) } else { Ok(Socket { fd }) }
    }

    /// The number of the error of an address that does not open.
    #[track_caller]
    pub(crate) fn error(address: &str) -> i32 {
        let error = Socket::open(address).expect_err("the address opens");
        error.raw_os_error().expect("errno")
    }

    pub(crate) fn session(&self) -> Session {
        Session::on(self.fd)
    }

    /// Another descriptor of the same socket, for what std can ask it.
    pub(crate) fn copy(&self) -> OwnedFd {
        self.as_fd().try_clone_to_owned().expect("a copy of the descriptor")
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor stays open until the socket is dropped.
        unsafe { BorrowedFd::borrow_raw(self.fd) }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: any number is allowed; this one is open, and nothing else closes it.
        unsafe { sys::chrony_close_socket(self.fd) };
    }
}

/// Gives any descriptor to `chrony_close_socket()`.
pub(crate) fn close(fd: OwnedFd) {
    let fd = fd.into_raw_fd();
    // SAFETY: any number is allowed, and nothing else closes this one.
    unsafe { sys::chrony_close_socket(fd) };
}

/// Closes a number that is no descriptor.
pub(crate) fn close_nothing() {
    // SAFETY: any number is allowed; negative ones are ignored.
    unsafe { sys::chrony_close_socket(-1) };
}

/// The flags of a descriptor: those of `F_GETFD` and those of `F_GETFL`.
pub(crate) fn flags(fd: BorrowedFd<'_>) -> [i32; 2] {
    // SAFETY: reads the flags of an open descriptor.
    let descriptor = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFD) };
    // SAFETY: as above.
    let file = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
    [descriptor, file]
}

/// The two ends of a connection that keeps messages apart.
pub(crate) fn connection() -> [OwnedFd; 2] {
    let mut ends = [-1; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: `ends` has room for the two descriptors.
    let result = unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) };
    assert_eq!(result, 0, "{}", Error::last_os_error());
    ends.map(|end| {
        // SAFETY: socketpair() just opened it, and nothing else owns it.
        unsafe { OwnedFd::from_raw_fd(end) }
    })
}

/// A directory with a server's socket in it.
pub(crate) struct Place {
    directory: TempDir,
    pub(crate) server: UnixDatagram,
}

impl Place {
    /// In /tmp, because paths of sockets are short.
    pub(crate) fn new() -> Place {
        let directory = directory();
        let server = UnixDatagram::bind(directory.path().join("server")).expect("a server");
        Place { directory, server }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The address of the server.
    pub(crate) fn address(&self) -> String {
        self.path().join("server").to_str().expect("an ASCII path").to_owned()
    }

    /// What is in the directory besides the server's socket.
    pub(crate) fn others(&self) -> Vec<PathBuf> {
        entries(self.path()).into_iter().filter(|path| !path.ends_with("server")).collect()
    }
}

/// A temporary directory with a short path.
pub(crate) fn directory() -> TempDir {
    tempfile::Builder::new().prefix("chrony").tempdir_in("/tmp").expect("a directory")
}

/// What is in a directory.
pub(crate) fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory that can be read");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}
