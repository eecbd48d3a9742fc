//! Opening sockets under other umasks, users and roots, each in a child process.
#![cfg(bundled)]

mod support;

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use support::process::{self, in_child};
use support::socket::{self, Place, Socket};

/// What a child gives for an error that is not there.
const NO_ERROR: u8 = 0;

/// The number of an error, which fits an exit status.
fn error_of(result: Result<Socket, std::io::Error>) -> u8 {
    let Err(error) = result else { return NO_ERROR };
    error.raw_os_error().and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)
}

fn number(error: i32) -> u8 {
    u8::try_from(error).expect("a small number")
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).map_or(u32::MAX, |status| status.permissions().mode() & 0o7777)
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    // Only root can make something in a directory without rights.
    let masks: &[u32] = &[0, 0o022, 0o027, 0o066, 0o077, 0o777];
    let masks = if process::is_root() { masks } else { &masks[..5] };
    for (mask, above) in masks.iter().flat_map(|mask| [(*mask, 0o755), (*mask, 0o2755)]) {
        let place = Place::new();
        // One that hands its group down gives its directories a bit more.
        std::fs::set_permissions(place.path(), PermissionsExt::from_mode(above)).unwrap();
        let address = place.address();
        let wrong = in_child(|| {
            process::set_umask(mask);
            let Ok(socket) = Socket::open(address.as_str()) else { return 1 };
            let local = UnixDatagram::from(socket.copy()).local_addr();
            let Some(path) = local.ok().and_then(|it| it.as_pathname().map(PathBuf::from)) else {
                return 2;
            };
            let modes: Vec<u32> = path.ancestors().take(3).map(mode).collect();
            if modes == [0o666, 0o711, 0o711] { 0 } else { 3 }
        });
        assert_eq!(wrong, 0, "{mask:o} {above:o}");
        assert_eq!(place.others(), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_an_access_error() {
    let place = Place::new();
    std::fs::set_permissions(place.address(), PermissionsExt::from_mode(0o666)).unwrap();
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o555)).unwrap();
    let address = place.address();
    let error = in_child(|| {
        if process::is_root() && !process::become_nobody() {
            return u8::MAX;
        }
        error_of(Socket::open(address.as_str()))
    });
    // So that it can be removed.
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(error, number(libc::EACCES));
    assert_eq!(place.others(), Vec::<PathBuf>::new());
}

#[test]
fn a_socket_that_others_may_not_use_is_an_access_error() {
    if !process::is_root() {
        eprintln!("skipped: only root can become somebody else");
        return;
    }
    let place = Place::new();
    std::fs::set_permissions(place.address(), PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let address = place.address();
    let error = in_child(|| {
        if !process::become_nobody() {
            return u8::MAX;
        }
        error_of(Socket::open(address.as_str()))
    });
    assert_eq!(error, number(libc::EACCES));
    assert_eq!(place.others(), Vec::<PathBuf>::new());
}

/// A child in a root of its own, where the usual places are what the test makes them.
fn in_root(root: &Path, body: impl FnOnce() -> u8) -> Option<u8> {
    if !process::is_root() {
        eprintln!("skipped: only root can change the root");
        return None;
    }
    Some(in_child(|| if process::change_root(root) { body() } else { u8::MAX }))
}

#[test]
fn a_server_in_the_root_directory_is_invalid() {
    let root = socket::directory();
    let _server = UnixDatagram::bind(root.path().join("server")).unwrap();
    let Some(error) = in_root(root.path(), || error_of(Socket::open("/server"))) else { return };
    assert_eq!(error, number(libc::EINVAL));
    assert_eq!(socket::entries(root.path()), [root.path().join("server")]);
}

#[test]
fn without_an_address_the_unix_socket_is_first_and_udp_second() {
    fn kind(socket: Result<Socket, std::io::Error>) -> u8 {
        let Ok(socket) = socket else { return 0 };
        let unix = UnixDatagram::from(socket.copy()).peer_addr();
        if unix.is_ok_and(|peer| peer.as_pathname().is_some()) {
            return 1;
        }
        let udp = UdpSocket::from(socket.copy()).peer_addr();
        if udp.is_ok_and(|peer| peer == ([127, 0, 0, 1], 323).into()) { 2 } else { 3 }
    }
    for address in [None, Some("")] {
        let root = socket::directory();
        let directory = root.path().join("var/run/chrony");
        let Some(alone) = in_root(root.path(), || kind(Socket::open(address))) else { return };
        assert_eq!(alone, 2);
        std::fs::create_dir_all(&directory).unwrap();
        let _server = UnixDatagram::bind(directory.join("chronyd.sock")).unwrap();
        assert_eq!(in_root(root.path(), || kind(Socket::open(address))), Some(1));
        assert_eq!(socket::entries(&directory), [directory.join("chronyd.sock")]);
    }
}
