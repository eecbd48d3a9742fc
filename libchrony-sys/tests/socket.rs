//! Opening and closing sockets: forms of addresses, what is made, and what fails how.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::socket::{self, Place, Socket};

/// Errors of a system that has no such addresses or no way to them.
const UNREACHABLE: [i32; 4] =
    [libc::ENETUNREACH, libc::EHOSTUNREACH, libc::EADDRNOTAVAIL, libc::EAFNOSUPPORT];

#[test]
fn addresses_are_numbers_with_or_without_a_port() {
    for (address, peer) in [
        ("127.0.0.1", "127.0.0.1:323"),
        ("127.0.0.1:323", "127.0.0.1:323"),
        ("127.0.0.1:5", "127.0.0.1:5"),
        ("127.0.0.1:65535", "127.0.0.1:65535"),
        ("192.0.2.1", "192.0.2.1:323"),
        ("::1", "[::1]:323"),
        ("[::1]", "[::1]:323"),
        ("[::1]:323", "[::1]:323"),
        ("[::1]:5", "[::1]:5"),
        ("[::1%lo]:5", "[::1]:5"),
        ("2001:db8::1", "[2001:db8::1]:323"),
        ("[2001:db8::1]:323", "[2001:db8::1]:323"),
        ("::1:323", "[::1:323]:323"),
    ] {
        let socket = match Socket::open(address) {
            Ok(socket) => socket,
            Err(error) if error.raw_os_error().is_some_and(|it| UNREACHABLE.contains(&it)) => {
                eprintln!("skipped {address}: {error}");
                continue;
            }
            Err(error) => panic!("{address}: {error}"),
        };
        let is = UdpSocket::from(socket.copy()).peer_addr().unwrap();
        let expected: SocketAddr = peer.parse().unwrap();
        assert_eq!((is.ip(), is.port()), (expected.ip(), expected.port()), "{address}");
    }
}

#[test]
fn a_zone_chooses_the_interface() {
    // Link-local: only the kernel's answer tells whether the zone came to it.
    match Socket::open("fe80::1%lo") {
        Ok(socket) => match UdpSocket::from(socket.copy()).peer_addr().unwrap() {
            SocketAddr::V6(peer) => {
                assert_eq!((peer.scope_id(), peer.port()), (1, 323));
            }
            SocketAddr::V4(peer) => panic!("{peer}"),
        },
        Err(error) => {
            assert!(UNREACHABLE.contains(&error.raw_os_error().unwrap()), "{error}");
            eprintln!("skipped: {error}");
        }
    }
    for address in ["fe80::1%", "fe80::1%nonexistent", "[fe80::1%]:5", "127.0.0.1%lo", "%lo"] {
        assert_eq!(Socket::error(address), libc::EINVAL, "{address}");
    }
}

#[test]
fn what_is_no_address_is_invalid() {
    let long = "1".repeat(256);
    for address in [
        "192.0.2.1:",
        ":323",
        ":",
        "[",
        "]",
        "[]",
        "[]:323",
        "[:323",
        "]:323",
        "[::1",
        "[::1:323",
        "::1]",
        "::1]:323",
        "[::1]:",
        "[::1]x",
        "[::1]x:323",
        "[[::1]]:323",
        "[::1]:323]",
        "[192.0.2.1]",
        "[192.0.2.1]:323",
        "localhost",
        "localhost:323",
        "01.2.3.4",
        "1.2.3",
        "1.2.3.4.5",
        " 127.0.0.1",
        "127.0.0.1 ",
        "1:2:3",
        ":::",
        "relative/path",
        "@abstract",
        long.as_str(),
    ] {
        assert_eq!(Socket::error(address), libc::EINVAL, "{address}");
    }
}

#[test]
fn a_client_has_a_socket_in_two_directories_of_its_own() {
    let place = Place::new();
    let socket = Socket::open(place.address().as_str()).unwrap();
    let [outer] = place.others().try_into().unwrap();
    let [inner] = socket::entries(&outer).try_into().unwrap();
    let [path] = socket::entries(&inner).try_into().unwrap();
    assert_eq!(path.file_name().unwrap(), "sock");
    let random = name(&outer).strip_prefix("libchrony.").unwrap();
    for (random, length) in [(random, 12), (name(&inner), 16)] {
        assert_eq!(random.len(), length);
        assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{random}");
    }
    assert_eq!([&outer, &inner, &path].map(|path| mode(path)), [0o711, 0o711, 0o666]);
    let client = UnixDatagram::from(socket.copy());
    assert_eq!(client.local_addr().unwrap().as_pathname(), Some(path.as_path()));
    let server = client.peer_addr().unwrap();
    assert_eq!(server.as_pathname(), Some(Path::new(&place.address())));
    drop(client);
    drop(socket);
    assert_eq!(place.others(), Vec::<PathBuf>::new());
}

