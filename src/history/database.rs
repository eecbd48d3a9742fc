//! The history file: a redb database with a table each for its version, the sources, the points and
//! the events. redb keeps the last whole transaction whatever happens during the next.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition,
};

use super::batch::{Batch, CLOCK, Key};
use super::bytes::{Malformed, Reader};
use super::form::Form;
use super::grid::time;
use super::store::{Recorded, Store};
use super::track::{Bucket, Raw, Track, push};
use super::window::Event;

/// The version of what the tables hold. Another one begins where an older second-hand would read
/// it wrongly.
const VERSION: u64 = 1;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const SOURCES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("sources");
const POINTS: TableDefinition<'_, Key, &[u8]> = TableDefinition::new("points");
const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");

/// What redb keeps of the file in memory, in bytes; its own default is a gigabyte.
const CACHE: usize = 1 << 18;

/// The file, and what it holds.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) store: Store,
    /// The first event's number, and the events.
    pub(super) first_event: u64,
    pub(super) events: Vec<Event>,
    /// That another file was set aside for it.
    pub(super) note: Option<String>,
}

/// Why the history file cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("it is in use by another process; each second-hand needs a file of its own")]
    InUse,
    #[error("it is no regular file; name another")]
    NoFile,
    #[error("{source}; {}", advice(.source))]
    Closed { source: io::Error },
    #[error("it is {what} and cannot be set aside: {source}; move it away")]
    Stuck { what: String, source: io::Error },
}

fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "make the directory that it stands in",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "this user must be allowed to write it, and to make files beside it"
        }
        io::ErrorKind::StorageFull => "make room, or name a file elsewhere",
        _ => "name another file",
    }
}

/// Why a file is not read.
enum Unread {
    /// For now, or for this process.
    Refused(FileError),
    /// For ever, for this reason.
    Damaged(String),
    /// By this version of second-hand.
    Newer(u64),
}

impl From<DatabaseError> for Unread {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen => Self::Refused(FileError::InUse),
            DatabaseError::Storage(error) => error.into(),
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<StorageError> for Unread {
    fn from(error: StorageError) -> Self {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match error {
            // What redb says of bytes that are not its own.
            StorageError::Io(error)
                if !matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) =>
            {
                Self::Refused(FileError::Closed { source: error })
            }
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<Malformed> for Unread {
    fn from(malformed: Malformed) -> Self {
        Self::Damaged(malformed.to_string())
    }
}

/// Any other error of redb.
fn damaged(error: impl Into<redb::Error>) -> Unread {
    match error.into() {
        redb::Error::Io(error) => StorageError::Io(error).into(),
        other => Unread::Damaged(other.to_string()),
    }
}

/// Opens the file, or makes it, and reads what it holds into a new store. A file that cannot be read is
/// set aside, and a new one made; then a note says so.
pub(super) fn open(path: &Path, new: impl Fn() -> Store) -> Result<Opened, FileError> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(FileError::NoFile),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(FileError::Closed { source: error });
        }
        _ => {}
    }
    let (what, word) = match read(path, new()) {
        Ok(opened) => return Ok(opened),
        Err(Unread::Refused(error)) => return Err(error),
        Err(Unread::Damaged(reason)) => (format!("damaged ({reason})"), "damaged"),
        Err(Unread::Newer(version)) => (
            format!("of a newer second-hand (format {version}, this one reads {VERSION})"),
            "newer",
        ),
    };
    let aside = set_aside(path, word)
        .map_err(|error| FileError::Stuck { what: what.clone(), source: error })?;
    let note = format!(
        "The history file {} was {what}. It was set aside as {}, and a new one begun.",
        path.display(),
        aside.display()
    );
    match read(path, new()) {
        Ok(opened) => Ok(Opened { note: Some(note), ..opened }),
        Err(Unread::Refused(error)) => Err(error),
        Err(_) => Err(FileError::Stuck { what, source: io::ErrorKind::AlreadyExists.into() }),
    }
}

