//! Bytes as they are, for what no HTTP client would send.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::common::PATIENCE;
use crate::common::dashboard::Dashboard;

/// A connection of which every wait is bounded.
pub(crate) fn connect(dashboard: &Dashboard) -> TcpStream {
    let stream = TcpStream::connect(dashboard.authority()).expect("second-hand listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout is set");
    stream
}

/// Sends bytes and reads until the other side closes.
pub(crate) fn talk(dashboard: &Dashboard, bytes: &[u8]) -> String {
    let mut stream = connect(dashboard);
    stream.write_all(bytes).expect("second-hand reads");
    rest(&mut stream)
}

/// What comes until the other side closes; that it closes hard is one way to close.
pub(crate) fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8_lossy(&answer).into_owned()
}
