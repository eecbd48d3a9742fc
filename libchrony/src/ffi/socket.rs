//! A socket that libchrony opened, closed on drop.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use libchrony_sys as sys;
#[cfg(feature = "tokio")]
use {std::sync::Arc, tokio::io::Interest, tokio::io::unix::AsyncFd};

/// A connected datagram socket; with a Unix socket also the client's own directory, removed on drop.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: RawFd,
}

impl Socket {
    /// Opens a socket to `address` in libchrony's syntax and makes it non-blocking.
    pub(crate) fn open(address: &CStr) -> io::Result<Self> {
        // SAFETY: `address` ends with NUL and lives through the call, which keeps no pointer to it.
        let fd = unsafe { sys::chrony_open_socket(address.as_ptr()) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let socket = Self { fd };
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(socket)
    }

    /// The socket in the reactor of tokio's runtime, which tells when something has come.
    #[cfg(feature = "tokio")]
    pub(crate) fn watched(self: Arc<Self>) -> io::Result<AsyncFd<Arc<Self>>> {
        // SAFETY: the descriptor never changes, and is open until the last Arc is dropped.
        Ok(unsafe { AsyncFd::register_with_interest(self, Interest::READABLE) }?)
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is open until `self` is dropped, and the borrow ends before that.
        unsafe { BorrowedFd::borrow_raw(self.fd) }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: the descriptor came from chrony_open_socket and is closed here only.
        unsafe { sys::chrony_close_socket(self.fd) }
    }
}