#[test]
fn a_session_over_a_unix_socket_is_answered_at_its_path() {
    let place = Place::new();
    let socket = Socket::open(place.address().as_str()).unwrap();
    let session = socket.session();
    assert_eq!(session.request_record("activity", 0), chrony_err::CHRONY_OK);
    place.server.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = [0; 100];
    let (length, client) = place.server.recv_from(&mut bytes).unwrap();
    let request = support::server::Request { bytes: bytes[..length].to_vec() };
    assert_eq!((request.command(), length), (44, 48));
    let reply = request.reply(12).body(&[0, 0, 0, 3]).body(&[0; 16]);
    place.server.send_to_addr(&reply.bytes, &client).unwrap();
    assert_eq!(session.process(), chrony_err::CHRONY_OK);
    assert_eq!(session.uinteger(session.index("online sources")), 3);
}

#[test]
fn a_session_over_udp_is_answered() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let socket = Socket::open(server.local_addr().unwrap().to_string().as_str()).unwrap();
    let session = socket.session();
    assert_eq!(session.request_count("sources"), chrony_err::CHRONY_OK);
    let mut bytes = [0; 100];
    let (length, client) = server.recv_from(&mut bytes).unwrap();
    let request = support::server::Request { bytes: bytes[..length].to_vec() };
    server.send_to(&request.reply(2).body(&[0, 0, 0, 4]).bytes, client).unwrap();
    assert_eq!(session.process(), chrony_err::CHRONY_OK);
    assert_eq!(session.count(), 4);
}

#[test]
fn a_session_over_udp_learns_that_nobody_listens() {
    // A port that is taken, but hears only itself.
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    server.connect(&address).unwrap();
    let socket = Socket::open(address.as_str()).unwrap();
    UdpSocket::from(socket.copy()).set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let session = socket.session();
    assert_eq!(session.request_count("sources"), chrony_err::CHRONY_OK);
    assert_eq!(session.process(), chrony_err::CHRONY_RECV_FAILED);
    let error = std::io::Error::last_os_error();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(session.needs_response());
}

#[test]
fn a_server_that_is_not_there_leaves_nothing_behind() {
    let place = Place::new();
    let address = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    drop(UnixDatagram::bind(address("gone")).unwrap());
    let _listener = UnixListener::bind(address("stream")).unwrap();
    std::fs::write(address("file"), "").unwrap();
    let before = place.others().len();
    for (name, error) in [
        ("missing", libc::ENOENT),
        ("missing/server", libc::ENOENT),
        ("gone", libc::ECONNREFUSED),
        ("file", libc::ECONNREFUSED),
        ("stream", libc::EPROTOTYPE),
        ("file/server", libc::ENOTDIR),
        ("", libc::ECONNREFUSED),
    ] {
        assert_eq!(Socket::error(&address(name)), error, "{name}");
    }
    assert_eq!(place.others().len(), before);
}

#[test]
fn paths_that_do_not_fit_are_invalid_and_leave_nothing_behind() {
    let root = socket::directory();
    let directory_of = |length: usize| {
        let filler = "d".repeat(length - root.path().as_os_str().len() - 1);
        let directory = root.path().join(filler);
        std::fs::create_dir(&directory).unwrap();
        directory
    };
    // 62 bytes of directory and 45 of the client's own make 107, the longest path of a socket.
    for (length, fits) in [(62, true), (63, false), (100, false)] {
        let directory = directory_of(length);
        let address = directory.join("server");
        let _server = UnixDatagram::bind(&address).unwrap();
        let address = address.to_str().unwrap();
        match Socket::open(address) {
            Ok(_) => assert!(fits, "{length}"),
            Err(error) => {
                assert!(!fits, "{length}: {error}");
                assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
            }
        }
        assert_eq!(socket::entries(&directory), [Path::new(address)]);
    }
    for length in [107, 108, 200, 5000] {
        let path = format!("/{}", "p".repeat(length - 1));
        let error = if length <= 107 { libc::ENOENT } else { libc::EINVAL };
        assert_eq!(Socket::error(&path), error, "{length}");
    }
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("an ASCII name")
}

/// The permissions, of something that is this user's.
fn mode(path: &Path) -> u32 {
    let status = std::fs::metadata(path).expect("a status");
    let parent = path.parent().expect("a parent");
    assert_eq!(status.uid(), std::fs::metadata(parent).expect("a status").uid());
    status.permissions().mode() & 0o7777
}
