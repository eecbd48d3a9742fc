//! What upstream's libchrony 0.2 gets wrong in closing and opening sockets, and this library does
//! not. The ids are of the list of upstream's defects.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use support::process::in_child;
use support::socket::{self, Place, Socket};

/// U8
#[test]
fn a_socket_that_somebody_else_bound_stays_with_its_directories() {
    let names = [
        "p/q/mine",
        "p/q/sock",
        // As upstream names its own, which this process did not make.
        "libchrony.AAAAAAAAAAAA/BBBBBBBBBBBBBBBB/sock",
    ];
    for name in names {
        let directory = socket::directory();
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let own = UnixDatagram::bind(&path).unwrap();
        socket::close(own.into());
        assert!(path.exists(), "{name}");
    }
}

/// U8
#[test]
fn a_path_that_is_only_like_the_librarys_stays() {
    let place = Place::new();
    let socket = Socket::open(place.address().as_str()).unwrap();
    let path = client_path(&socket);
    let [outer, inner] = [path.ancestors().nth(2), path.parent()].map(|it| name(it.unwrap()));
    let names = [
        format!("{outer}/{inner}/xock"),
        format!("{outer}/{inner}/sockx"),
        format!("{outer}/{inner}/sock/sock"),
        format!("{outer}/{}/sock", &inner[..15]),
        format!("{outer}/{inner}0/sock"),
        format!("{outer}/{}-/sock", &inner[..15]),
        format!("{}/{inner}/sock", &outer[..21]),
        format!("{outer}0/{inner}/sock"),
        format!("{}-/{inner}/sock", &outer[..21]),
        format!("{}/{inner}/sock", outer.replace("libchrony.", "libchrony-")),
        format!("x{outer}/{inner}/sock"),
    ];
    for name in names {
        let other = socket::directory();
        let path = other.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        socket::close(UnixDatagram::bind(&path).unwrap().into());
        assert!(path.exists(), "{path:?}");
    }
    // The names are like enough: this one is the library's.
    let other = socket::directory();
    let path = other.path().join(format!("{outer}/{inner}/sock"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    socket::close(UnixDatagram::bind(&path).unwrap().into());
    assert_eq!(socket::entries(other.path()), Vec::<PathBuf>::new());
}

/// U8: upstream took what was on the stack for a path.
#[test]
fn sockets_without_a_path_and_other_files_are_only_closed() {
    let (one, _two) = UnixDatagram::pair().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let [three, _] = socket::connection();
    socket::close(one.into());
    socket::close(UnixDatagram::unbound().unwrap().into());
    socket::close(file.reopen().unwrap().into());
    socket::close(udp.into());
    socket::close(three);
    socket::close_nothing();
    assert!(file.path().exists());
}

/// U8: not even where its abstract name looks like a path.
#[test]
fn an_abstract_socket_is_only_closed() {
    use std::os::linux::net::SocketAddrExt;
    let place = Place::new();
    let socket = Socket::open(place.address().as_str()).unwrap();
    let path = client_path(&socket);
    let name = std::os::unix::net::SocketAddr::from_abstract_name(path.to_str().unwrap()).unwrap();
    socket::close(UnixDatagram::bind_addr(&name).unwrap().into());
    assert!(path.exists());
}

/// U8
#[test]
fn a_forked_child_that_closes_its_copy_leaves_the_parents_socket() {
    let place = Place::new();
    let socket = Socket::open(place.address().as_str()).unwrap();
    let path = client_path(&socket);
    let copy = socket.copy();
    assert_eq!(
        in_child(|| {
            socket::close(copy);
            0
        }),
        0
    );
    assert!(path.exists());
    let session = socket.session();
    assert_eq!(session.request_record("activity", 0), chrony_err::CHRONY_OK);
    drop(socket);
    assert_eq!(place.others(), Vec::<PathBuf>::new());
}

/// U8: what is removed is what was opened.
#[test]
fn closing_removes_the_socket_and_its_two_directories_only() {
    let place = Place::new();
    let first = Socket::open(place.address().as_str()).unwrap();
    let second = Socket::open(place.address().as_str()).unwrap();
    std::fs::write(place.path().join("file"), "").unwrap();
    let [path, other] = [&first, &second].map(client_path);
    assert_ne!(path, other);
    drop(first);
    assert!(!path.exists() && other.exists());
    drop(second);
    assert_eq!(place.others(), [place.path().join("file")]);
}

/// U8
#[test]
fn a_directory_that_holds_more_stays() {
    let place = Place::new();
    let socket = Socket::open(place.address().as_str()).unwrap();
    let path = client_path(&socket);
    let more = path.with_file_name("more");
    std::fs::write(&more, "").unwrap();
    drop(socket);
    assert!(!path.exists() && more.exists());
}

/// U11
#[test]
fn sockets_are_closed_on_exec_and_blocking() {
    let place = Place::new();
    for address in [place.address().as_str(), "127.0.0.1", "[::1]:323"] {
        let socket = match Socket::open(address) {
            Ok(socket) => socket,
            Err(error) if address.starts_with('[') => {
                eprintln!("skipped {address}: {error}");
                continue;
            }
            Err(error) => panic!("{address}: {error}"),
        };
        let [descriptor, file] = socket::flags(socket.as_fd());
        assert_eq!(descriptor & libc::FD_CLOEXEC, libc::FD_CLOEXEC, "{address}");
        assert_eq!(file & libc::O_NONBLOCK, 0, "{address}");
    }
}

/// U11, U23: in a child, where nothing else opens descriptors.
#[test]
fn opening_leaves_no_other_descriptor() {
    fn descriptors() -> usize {
        std::fs::read_dir("/proc/self/fd").map_or(usize::MAX, Iterator::count)
    }
    let place = Place::new();
    let long = socket::directory();
    let deep = long.path().join("d".repeat(70));
    std::fs::create_dir(&deep).unwrap();
    let _listener = UnixDatagram::bind(deep.join("server")).unwrap();
    let addresses =
        [place.address(), "/nonexistent/server".into(), deep.join("server").display().to_string()];
    let addresses = addresses.each_ref().map(String::as_str);
    let opened = in_child(|| {
        let before = descriptors();
        let good = Socket::open(addresses[0]);
        let mut faults = u8::from(descriptors() != before + 1);
        drop(good);
        for address in &addresses[1..] {
            faults += u8::from(Socket::open(*address).is_ok());
        }
        faults + u8::from(descriptors() != before)
    });
    assert_eq!(opened, 0);
    assert_eq!(place.others(), Vec::<PathBuf>::new());
    assert_eq!(socket::entries(&deep), [deep.join("server")]);
}

/// U14
#[test]
fn a_port_is_a_number_from_1_to_65535() {
    for port in ["abc", "0", "00", "65536", "99999", "4294967619", "-1", "+1", " 1", "1 ", "1x", ""]
    {
        for host in ["127.0.0.1", "[::1]"] {
            let address = format!("{host}:{port}");
            assert_eq!(Socket::error(&address), libc::EINVAL, "{address}");
        }
    }
    for port in ["1", "323", "00323", "65535"] {
        let socket = Socket::open(format!("127.0.0.1:{port}").as_str()).unwrap();
        let peer = std::net::UdpSocket::from(socket.copy()).peer_addr().unwrap();
        assert_eq!(peer.port().to_string(), port.trim_start_matches('0'));
    }
}

/// The path that a socket is bound to.
fn client_path(socket: &Socket) -> PathBuf {
    let bound = UnixDatagram::from(socket.copy()).local_addr().expect("an address");
    bound.as_pathname().expect("a path").to_owned()
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("an ASCII name")
}
