//! Socket directories that killed processes left beside chronyd's socket.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, fstat, open, openat, unlinkat};

/// A directory without a socket may be one that is just being made; after this time it is not.
const STILL_BEING_MADE: Duration = Duration::from_secs(60);

/// Removes the client socket directories of this user beside chronyd's `socket` whose process is gone.
///
/// A process that is killed leaves its `libchrony.*` directory behind. Removed is only what has
/// libchrony's form, belongs to this user and has no living owner (connecting to its socket is
/// refused). Symbolic links are never followed. Gives the number of directories removed.
///
/// # Errors
/// The system's error where the directory of `socket` cannot be read; a single entry that cannot
/// be removed is passed over.
pub fn remove_leftovers(socket: &Path) -> io::Result<u32> {
    let directory = socket.parent().unwrap_or(Path::new("/"));
    let directory = open_directory(directory)?;
    let mut removed = 0;
    for name in entries(&directory)? {
        let is_ours = name.strip_prefix("libchrony.").is_some_and(|end| is_random(end, 12));
        if is_ours && remove(&directory, &name).unwrap_or(false) {
            removed += 1;
        }
    }
    Ok(removed)
}

const FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    Ok(open(path, FLAGS, Mode::empty())?)
}

fn is_random(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The names in a directory, without `.` and `..`.
fn entries(directory: &OwnedFd) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        match entry?.file_name().to_str() {
            Ok("." | "..") => {}
            Ok(name) => names.push(name.to_owned()),
            // Not a name of ours; it keeps its directory from being empty, and so from being removed.
            Err(_) => names.push(String::new()),
        }
    }
    Ok(names)
}

/// Removes one client's directory where nobody owns it any more.
fn remove(parent: &OwnedFd, name: &str) -> io::Result<bool> {
    let outer = openat(parent, name, FLAGS, Mode::empty())?;
    let status = fstat(&outer)?;
    if status.st_uid != rustix::process::geteuid().as_raw() {
        return Ok(false);
    }
    let modified = UNIX_EPOCH + Duration::from_secs(u64::try_from(status.st_mtime).unwrap_or(0));
    let age = SystemTime::now().duration_since(modified).unwrap_or_default();
    match entries(&outer)?.as_slice() {
        [] if age > STILL_BEING_MADE => {}
        [inner] if is_random(inner, 16) => {
            let directory = openat(&outer, inner, FLAGS, Mode::empty())?;
            match entries(&directory)?.as_slice() {
                [] if age > STILL_BEING_MADE => {}
                [socket] if socket == "sock" && is_abandoned(&directory) => {
                    unlinkat(&directory, "sock", AtFlags::empty())?;
                }
                _ => return Ok(false),
            }
            unlinkat(&outer, inner, AtFlags::REMOVEDIR)?;
        }
        _ => return Ok(false),
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR)?;
    Ok(true)
}

/// Whether no process has the socket in `directory` open.
fn is_abandoned(directory: &OwnedFd) -> bool {
    // By descriptor, so that nobody can put another directory in its place meanwhile.
    let path = PathBuf::from(format!("/proc/self/fd/{}/sock", directory.as_fd().as_raw_fd()));
    let refused = UnixDatagram::unbound().and_then(|probe| probe.connect(path));
    refused.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn socket(&self) -> PathBuf {
            self.0.path().join("chronyd.sock")
        }

        fn client(&self, outer: &str) -> PathBuf {
            let inner = self.0.path().join(outer).join("abcdefghijklmnop");
            fs::create_dir_all(&inner).unwrap();
            inner.join("sock")
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = fs::read_dir(self.0.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    #[test]
    fn a_directory_whose_process_is_gone_is_removed() {
        let place = Place::new();
        drop(UnixDatagram::bind(place.client("libchrony.AAAAAAAAAAAA")).unwrap());
        assert_eq!(remove_leftovers(&place.socket()).unwrap(), 1);
        assert!(place.names().is_empty(), "{:?}", place.names());
    }

    #[test]
    fn a_directory_in_use_stays() {
        let place = Place::new();
        let path = place.client("libchrony.AAAAAAAAAAAA");
        let _living = UnixDatagram::bind(&path).unwrap();
        assert_eq!(remove_leftovers(&place.socket()).unwrap(), 0);
        assert!(path.exists());
    }

    #[test]
    fn a_directory_that_is_just_being_made_stays() {
        let place = Place::new();
        fs::create_dir(place.0.path().join("libchrony.AAAAAAAAAAAA")).unwrap();
        assert_eq!(remove_leftovers(&place.socket()).unwrap(), 0);
        assert_eq!(place.names(), ["libchrony.AAAAAAAAAAAA"]);
    }

    #[test]
    fn what_has_not_libchrony_s_form_stays() {
        let place = Place::new();
        for name in ["libchrony.short", "other.AAAAAAAAAAAA", "libchrony.AAAAAAAAAAA!"] {
            drop(UnixDatagram::bind(place.client(name)).unwrap());
        }
        let with_more = place.client("libchrony.BBBBBBBBBBBB");
        drop(UnixDatagram::bind(&with_more).unwrap());
        fs::write(with_more.with_file_name("mine"), "").unwrap();
        assert_eq!(remove_leftovers(&place.socket()).unwrap(), 0);
        assert_eq!(place.names().len(), 4);
    }

    #[test]
    fn a_symbolic_link_is_never_followed() {
        let place = Place::new();
        let elsewhere = Place::new();
        drop(UnixDatagram::bind(elsewhere.client("libchrony.AAAAAAAAAAAA")).unwrap());
        let target = elsewhere.0.path().join("libchrony.AAAAAAAAAAAA");
        std::os::unix::fs::symlink(&target, place.0.path().join("libchrony.CCCCCCCCCCCC")).unwrap();
        assert_eq!(remove_leftovers(&place.socket()).unwrap(), 0);
        assert!(target.join("abcdefghijklmnop/sock").exists());
    }
}