/// Opens the file again, after a failure of writing it.
pub(super) fn open_again(path: &Path) -> Result<Database, redb::Error> {
    Ok(Database::builder().set_cache_size(CACHE).open(path)?)
}

/// redb may panic on bytes that it never wrote.
fn read(path: &Path, store: Store) -> Result<Opened, Unread> {
    let attempt = AssertUnwindSafe(|| read_unguarded(path, store));
    catch_unwind(attempt).unwrap_or_else(|_| Err(Unread::Damaged("it makes no sense".to_owned())))
}

fn read_unguarded(path: &Path, store: Store) -> Result<Opened, Unread> {
    let mut database = Database::builder().set_cache_size(CACHE).create(path)?;
    // All checksums; a few milliseconds for each megabyte.
    database.check_integrity()?;
    let transaction = database.begin_write().map_err(damaged)?;
    {
        let mut meta = transaction.open_table(META).map_err(damaged)?;
        let version = meta.get("version")?.map(|version| version.value());
        match version {
            Some(VERSION) => {}
            Some(newer) if newer > VERSION => return Err(Unread::Newer(newer)),
            Some(other) => return Err(Unread::Damaged(format!("there is no format {other}"))),
            None => {
                meta.insert("version", VERSION)?;
            }
        }
        transaction.open_table(SOURCES).map_err(damaged)?;
        transaction.open_table(POINTS).map_err(damaged)?;
        transaction.open_table(EVENTS).map_err(damaged)?;
    }
    transaction.commit().map_err(damaged)?;
    load(database, store)
}

fn load(database: Database, mut store: Store) -> Result<Opened, Unread> {
    let transaction = database.begin_read().map_err(damaged)?;
    let mut sources: Vec<Recorded> = Vec::new();
    for entry in transaction.open_table(SOURCES).map_err(damaged)?.iter()? {
        let (number, bytes) = entry?;
        let number = number.value();
        let mut bytes = Reader(bytes.value());
        let (id, name) = (bytes.text()?.into(), bytes.text()?);
        bytes.end()?;
        sources.push(Recorded { number, id, name, place: None, track: Track::new() });
        store.next = store.next.max(number.saturating_add(1));
    }
    for entry in transaction.open_table(POINTS).map_err(damaged)?.iter()? {
        let (key, bytes) = entry?;
        let (number, tier, second) = key.value();
        if number == CLOCK {
            put(&mut store.clock, tier, second, bytes.value())?;
        } else {
            // Both lists are in order of their numbers.
            let place = sources.binary_search_by_key(&number, |recorded| recorded.number);
            let recorded = place.ok().and_then(|place| sources.get_mut(place)).ok_or(Malformed)?;
            put(&mut recorded.track, tier, second, bytes.value())?;
        }
    }
    let tracks = sources.iter().filter_map(|recorded| recorded.track.last());
    store.last = tracks.chain(store.clock.last()).max().unwrap_or(0);
    store.sources = sources.into_iter().map(|one| (Arc::clone(&one.id), one)).collect();

    let (mut first_event, mut events) = (0, Vec::new());
    for entry in transaction.open_table(EVENTS).map_err(damaged)?.iter()? {
        let (number, bytes) = entry?;
        if events.is_empty() {
            first_event = number.value();
        }
        events.push(Event::read(bytes.value())?);
    }
    drop(transaction);
    Ok(Opened { database, store, first_event, events, note: None })
}

fn put<F: Form<K>, const K: usize>(
    track: &mut Track<F, K>,
    tier: u8,
    second: u32,
    bytes: &[u8],
) -> Result<(), Malformed> {
    match usize::from(tier).checked_sub(1) {
        None => Raw::read_all(bytes)?.into_iter().for_each(|raw| push(&mut track.raw, raw)),
        Some(place) => {
            let list = track.buckets.get_mut(place).ok_or(Malformed)?;
            push(list, Bucket::read(second, bytes)?);
        }
    }
    Ok(())
}

