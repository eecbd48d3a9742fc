//! Who may ask, where `--basic-auth-file` or `--bearer-token-file` says so.
//!
//! A password is compared through bcrypt, which is slow on purpose: on a thread of its own, few at a
//! time (see `desk.rs`), and once; after that the digest of what was right is remembered, so that live
//! pages and scrapers pay nothing and no flood of wrong passwords keeps them out.

mod credentials;
mod desk;
mod failures;
mod file;
mod names;
mod remembered;
mod secret;
mod tokens;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderMap;
use actix_web::rt::time::sleep;
use actix_web::web;

use credentials::Credentials;
use desk::Desk;
use failures::Failures;
use file::Watched;
use names::Names;
use remembered::Remembered;
use secret::Secret;
use tokens::Tokens;

/// How often the files are looked at.
const ROUND: Duration = Duration::from_secs(2);

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path:?} cannot be used: {problem}")]
pub(crate) struct FileError {
    path: PathBuf,
    problem: String,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It names nobody, or not in a way that can be read.
    Nobody,
    /// What it gives is not in the files.
    Wrong,
    /// Too many passwords are compared at the moment.
    Busy,
}

/// Those who may ask.
#[derive(Debug)]
pub(crate) struct Logins {
    names: Option<Watched<Names>>,
    tokens: Option<Watched<Tokens>>,
    /// Counts up when a file has changed.
    edition: AtomicU64,
    secret: Secret,
    remembered: Remembered,
    desk: Desk,
    failures: Failures,
}

impl Logins {
    /// Those of the files; `None` where there is neither, and anybody may ask.
    pub(crate) fn open(
        names: Option<&Path>,
        tokens: Option<&Path>,
    ) -> Result<Option<Self>, FileError> {
        if names.is_none() && tokens.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            names: names.map(|path| Watched::open(path, Names::parse)).transpose()?,
            tokens: tokens.map(|path| Watched::open(path, Tokens::parse)).transpose()?,
            edition: AtomicU64::new(0),
            secret: Secret::new()?,
            remembered: Remembered::default(),
            desk: Desk::new(),
            failures: Failures::default(),
        }))
    }

    /// What tells a browser or a program how to log in (RFC 9110, 11.6.1).
    pub(crate) fn challenges(&self) -> impl Iterator<Item = &'static str> {
        let names = self.names.iter().map(|_| "Basic realm=\"second-hand\", charset=\"UTF-8\"");
        names.chain(self.tokens.iter().map(|_| "Bearer realm=\"second-hand\""))
    }

    /// Another number after the files have changed: who was let in before may not be any more.
    pub(crate) fn edition(&self) -> u64 {
        self.edition.load(Ordering::SeqCst)
    }

    /// Looks for changes of the files, for as long as it is polled.
    pub(crate) async fn watch(this: web::Data<Self>) {
        loop {
            sleep(ROUND).await;
            let files = this.clone();
            // A look that fails is followed by the next.
            let _ = web::block(move || files.look_again()).await;
        }
    }

    fn look_again(&self) {
        let names = self.names.as_ref().is_some_and(Watched::look_again);
        let tokens = self.tokens.as_ref().is_some_and(Watched::look_again);
        if names || tokens {
            self.edition.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Whether a request with these headers, of this client, may be answered.
    pub(crate) async fn check(
        &self,
        headers: &HeaderMap,
        client: Option<IpAddr>,
    ) -> Result<(), Refusal> {
        match (Credentials::of(headers), &self.names, &self.tokens) {
            (Some(Credentials::Basic { name, password }), Some(names), _) => {
                self.check_password(&names.current(), name, password, client).await
            }
            (Some(Credentials::Bearer(token)), _, Some(tokens)) => {
                if tokens.current().know(&self.secret, token.as_bytes()) {
                    return Ok(());
                }
                self.failures.tell(client, None);
                Err(Refusal::Wrong)
            }
            _ => Err(Refusal::Nobody),
        }
    }

    async fn check_password(
        &self,
        names: &Names,
        name: String,
        password: Vec<u8>,
        client: Option<IpAddr>,
    ) -> Result<(), Refusal> {
        let known = names.hash_of(&name);
        // The hash is part of it: where the file has another now, nothing is remembered.
        let digest =
            known.map(|hash| self.secret.digest(&[name.as_bytes(), hash.as_bytes(), &password]));
        if digest.is_some_and(|digest| self.remembered.knows(&digest, Instant::now())) {
            return Ok(());
        }
        // Who is unknown takes as long as who is known.
        let hash = known.unwrap_or(names.decoy()).to_owned();
        let is_right = self.desk.compare(client, password, hash).await.ok_or(Refusal::Busy)?;
        match digest.filter(|_| is_right) {
            Some(digest) => {
                self.remembered.add(digest, Instant::now());
                Ok(())
            }
            None => {
                // A password may have been typed in place of the name.
                self.failures.tell(client, known.map(|_| name.as_str()));
                Err(Refusal::Wrong)
            }
        }
    }
}
