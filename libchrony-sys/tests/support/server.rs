//! The server's end of a session's socket: takes requests and sends replies.

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// No wait of a test is longer, on either side, so that a fault ends the test.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that does what a test tells it.
pub(crate) struct Server {
    socket: UnixDatagram,
}

/// The client's end of a pair of connected sockets, and the server.
pub(crate) fn pair() -> (OwnedFd, Server) {
    let (client, server) = UnixDatagram::pair().expect("a pair of sockets");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    (client.into(), Server::new(server))
}

impl Server {
    pub(crate) fn new(socket: UnixDatagram) -> Server {
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Server { socket }
    }

    /// The next request.
    #[track_caller]
    pub(crate) fn take(&self) -> Request {
        let mut bytes = vec![0; 4096];
        let length = self.socket.recv(&mut bytes).expect("a request");
        bytes.truncate(length);
        Request { bytes }
    }

    /// Checks that no request waits.
    #[track_caller]
    pub(crate) fn expect_silence(&self) {
        self.socket.set_nonblocking(true).expect("non-blocking");
        let got = self.socket.recv(&mut [0]);
        self.socket.set_nonblocking(false).expect("blocking");
        assert_eq!(got.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
    }

    #[track_caller]
    pub(crate) fn send(&self, reply: &Reply) {
        self.send_bytes(&reply.bytes);
    }

    #[track_caller]
    pub(crate) fn send_bytes(&self, bytes: &[u8]) {
        assert_eq!(self.socket.send(bytes).expect("a datagram sent"), bytes.len());
    }
}

/// A request as it came.
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
}

impl Request {
    pub(crate) fn command(&self) -> u16 {
        u16::from_be_bytes([self.bytes[4], self.bytes[5]])
    }

    pub(crate) fn sequence(&self) -> u32 {
        self.word(8)
    }

    /// The index that a request by index asks for.
    pub(crate) fn index(&self) -> u32 {
        self.word(20)
    }

    /// The address that a request by address asks for.
    pub(crate) fn address(&self) -> &[u8] {
        &self.bytes[20..40]
    }

    /// The header of a successful reply.
    pub(crate) fn reply(&self, code: u16) -> Reply {
        let mut bytes = vec![0; 28];
        bytes[0] = 6;
        bytes[1] = 2;
        bytes[4..6].copy_from_slice(&self.bytes[4..6]);
        bytes[6..8].copy_from_slice(&code.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.bytes[8..12]);
        Reply { bytes }
    }

    fn word(&self, at: usize) -> u32 {
        let bytes = self.bytes[at..at + 4].try_into().expect("four bytes");
        u32::from_be_bytes(bytes)
    }
}

/// A reply as it will be sent.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn status(mut self, status: u16) -> Reply {
        self.bytes[8..10].copy_from_slice(&status.to_be_bytes());
        self
    }

    pub(crate) fn version(mut self, version: u8) -> Reply {
        self.bytes[0] = version;
        self
    }

    /// Changes the bits of one byte.
    pub(crate) fn flip(mut self, at: usize, bits: u8) -> Reply {
        self.bytes[at] ^= bits;
        self
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Reply {
        self.bytes.extend_from_slice(body);
        self
    }

    pub(crate) fn cut(mut self, length: usize) -> Reply {
        self.bytes.truncate(length);
        self
    }
}