/// Writes a batch, all of it or nothing.
pub(super) fn write(database: &Database, batch: &Batch) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut sources = transaction.open_table(SOURCES)?;
        let mut points = transaction.open_table(POINTS)?;
        let mut events = transaction.open_table(EVENTS)?;
        if batch.anew {
            sources.retain(|_, _| false)?;
            points.retain(|_, _| false)?;
            events.retain(|_, _| false)?;
        }
        for number in &batch.forgotten {
            sources.remove(number)?;
            points.retain_in((*number, 0, 0)..=(*number, u8::MAX, u32::MAX), |_, _| false)?;
        }
        for (from, to) in &batch.old {
            points.retain_in(*from..*to, |_, _| false)?;
        }
        for (key, bytes) in &batch.points {
            points.insert(*key, bytes.as_slice())?;
        }
        for (number, bytes) in &batch.sources {
            sources.insert(*number, bytes.as_slice())?;
        }
        for (number, bytes) in &batch.events {
            events.insert(*number, bytes.as_slice())?;
        }
        events.retain_in(..batch.first_event, |_, _| false)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Renames a file to FILE.WORD-TIME, so that its bytes stay.
fn set_aside(path: &Path, word: &str) -> io::Result<PathBuf> {
    let now = humantime::format_rfc3339_seconds(SystemTime::now().max(time(0))).to_string();
    let now: String = now.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let mut number = 1;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{word}-{now}"));
        if number > 1 {
            name.push(format!("-{number}"));
        }
        let aside = PathBuf::from(name);
        match fs::symlink_metadata(&aside) {
            Ok(_) => number += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return fs::rename(path, &aside).map(|()| aside);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::State;
    use super::super::events::Log;
    use super::super::grid::Grid;
    use super::super::samples::note;
    use super::*;

    const START: u32 = 1_699_920_000;

    fn new() -> Store {
        Store::new(30 * 3600, 5)
    }

    /// A store that is written now and then.
    struct Kept {
        directory: tempfile::TempDir,
        store: Store,
        log: Log,
        state: State,
        database: Option<Database>,
    }

    impl Kept {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let opened = open(&directory.path().join("history"), new).unwrap();
            let (store, log) = (opened.store, Log::default());
            let state = State::of(&log, &store);
            Self { directory, store, log, state, database: Some(opened.database) }
        }

        fn path(&self) -> PathBuf {
            self.directory.path().join("history")
        }

        fn take(&mut self, second: u32, sources: &[&str]) {
            // Values that jump about, some of them missing.
            let note = note(second, sources).with(|given| {
                for (place, source) in (0_u32..).zip(given.sources.iter_mut().flatten()) {
                    let noise = (second + place).wrapping_mul(2_654_435_761).to_le_bytes();
                    source.register = noise[3];
                    let [a, b, c, _] = noise.map(f32::from);
                    source.values =
                        [a * b - 9000.0, b * 1e-6, 0.0, if c < 9.0 { f32::NAN } else { c }];
                }
            });
            self.store.record(&note);
            self.log.compare(&note);
        }

        fn write(&mut self) {
            let (batch, state) = Batch::new(&self.log, &self.store, &self.state);
            write(self.database.as_ref().unwrap(), &batch).unwrap();
            self.state = state;
        }

        /// What another process finds.
        fn opened(&mut self) -> Opened {
            self.database = None;
            open(&self.path(), new).unwrap()
        }

        /// Closes the file, and gives its bytes.
        fn bytes(&mut self) -> Vec<u8> {
            self.database = None;
            fs::read(self.path()).unwrap()
        }
    }

    fn assert_same(found: &Store, expected: &Store) {
        let last = expected.last;
        assert_eq!(found.last, last);
        for (from, step) in [(START, 3600), (last - 86_400, 600), (last - 3600, 10)] {
            let least = expected.least_step(from).max(step);
            assert_eq!(found.least_step(from).max(step), least);
            let grid = Grid::new(time(from), time(last), 5000, least);
            for series in 0..8 {
                assert_eq!(found.clock.points(series, &grid), expected.clock.points(series, &grid));
            }
            assert_eq!(found.sources.len(), expected.sources.len());
            for (id, expected) in &expected.sources {
                let found = &found.sources[id];
                assert_eq!((found.number, &found.name), (expected.number, &expected.name));
                for series in 0..4 {
                    let expected = expected.track.points(series, &grid);
                    assert_eq!(found.track.points(series, &grid), expected);
                }
                assert_eq!(found.track.registers(&grid), expected.track.registers(&grid));
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn batch_after_batch_the_file_holds_what_the_memory_holds() {
        let mut kept = Kept::new();
        // Sources come and go; a batch ends within a minute, and covers several.
        for n in 0..14_000_u32 {
            let second = START + n * 13;
            let passing = format!("p{}", n / 300);
            let sources = if n % 900 < 700 { &["a", &passing][..] } else { &["a"] };
            kept.take(second, sources);
            if n % 127 == 0 || n % 331 == 0 {
                kept.write();
            }
        }
        kept.write();
        assert!(kept.store.clock.buckets[1].len() > 30, "nothing was thinned");
        assert!(kept.store.sources.len() < 32, "nothing was forgotten");
        let opened = kept.opened();
        assert_eq!(opened.note, None);
        assert_same(&opened.store, &kept.store);
        assert!(opened.store.bytes() <= kept.store.bytes(), "room is left over");
        assert_eq!(opened.store.next, kept.store.next);
        let log = Log::with(opened.first_event, opened.events);
        assert_eq!(log.total, kept.log.total);
        assert_eq!(log.events, kept.log.events);
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn what_is_taken_back_in_memory_is_gone_from_the_file() {
        let mut kept = Kept::new();
        for n in 0..2000 {
            kept.take(START + n * 10, &["a"]);
        }
        kept.write();
        kept.take(START + 5000, &["a"]);
        kept.write();
        kept.take(START + 5010, &["a"]);
        kept.write();
        let opened = kept.opened();
        assert_eq!(opened.store.last, START + 5010);
        let grid = Grid::new(time(START), time(START + 20_000), 500, 600);
        let expected = kept.store.clock.points(0, &grid);
        assert_eq!(opened.store.clock.points(0, &grid), expected);
        assert!(expected[10..].iter().all(Option::is_none));
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn what_is_recorded_after_a_restart_is_added() {
        let mut kept = Kept::new();
        for n in 0..1000 {
            kept.take(START + n * 10, &["a", "b"]);
        }
        kept.write();
        for _ in 0..3 {
            let opened = kept.opened();
            kept.store = opened.store;
            kept.log = Log::with(opened.first_event, opened.events);
            kept.state = State::of(&kept.log, &kept.store);
            kept.database = Some(opened.database);
            kept.log.begin(time(kept.store.last));
            for n in 1..100 {
                kept.take(kept.store.last + 10 + n % 2, &["b", "c"]);
            }
            kept.write();
        }
        let opened = kept.opened();
        assert_same(&opened.store, &kept.store);
        assert_eq!(opened.events.len(), kept.log.events.len());
    }

    /// Opens the damaged file and gives what was set aside for it.
    fn aside(kept: &Kept) -> (Opened, PathBuf) {
        let opened = open(&kept.path(), new).unwrap();
        let note = opened.note.clone().expect("a note");
        let names = fs::read_dir(kept.directory.path()).unwrap();
        let mut names = names.map(|entry| entry.unwrap().path());
        let aside = names.find(|path| *path != kept.path()).expect("a file beside it");
        assert!(note.contains(&aside.display().to_string()), "{note}");
        (opened, aside)
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn what_is_no_history_is_set_aside_as_it_is() {
        for bytes in [&b"not a database"[..], &[0; 4096], &[0xff; 100_000]] {
            let kept = Kept { database: None, ..Kept::new() };
            fs::write(kept.path(), bytes).unwrap();
            let (opened, aside) = aside(&kept);
            assert_eq!(fs::read(aside).unwrap(), bytes);
            assert_eq!(opened.store.last, 0);
            drop(opened);
            assert_eq!(open(&kept.path(), new).unwrap().note, None);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn an_empty_file_is_a_new_history() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        fs::write(&path, b"").unwrap();
        assert_eq!(open(&path, new).unwrap().note, None);
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn a_file_that_was_cut_or_overwritten_is_read_or_set_aside_and_never_fatal() {
        let mut kept = Kept::new();
        for n in 0..3000 {
            kept.take(START + n * 10, &["a", "b"]);
            if n % 500 == 499 {
                kept.write();
            }
        }
        kept.write();
        let whole = kept.bytes();
        let mut random = 0x2545_f491_u32;
        let mut number = |below: usize| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            usize::try_from(random).unwrap() % below
        };
        for round in 0..30 {
            let mut bytes = whole.clone();
            if round % 3 == 0 {
                bytes.truncate(number(whole.len()));
            } else {
                let (begin, length) = (number(whole.len()), 1 << number(13));
                let end = (begin + length).min(whole.len());
                bytes[begin..end].iter_mut().for_each(|byte| *byte ^= 0x5a);
            }
            let again = Kept { database: None, ..Kept::new() };
            fs::write(again.path(), &bytes).unwrap();
            let opened = open(&again.path(), new).unwrap();
            // What could be read is of what was written; else nothing is.
            assert!(opened.note.is_none() || opened.store.last == 0);
            assert!(opened.store.last <= kept.store.last);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn a_newer_format_is_set_aside_and_stays_readable_for_the_newer_one() {
        let mut kept = Kept::new();
        kept.take(START, &["a"]);
        kept.write();
        {
            let transaction = kept.database.as_ref().unwrap().begin_write().unwrap();
            transaction.open_table(META).unwrap().insert("version", VERSION + 1).unwrap();
            transaction.commit().unwrap();
        }
        kept.database = None;
        let (opened, path) = aside(&kept);
        let note = opened.note.unwrap();
        assert!(note.contains("newer second-hand (format 2, this one reads 1)"), "{note}");
        assert!(path.display().to_string().contains("history.newer-"), "{path:?}");
        let aside = Database::open(path).unwrap();
        let read = aside.begin_read().unwrap();
        assert!(read.open_table(POINTS).unwrap().iter().unwrap().next().is_some());
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn an_entry_that_makes_no_sense_is_damage() {
        let mut kept = Kept::new();
        let batch = Batch { points: vec![((77, 0, START), vec![0; 21])], ..Batch::default() };
        write(kept.database.as_ref().unwrap(), &batch).unwrap();
        kept.database = None;
        let (_, path) = aside(&kept);
        assert!(path.display().to_string().contains("history.damaged-"), "{path:?}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn a_second_process_is_told_that_the_file_is_in_use() {
        let kept = Kept::new();
        let error = open(&kept.path(), new).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("in use by another process"), "{error}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn a_place_where_no_file_can_be_is_said_with_what_to_do() {
        let kept = Kept::new();
        for (path, advice) in [
            (kept.directory.path().join("none/history"), "make the directory"),
            (kept.directory.path().to_owned(), "no regular file"),
            (PathBuf::from("/dev/null"), "no regular file"),
            (kept.path().join("history"), "name another"),
        ] {
            let error = open(&path, new).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(advice), "{}: {error}", path.display());
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn two_files_set_aside_in_one_second_have_names_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        let names: Vec<_> = (0..3)
            .map(|n: u8| {
                fs::write(&path, [n]).unwrap();
                set_aside(&path, "damaged").unwrap()
            })
            .collect();
        for (n, name) in (0..).zip(names) {
            assert_eq!(fs::read(name).unwrap(), [n]);
        }
    }
}
