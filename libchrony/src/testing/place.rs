//! Where a simulator listens: a socket file in a directory of its own, or a UDP port.

use std::collections::hash_map::RandomState;
use std::env;
use std::fmt;
use std::fs::{self, DirBuilder, Permissions};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use super::answer::Transport;

/// The longest directory below which a client can make its socket, in bytes.
const LONGEST_DIRECTORY: usize = 62;

/// Ports below those that systems give by themselves (Linux from 32768 on).
const FIRST_PORT: u16 = 10_000;
const LOW_PORTS: u64 = 20_000;
/// So many of them are tried.
const TRIES: u32 = 100;

/// A directory of this process alone, removed with all it holds.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    /// Makes a new one in the system's directory for such, or in `/tmp` where that is too deep.
    fn create() -> io::Result<Self> {
        let parent = env::temp_dir();
        if is_too_deep(&parent) {
            Self::create_in(Path::new("/tmp"))
        } else {
            Self::create_in(&parent)
        }
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        if is_too_deep(parent) {
            let reason = "the directory is too deep for the socket of a client";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        loop {
            let random = RandomState::new().build_hasher().finish();
            let path = parent.join(format!("chronyd-{random:016x}"));
            match DirBuilder::new().mode(0o755).create(&path) {
                Ok(()) => {
                    let directory = Self(path);
                    fs::set_permissions(&directory.0, Permissions::from_mode(0o755))?;
                    return Ok(directory);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn socket(&self) -> PathBuf {
        self.0.join("chronyd.sock")
    }
}

/// Whether a client would find no room for its socket below a directory in this one.
fn is_too_deep(parent: &Path) -> bool {
    parent.as_os_str().len() + "/chronyd-0123456789abcdef".len() > LONGEST_DIRECTORY
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A client that was killed leaves its own directory behind in here.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An address to listen at, kept while the socket comes and goes.
#[derive(Debug)]
pub(super) enum Place {
    Unix(Directory),
    Udp(SocketAddr),
}

impl Place {
    pub(super) fn unix(parent: Option<&Path>) -> io::Result<(Self, Socket)> {
        let directory = parent.map_or_else(Directory::create, Directory::create_in)?;
        let place = Self::Unix(directory);
        let socket = place.bind()?;
        Ok((place, socket))
    }

    /// A free port of this address, one that the system gives to no socket without a port of its own:
    /// such a socket could have taken it when the simulator comes back.
    pub(super) fn free_udp(ip: IpAddr) -> io::Result<(Self, Socket)> {
        for turn in 0..TRIES {
            let random = RandomState::new().hash_one(turn) % LOW_PORTS;
            let port = FIRST_PORT + u16::try_from(random).unwrap_or(0);
            match Self::udp(SocketAddr::new(ip, port)) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                other => return other,
            }
        }
        Self::udp(SocketAddr::new(ip, 0))
    }

    fn udp(address: SocketAddr) -> io::Result<(Self, Socket)> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        Ok((Self::Udp(socket.local_addr()?), Socket::Udp(socket)))
    }

    /// Listens anew at the same address.
    pub(super) fn bind(&self) -> io::Result<Socket> {
        match self {
            Self::Unix(directory) => {
                let socket = UnixDatagram::bind(directory.socket())?;
                socket.set_nonblocking(true)?;
                Ok(Socket::Unix(socket))
            }
            Self::Udp(address) => Self::udp(*address).map(|(_, socket)| socket),
        }
    }

    /// Removes the socket file, if there is one.
    pub(super) fn remove_socket(&self) -> io::Result<()> {
        let Self::Unix(directory) = self else { return Ok(()) };
        match fs::remove_file(directory.socket()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// In libchrony's syntax.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(directory) => directory.socket().display().fmt(f),
            Self::Udp(address) => address.fmt(f),
        }
    }
}

/// A client that can be answered.
#[derive(Debug, Clone)]
pub(super) enum Client {
    Unix(PathBuf),
    Udp(SocketAddr),
}

/// A socket that never blocks.
#[derive(Debug)]
pub(super) enum Socket {
    Unix(UnixDatagram),
    Udp(UdpSocket),
}

impl Socket {
    pub(super) fn transport(&self) -> Transport {
        match self {
            Self::Unix(_) => Transport::Unix,
            Self::Udp(_) => Transport::Udp,
        }
    }

    /// Receives a datagram; a client without a path in the file system cannot be answered.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Option<Client>)> {
        match self {
            Self::Unix(socket) => {
                let (length, from) = socket.recv_from(buffer)?;
                Ok((length, from.as_pathname().map(Path::to_owned).map(Client::Unix)))
            }
            Self::Udp(socket) => {
                let (length, from) = socket.recv_from(buffer)?;
                Ok((length, Some(Client::Udp(from))))
            }
        }
    }

    pub(super) fn send(&self, bytes: &[u8], client: &Client) -> io::Result<()> {
        match (self, client) {
            (Self::Unix(socket), Client::Unix(path)) => socket.send_to(bytes, path).map(drop),
            (Self::Udp(socket), Client::Udp(address)) => socket.send_to(bytes, address).map(drop),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(socket) => socket.as_fd(),
            Self::Udp(socket) => socket.as_fd(),
        }
    }
}
