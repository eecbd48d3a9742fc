//! Opening: from an address to a session, and what the system's refusals mean.

use std::ffi::CString;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::error::{Access, Error};
use crate::exchange::{Failure, Request};
use crate::ffi::{Code, Fault, Session, Socket};
use crate::wait::Wait;

/// The addresses to try, in order: those of the default search, or those a name stands for.
pub(crate) async fn candidates<W: Wait>(
    address: Option<&Address>,
    end: Instant,
) -> Result<Vec<Address>, Error> {
    address.map_or(Ok(()), Address::check)?;
    match address {
        None => Ok(Address::search_order().to_vec()),
        Some(address @ Address::Host(name, port)) => W::resolve(name, *port, end)
            .await
            .map(|found| found.into_iter().map(Address::Udp).collect())
            .map_err(|source| Error::NameNotResolved { address: address.clone(), source }),
        Some(address) => Ok(vec![address.clone()]),
    }
}

/// Opens a session to one address, and the way to wait for it; nothing is sent yet.
///
/// In place, also where waiting must not block: making a socket waits for nobody, and its two directories
/// are made where chronyd's socket is, in /run, which is memory. A thread for it would cost more time, and
/// a thousand openings at once would take as many threads.
pub(crate) fn open<W: Wait>(address: &Address) -> Result<(Session, W), Error> {
    let text = CString::new(address.to_string()).map_err(|_| Error::InvalidAddress {
        text: address.to_string(),
        reason: "it holds a NUL byte",
    })?;
    let socket = Socket::open(&text).map_err(|source| refused_by_system(address, source))?;
    let session = Session::new(socket).map_err(library)?;
    let wait = W::on(session.socket(), address);
    Ok((session, wait.map_err(|source| refused_by_system(address, source))?))
}

fn library(fault: Fault) -> Error {
    let Fault { code, errno } = fault;
    Error::Library { code: Some(code.0), message: code.message(), source: Some(errno) }
}

/// What the system's error says of an address.
fn refused_by_system(address: &Address, source: io::Error) -> Error {
    use rustix::io::Errno;
    let address = address.clone();
    match Errno::from_io_error(&source) {
        Some(Errno::NOENT) => Error::NotRunning { address, source },
        Some(Errno::CONNREFUSED) => Error::NobodyListens { address, source },
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS | Errno::NOSPC) => {
            let message = format!("no socket to {address} could be opened");
            Error::Library { code: None, message, source: Some(source) }
        }
        Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => match &address {
            Address::Unix(path) => {
                let access = denied_access(path);
                Error::PermissionDenied { address, access, source }
            }
            _ => Error::Unreachable { address, source },
        },
        _ => Error::Unreachable { address, source },
    }
}

/// Tells which of the two permissions is missing, by trying the first alone.
fn denied_access(path: &Path) -> Access {
    match UnixDatagram::unbound().and_then(|socket| socket.connect(path)) {
        Ok(()) => Access::Directory,
        Err(_) => Access::Socket,
    }
}

/// What a failed exchange with `address` says.
pub(crate) fn explain(address: &Address, request: Request, failure: Failure) -> Error {
    let report = request.report();
    let address = address.clone();
    let Fault { code, errno } = match failure {
        Failure::TimedOut { attempts, waited } => {
            // To the millisecond: the rest is noise.
            let waited = Duration::from_millis(u64::try_from(waited.as_millis()).unwrap_or(0));
            return Error::TimedOut { address, attempts, waited };
        }
        Failure::Library(fault) => fault,
    };
    match (code, request.record()) {
        (Code::SEND_FAILED | Code::RECV_FAILED, _) => refused_by_system(&address, errno),
        (Code::UNAUTHORIZED, _) => Error::NotAuthorized { address, report },
        (Code::DISABLED, _) => Error::Disabled { address, report },
        (Code::UNEXPECTED_STATUS, Some(record)) if report.is_per_source() => {
            Error::NoSuchSource { address, report, record }
        }
        (Code::UNEXPECTED_STATUS, _) => Error::UnexpectedStatus { address, report },
        (Code::OLD_SERVER, _) => Error::ServerTooOld { address, report },
        (Code::NEW_SERVER, _) => Error::ServerTooNew { address, report },
        (Code::INVALID_RESPONSE, _) => Error::InvalidReply { address, report },
        (code, _) => library(Fault { code, errno }),
    }
}
