//! What stops the start, and what a request gets in place of what it asked for.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use actix_web::http::StatusCode;

use crate::history::FileError;
use crate::login;

/// A text from outside in one line that no terminal obeys: what would not show is escaped.
pub(crate) fn shown(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\'' | '\\' => c.to_string(),
        c => c.escape_debug().to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Why the server did not start, or ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot listen on {address}: {source}; {}", advice(.source))]
    Bind { address: SocketAddr, source: io::Error },
    #[error("the thread that reads chronyd could not be started: {0}")]
    Reader(io::Error),
    #[error(
        "the simulated chronyd could not be started: {0}; it needs a place for its socket (TMPDIR)"
    )]
    Demo(io::Error),
    #[error("the history file {path:?} cannot be used: {source}")]
    History { path: PathBuf, source: FileError },
    #[error("the file of logins {0}")]
    Logins(#[from] login::FileError),
    #[error("a template is faulty: {0}")]
    Template(#[from] tera::Error),
    #[error("the server failed: {0}")]
    Server(io::Error),
}

fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => "choose another port with --port, or 0 for any free one",
        io::ErrorKind::AddrNotAvailable => "--host must be an address of this machine",
        io::ErrorKind::PermissionDenied => "choose a port above 1023 with --port",
        _ => "check --host and --port",
    }
}

/// Why a request gets no data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError<'a> {
    #[error("{0}")]
    Chronyd(&'a libchrony::Error),
    #[error("too many requests wait for an answer of chronyd")]
    Busy,
    #[error("too many pages are kept live at the same time")]
    TooManyStreams,
    #[error("too many probes of other machines wait")]
    TooManyProbes,
    #[error("this server probes no other machines")]
    NoProbes,
    #[error("{0} is not among the machines that may be asked")]
    NotProbed(String),
    #[error("the reading of chronyd was interrupted")]
    Interrupted,
    #[error("there is nothing at this address")]
    NotFound,
    #[error("there is no report of this name")]
    NoSuchReport,
    #[error("there is no source of this name")]
    NoSuchSource,
    #[error("only GET and HEAD are allowed")]
    MethodNotAllowed,
    #[error("the request names no host, or more than one")]
    NoHost,
    #[error("{message}")]
    Query { message: String, hint: &'static str },
    #[error("this page is for those who log in")]
    NotLoggedIn,
    #[error("the name and password, or the token, are not right")]
    WrongLogin,
    #[error("too many passwords are compared at the same time")]
    TooManyLogins,
    #[error("this server is not known by the name {0:?}")]
    ForeignHost(String),
    #[error("the page could not be made")]
    Render(#[from] tera::Error),
}

impl RequestError<'_> {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Chronyd(_)
            | Self::Busy
            | Self::TooManyStreams
            | Self::TooManyLogins
            | Self::TooManyProbes => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotLoggedIn | Self::WrongLogin => StatusCode::UNAUTHORIZED,
            Self::NotFound | Self::NoSuchReport | Self::NoSuchSource | Self::NoProbes => {
                StatusCode::NOT_FOUND
            }
            Self::NotProbed(_) => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoHost | Self::Query { .. } => StatusCode::BAD_REQUEST,
            Self::ForeignHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::Interrupted | Self::Render(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The word for programs.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Chronyd(error) => error.kind().as_str(),
            Self::Busy | Self::TooManyStreams | Self::TooManyLogins | Self::TooManyProbes => "busy",
            Self::NotLoggedIn | Self::WrongLogin => "unauthorized",
            Self::NotFound | Self::NoSuchReport | Self::NoSuchSource | Self::NoProbes => {
                "not_found"
            }
            Self::NotProbed(_) => "forbidden",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NoHost | Self::Query { .. } => "bad_request",
            Self::ForeignHost(_) => "foreign_host",
            Self::Interrupted | Self::Render(_) => "internal",
        }
    }

    /// A few words for the head of a page.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Chronyd(_) => "chronyd gives no data",
            Self::Busy | Self::TooManyStreams | Self::TooManyLogins | Self::TooManyProbes => {
                "Too busy"
            }
            Self::NotLoggedIn | Self::WrongLogin => "Log in first",
            Self::NotFound | Self::NoSuchReport | Self::NoProbes => "Nothing here",
            Self::NoSuchSource => "No such source",
            Self::NotProbed(_) | Self::MethodNotAllowed => "Not allowed",
            Self::NoHost | Self::Query { .. } => "Bad request",
            Self::ForeignHost(_) => "Not the right host",
            Self::Interrupted | Self::Render(_) => "Something went wrong",
        }
    }

    /// What to do next; `{base}` stands for the path below which the site is shown.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Chronyd(error) => error.hint(),
            Self::Busy | Self::TooManyLogins => "Ask again in a few seconds.",
            Self::TooManyProbes => {
                "Ask again in a few seconds; if it stays, ask less often, fewer machines, or through several second-hands."
            }
            Self::NoProbes => {
                "Start second-hand with --probe-allow CIDR|NAME, which lists the machines that may be asked."
            }
            Self::NotProbed(_) => {
                "Only what --probe-allow lists is asked: addresses within its networks and the names it names, at port 323 or the port they are listed with."
            }
            Self::NotLoggedIn | Self::WrongLogin => {
                "Send a name and its password, or a bearer token, that the files of second-hand hold."
            }
            Self::TooManyStreams => {
                "Close some of them, or ask for {base}/api/v1/snapshot every so often."
            }
            Self::NotFound => "The dashboard is at {base}/, the data at {base}/api/v1/snapshot.",
            Self::NoSuchReport => {
                "The reports are snapshot, tracking, sources, sourcestats, selectdata, activity, authdata, ntpdata, serverstats, rtcdata, smoothing and clients."
            }
            Self::NoSuchSource => {
                "The dashboard, at {base}/, names the sources that chronyd has now, and links to the page of each."
            }
            Self::MethodNotAllowed => "second-hand only reads: use GET or HEAD.",
            Self::Query { hint, .. } => hint,
            Self::NoHost => "Send one Host header, as HTTP/1.1 asks.",
            Self::ForeignHost(_) => {
                "Ask by the address it listens on, or start second-hand with --allowed-host NAME."
            }
            Self::Interrupted | Self::Render(_) => {
                "Ask again; if it stays, the log of second-hand says more."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_the_rest_stays() {
        assert_eq!(shown("it's \"5 µs\" at /a\\b"), "it's \"5 µs\" at /a\\b");
        assert_eq!(shown("\u{1b}[31m\0\r\n\u{7f}\u{9b}"), r"\u{1b}[31m\0\r\n\u{7f}\u{9b}");
        assert_eq!(shown("\u{202e}\u{2066}\u{200f}"), r"\u{202e}\u{2066}\u{200f}");
    }
}
