//! A file that is read again when it changes.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use tracing::{info, warn};

use super::FileError;
use crate::error::shown;

/// More than a thousand names need.
const LONGEST: u64 = 1024 * 1024;

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    length: u64,
    file: (u64, u64),
}

impl Stamp {
    fn new(metadata: &Metadata) -> Self {
        Self {
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            length: metadata.len(),
            file: (metadata.dev(), metadata.ino()),
        }
    }
}

/// The content of a file, as it was when it was last right.
#[derive(Debug)]
pub(super) struct Watched<T> {
    path: PathBuf,
    parse: fn(&str) -> Result<T, String>,
    content: Mutex<Arc<T>>,
    /// Of the file that was looked at last; `None` where there was none.
    stamp: Mutex<Option<Stamp>>,
}

impl<T> Watched<T> {
    pub(super) fn open(
        path: &Path,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<Self, FileError> {
        let read = || -> Result<_, String> {
            let (text, stamp) = read(path)?;
            Ok((parse(&text)?, stamp))
        };
        let (content, stamp) =
            read().map_err(|problem| FileError { path: path.to_owned(), problem })?;
        Ok(Self {
            path: path.to_owned(),
            parse,
            content: Mutex::new(Arc::new(content)),
            stamp: Mutex::new(Some(stamp)),
        })
    }

    pub(super) fn current(&self) -> Arc<T> {
        Arc::clone(&self.content.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file again where it has changed, and says whether its content has; what is wrong is
    /// told once, and the content stays.
    pub(super) fn look_again(&self) -> bool {
        let now = fs::metadata(&self.path).ok().map(|metadata| Stamp::new(&metadata));
        let mut stamp = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if now == *stamp {
            return false;
        }
        // Of before it is read, so that a change meanwhile is seen the next time.
        *stamp = now;
        drop(stamp);
        let path = shown(&self.path.display().to_string());
        match read(&self.path).and_then(|(text, _)| (self.parse)(&text)) {
            Ok(content) => {
                *self.content.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(content);
                info!(%path, "the file of logins has changed and was read again");
                true
            }
            Err(problem) => {
                let problem = shown(&problem);
                warn!(%path, %problem, "the file of logins has changed and cannot be used; what it held before holds on");
                false
            }
        }
    }
}

fn read(path: &Path) -> Result<(String, Stamp), String> {
    // What is no file might make this wait.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, Mode::empty());
    let file = File::from(file.map_err(|error| std::io::Error::from(error).to_string())?);
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no ordinary file".to_owned());
    }
    if metadata.mode() & 0o004 != 0 {
        let path = shown(&path.display().to_string());
        warn!(%path, "everybody on this machine can read this file of logins: chmod o-r");
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if u64::try_from(bytes.len()).map_or(true, |length| length > LONGEST) {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8".to_owned())?;
    Ok((text, Stamp::new(&metadata)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<u32, String> {
        text.trim().parse().map_err(|_| "no number".to_owned())
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_leaves_what_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "1").unwrap();
        let watched = Watched::open(&path, number).unwrap();
        assert!(!watched.look_again());
        for (text, changed, expected) in
            [("22", true, 22), ("broken", false, 22), ("333", true, 333), ("", false, 333)]
        {
            fs::write(&path, text).unwrap();
            assert_eq!(watched.look_again(), changed, "{text}");
            assert_eq!(*watched.current(), expected, "{text}");
            assert!(!watched.look_again());
        }
        fs::remove_file(&path).unwrap();
        assert!(!watched.look_again());
        assert_eq!(*watched.current(), 333);
        // Put in place by a rename, as careful programs do.
        let new = directory.path().join("new");
        fs::write(&new, "4444").unwrap();
        fs::rename(new, &path).unwrap();
        assert!(watched.look_again());
        assert_eq!(*watched.current(), 4444);
    }

    #[test]
    fn what_is_no_file_of_text_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let problem = |path: &Path| Watched::open(path, number).unwrap_err().to_string();
        assert!(problem(&path).contains("No such file"), "{}", problem(&path));
        assert!(problem(directory.path()).contains("no ordinary file"));
        assert!(problem(Path::new("/dev/zero")).contains("no ordinary file"));
        fs::write(&path, [0xff]).unwrap();
        assert!(problem(&path).contains("UTF-8"));
        fs::write(&path, vec![b'1'; 1024 * 1024 + 1]).unwrap();
        assert!(problem(&path).contains("longer than"));
    }
}
