//! Cases about sockets.

use std::error::Error;
use std::ffi::{CString, c_int};
use std::fs;
use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::ptr;

use tempfile::TempDir;

use crate::api::Library;

type Outcome = Result<String, Box<dyn Error>>;

/// The number of the last error of the system.
fn errno() -> String {
    format!("errno {}", io::Error::last_os_error().raw_os_error().unwrap_or(0))
}

/// The address that a text leads to, or why to none.
pub(crate) fn address(library: &'static Library, text: &str) -> Outcome {
    let fd = library.open_socket(&CString::new(text)?);
    if fd < 0 {
        return Ok(errno());
    }
    // SAFETY: the library gives the descriptor away.
    let socket = unsafe { UdpSocket::from_raw_fd(fd) };
    // The system takes a connection to port 0 for none.
    Ok(socket.peer_addr().map_or("no peer".to_owned(), |peer| peer.to_string()))
}

/// A server's socket in a directory of its own.
fn server() -> io::Result<(TempDir, UnixDatagram, CString)> {
    let directory = tempfile::Builder::new().prefix("conf").tempdir_in("/tmp")?;
    let path = directory.path().join("sock");
    let socket = UnixDatagram::bind(&path)?;
    Ok((directory, socket, CString::new(path.into_os_string().into_encoded_bytes())?))
}

pub(crate) fn close_on_exec(library: &'static Library, address: &str) -> Outcome {
    let (_directory, _server, path) = server()?;
    let address = if address == "unix" { path } else { CString::new(address)? };
    let fd = library.open_socket(&address);
    assert!(fd >= 0, "{address:?} is opened");
    // SAFETY: the flags of a descriptor are read.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
    library.close_socket(fd);
    Ok((flags & libc::FD_CLOEXEC != 0).to_string())
}

/// Whether closing a socket that the library did not open removes its path and what that stands in.
pub(crate) fn foreign(library: &'static Library, _: &str) -> Outcome {
    let directory = tempfile::tempdir()?;
    let parent = directory.path().join("p/q");
    fs::create_dir_all(&parent)?;
    let socket = UnixDatagram::bind(parent.join("mine"))?;
    library.close_socket(socket.into_raw_fd());
    let left = ["p/q/mine", "p/q", "p"].iter().find(|path| directory.path().join(path).exists());
    Ok(left.map_or("nothing is left".to_owned(), |path| format!("{path} is left")))
}

/// Whether the parent's socket is still there after a forked child closed its copy.
pub(crate) fn child(library: &'static Library, _: &str) -> Outcome {
    let (directory, _server, path) = server()?;
    let fd = library.open_socket(&path);
    assert!(fd >= 0, "{path:?} is opened");
    // SAFETY: this process has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        library.close_socket(fd);
        // SAFETY: nothing of the parent's is cleaned up.
        unsafe { libc::_exit(0) };
    }
    // SAFETY: the child's status is not asked for.
    unsafe { libc::waitpid(child, ptr::null_mut(), 0) };
    let left = tree(directory.path())?.len() > 1;
    library.close_socket(fd);
    Ok(left.to_string())
}

/// All below a directory: depth, kind and mode, length of the name.
fn tree(directory: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![(0, directory.to_owned())];
    while let Some((depth, folder)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.metadata()?.permissions().mode();
            found.push(format!("{depth} {kind:o} {}", entry.file_name().len()));
            if entry.path().is_dir() {
                folders.push((depth + 1, entry.path()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What opening makes, what a request says, and what closing leaves.
pub(crate) fn life(library: &'static Library, _: &str) -> Outcome {
    let (directory, server, path) = server()?;
    let fd = library.open_socket(&path);
    let opened = tree(directory.path())?;
    // SAFETY: the flags of a descriptor are read.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    let session = crate::api::Session::on(library, fd);
    session.request_record(c"tracking", 0);
    let mut request = [0; 2048];
    let (length, client) = server.recv_from(&mut request)?;
    let own = client.as_pathname().and_then(Path::file_name).map(ToOwned::to_owned);
    library.close_socket(fd);
    drop(session);
    let closed = tree(directory.path())?;
    library.close_socket(-1);
    let same = server.as_raw_fd() == fd;
    Ok(format!("{opened:?} {flags:o} {length} {own:?} {closed:?} {same}"))
}

/// Opens a Unix socket as an ordinary user under a umask.
pub(crate) fn umask(library: &'static Library, mask: &str) -> Outcome {
    const NOBODY: u32 = 65534;
    // SAFETY: a number is asked for.
    if unsafe { libc::geteuid() } != 0 {
        return Ok("only root can become another user".to_owned());
    }
    let (directory, _server, path) = server()?;
    for place in [directory.path(), &directory.path().join("sock")] {
        chown(place, Some(NOBODY), Some(NOBODY))?;
    }
    // The directory is removed by the one process that stays root.
    // SAFETY: this process has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let code = as_nobody(library, &path, mask, NOBODY);
        // SAFETY: nothing of the parent's is cleaned up.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: there is a place for the status.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    Ok(match libc::WEXITSTATUS(status) {
        0 => "opens".to_owned(),
        errno => format!("errno {errno}"),
    })
}

fn as_nobody(library: &'static Library, path: &CString, mask: &str, user: u32) -> c_int {
    let mask = u32::from_str_radix(mask, 8).unwrap_or(0);
    // SAFETY: the process only loses rights.
    let done = unsafe { libc::setgid(user) };
    // SAFETY: as above.
    let done = done | unsafe { libc::setuid(user) };
    assert_eq!(done, 0, "the process becomes another's");
    // SAFETY: any mask is allowed.
    unsafe { libc::umask(mask) };
    let fd = library.open_socket(path);
    let errno = io::Error::last_os_error().raw_os_error().unwrap_or(0);
    if fd < 0 {
        return errno;
    }
    library.close_socket(fd);
    0
}
