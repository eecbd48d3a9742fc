//! A client that sends and receives bytes, and knows nothing of libchrony.

use std::io;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use libchrony::testing::{Address, Command, Simulator};

/// Longer than any reply takes; nothing waits this long unless it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

enum Socket {
    Unix { socket: UnixDatagram, _directory: tempfile::TempDir },
    Udp(UdpSocket),
}

/// A client of one simulator.
pub(crate) struct Client {
    socket: Socket,
    sequence: u32,
}

/// The parts of a reply.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply(pub(crate) Vec<u8>);

impl Client {
    pub(crate) fn new(chronyd: &Simulator) -> Self {
        let address = chronyd.address();
        let socket = if address.starts_with('/') {
            let directory = tempfile::tempdir().unwrap();
            let socket = UnixDatagram::bind(directory.path().join("client.sock")).unwrap();
            socket.connect(&address).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            Socket::Unix { socket, _directory: directory }
        } else {
            let any = if address.starts_with('[') { "[::1]:0" } else { "127.0.0.1:0" };
            let socket = UdpSocket::bind(any).unwrap();
            socket.connect(&address).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            Socket::Udp(socket)
        };
        Self { socket, sequence: 0x1234_5678 }
    }

    /// A request with data, padded to a length, with a new sequence number.
    pub(crate) fn request(&mut self, command: Command, data: &[u8], length: usize) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(0x0101_0107);
        let mut bytes = vec![6, 1, 0, 0];
        bytes.extend(command.0.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend([0; 8]);
        bytes.extend(data);
        bytes.resize(length.max(bytes.len()), 0);
        bytes
    }

    pub(crate) fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.socket {
            Socket::Unix { socket, .. } => socket.send(bytes),
            Socket::Udp(socket) => socket.send(bytes),
        }
    }

    pub(crate) fn send(&self, bytes: &[u8]) {
        assert_eq!(self.try_send(bytes).unwrap(), bytes.len());
    }

    pub(crate) fn set_nonblocking(&self) {
        match &self.socket {
            Socket::Unix { socket, .. } => socket.set_nonblocking(true).unwrap(),
            Socket::Udp(socket) => socket.set_nonblocking(true).unwrap(),
        }
    }

    pub(crate) fn receive(&self) -> Reply {
        let mut buffer = [0; 2048];
        loop {
            let length = match &self.socket {
                Socket::Unix { socket, .. } => socket.recv(&mut buffer),
                Socket::Udp(socket) => socket.recv(&mut buffer),
            };
            match length {
                // A machine that stands still for a moment interrupts the wait.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                length => return Reply(buffer[..length.expect("a reply")].to_vec()),
            }
        }
    }

    /// Sends a request long enough for any reply, and gives the number it is known by.
    pub(crate) fn ask(&mut self, command: Command, data: &[u8]) -> u32 {
        let request = self.request(command, data, 600);
        self.send(&request);
        self.sequence
    }

    /// A request and its reply.
    pub(crate) fn get(&mut self, command: Command, data: &[u8]) -> Reply {
        let sequence = self.ask(command, data);
        let reply = self.receive();
        assert_eq!(reply.sequence(), sequence);
        assert_eq!(reply.u16(4), command.0);
        reply
    }

    pub(crate) fn get_index(&mut self, command: Command, index: u32) -> Reply {
        self.get(command, &index.to_be_bytes())
    }

    pub(crate) fn get_address(&mut self, command: Command, address: Address) -> Reply {
        self.get(command, &wire(address))
    }

    /// Asserts that some bytes get no reply: what comes next is the reply to another request.
    pub(crate) fn assert_ignored(&mut self, bytes: &[u8]) {
        self.send(bytes);
        assert_eq!(self.get(Command::ACTIVITY, &[]).status(), 0);
    }
}

impl Reply {
    pub(crate) fn u16(&self, offset: usize) -> u16 {
        u16::from_be_bytes(self.0[offset..offset + 2].try_into().unwrap())
    }

    pub(crate) fn u32(&self, offset: usize) -> u32 {
        u32::from_be_bytes(self.0[offset..offset + 4].try_into().unwrap())
    }

    /// c * 2^(e-25), e in 7 bits and c in 25, both signed.
    pub(crate) fn float(&self, offset: usize) -> f64 {
        let word = i64::from(self.u32(offset));
        let (exponent, coefficient) = (word >> 25, word & 0x1ff_ffff);
        let exponent = if exponent > 63 { exponent - 128 } else { exponent };
        let coefficient =
            if coefficient >> 24 == 1 { coefficient - (1 << 25) } else { coefficient };
        f64::from(i32::try_from(coefficient).unwrap())
            * 2f64.powi(i32::try_from(exponent).unwrap() - 25)
    }

    pub(crate) fn code(&self) -> u16 {
        self.u16(6)
    }

    pub(crate) fn status(&self) -> u16 {
        self.u16(8)
    }

    pub(crate) fn sequence(&self) -> u32 {
        self.u32(16)
    }

    /// Asserts a refusal: this status, and a header without data.
    pub(crate) fn assert_refused(&self, status: u16) {
        assert_eq!((self.status(), self.code(), self.0.len()), (status, 1, 28), "{self:02x?}");
    }

    /// Asserts success with a layout and its length.
    pub(crate) fn assert_is(&self, code: u16, length: usize) {
        assert_eq!((self.status(), self.code(), self.0.len()), (0, code, length), "{self:02x?}");
    }
}

/// The wire form of an address.
pub(crate) fn wire(address: Address) -> [u8; 20] {
    let mut bytes = [0; 20];
    match address {
        Address::V4(ip) => {
            bytes[..4].copy_from_slice(&ip.octets());
            bytes[17] = 1;
        }
        Address::V6(ip) => {
            bytes[..16].copy_from_slice(&ip.octets());
            bytes[17] = 2;
        }
        Address::Id(id) => {
            bytes[..4].copy_from_slice(&id.to_be_bytes());
            bytes[17] = 3;
        }
        _ => {}
    }
    bytes
}
