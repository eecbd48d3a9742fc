//! A libchrony session with its socket.

use std::ffi::{CStr, c_char, c_int};
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libchrony_sys as sys;

use super::Socket;
use crate::record::{Field, Fields, Kind, Value};

/// libchrony's error number (`chrony_err`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

impl Code {
    pub(crate) const SEND_FAILED: Self = Self(5);
    pub(crate) const RECV_FAILED: Self = Self(6);
    pub(crate) const UNAUTHORIZED: Self = Self(9);
    pub(crate) const DISABLED: Self = Self(10);
    pub(crate) const UNEXPECTED_STATUS: Self = Self(11);
    pub(crate) const OLD_SERVER: Self = Self(12);
    pub(crate) const NEW_SERVER: Self = Self(13);
    pub(crate) const INVALID_RESPONSE: Self = Self(14);

    /// libchrony's words for the error.
    pub(crate) fn message(self) -> String {
        // SAFETY: any number is allowed; an unknown one has a text too.
        let text = unsafe { sys::chrony_get_error_string(sys::chrony_err(self.0)) };
        // SAFETY: the text is static and ends with NUL.
        unsafe { owned(text) }.unwrap_or_default()
    }
}

/// A failed call, with the system's error at that moment.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) errno: io::Error,
}

impl Fault {
    /// Whether the call failed only because the socket was not ready.
    pub(crate) fn is_passing(&self) -> bool {
        let passing = [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
        matches!(self.code, Code::SEND_FAILED | Code::RECV_FAILED)
            && passing.contains(&self.errno.kind())
    }
}

fn check(err: sys::chrony_err) -> Result<(), Fault> {
    match err.0 {
        0 => Ok(()),
        code => Err(Fault { code: Code(code), errno: io::Error::last_os_error() }),
    }
}

/// Guards the one text buffer that all sessions of upstream's libchrony share.
fn shared_buffer() -> Option<MutexGuard<'static, ()>> {
    static BUFFER: Mutex<()> = Mutex::new(());
    (!sys::BUNDLED).then(|| BUFFER.lock().unwrap_or_else(PoisonError::into_inner))
}

/// # Safety
/// `text` is null, or points to a text that ends with NUL and does not change during the call.
unsafe fn owned(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// Whether the libchrony that is linked has a report of this name.
pub(crate) fn has_report(report: &CStr) -> bool {
    // SAFETY: the function takes nothing.
    let number = unsafe { sys::chrony_get_number_supported_reports() };
    (0..number).any(|index| {
        // SAFETY: any number is allowed; the name is static.
        let name = unsafe { sys::chrony_get_report_name(index) };
        // SAFETY: null, or a static text that ends with NUL.
        !name.is_null() && unsafe { CStr::from_ptr(name) } == report
    })
}

/// A session and the socket it uses.
#[derive(Debug)]
pub(crate) struct Session {
    // Before the socket: fields are dropped in this order, and the session uses the socket.
    handle: Handle,
    socket: Arc<Socket>,
}

/// The C session, freed on drop.
#[derive(Debug)]
struct Handle(NonNull<sys::chrony_session>);

// SAFETY: libchrony's sessions are independent of each other and of the thread that made them;
// the one buffer that upstream's shares is guarded by `shared_buffer`.
unsafe impl Send for Handle {}

impl Handle {
    fn new(socket: &Socket) -> Result<Self, Fault> {
        let mut session = ptr::null_mut();
        // SAFETY: the out pointer is valid, and the session borrows only the descriptor's number.
        check(unsafe { sys::chrony_init_session(&raw mut session, socket.as_raw_fd()) })?;
        NonNull::new(session)
            .map(Self)
            .ok_or_else(|| Fault { code: Code(1), errno: io::ErrorKind::OutOfMemory.into() })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the session came from chrony_init_session and is freed here only.
        unsafe { sys::chrony_deinit_session(self.0.as_ptr()) }
    }
}

impl Session {
    pub(crate) fn new(socket: Socket) -> Result<Self, Fault> {
        Ok(Self { handle: Handle::new(&socket)?, socket: Arc::new(socket) })
    }

    /// Another session on the same socket.
    pub(crate) fn beside(&self) -> Result<Self, Fault> {
        Ok(Self { handle: Handle::new(&self.socket)?, socket: Arc::clone(&self.socket) })
    }

    /// Begins a session anew on the same socket, whatever state the old one was in.
    pub(crate) fn renew(&mut self) -> Result<(), Fault> {
        self.handle = Handle::new(&self.socket)?;
        Ok(())
    }

    /// The socket that the session uses, to be waited for.
    pub(crate) fn socket(&self) -> Arc<Socket> {
        Arc::clone(&self.socket)
    }

    fn raw(&self) -> *mut sys::chrony_session {
        self.handle.0.as_ptr()
    }

    pub(crate) fn request_count(&mut self, report: &CStr) -> Result<(), Fault> {
        // SAFETY: the session is live; the name is not kept by the bundled library, and static here.
        check(unsafe { sys::chrony_request_report_number_records(self.raw(), report.as_ptr()) })
    }

    pub(crate) fn request_record(
        &mut self,
        report: &'static CStr,
        record: u32,
    ) -> Result<(), Fault> {
        let record = c_int::try_from(record).unwrap_or(c_int::MAX);
        // SAFETY: the session is live; upstream keeps the name until the answer, and it is static.
        check(unsafe { sys::chrony_request_record(self.raw(), report.as_ptr(), record) })
    }

    pub(crate) fn needs_response(&self) -> bool {
        // SAFETY: the session is live.
        unsafe { sys::chrony_needs_response(self.raw()) }
    }

    pub(crate) fn process_response(&mut self) -> Result<(), Fault> {
        // SAFETY: the session is live, and `&mut self` keeps others from reading it meanwhile.
        check(unsafe { sys::chrony_process_response(self.raw()) })
    }

    /// The number of records the last count request gave; `None` where it is negative.
    pub(crate) fn count(&self) -> Option<u32> {
        // SAFETY: the session is live.
        u32::try_from(unsafe { sys::chrony_get_report_number_records(self.raw()) }).ok()
    }

    /// The number of fields of the current record.
    pub(crate) fn number_fields(&self) -> u16 {
        // SAFETY: the session is live.
        u16::try_from(unsafe { sys::chrony_get_record_number_fields(self.raw()) }).unwrap_or(0)
    }

    /// A field of the current record with everything libchrony says of it.
    pub(crate) fn field(&self, index: u16) -> Field {
        let value = self.value(index);
        let kind = Kind::from_code(self.content(index));
        let names = match (kind, &value) {
            (Kind::Enum | Kind::Boolean, Value::Unsigned(code)) => {
                self.constant_name(index, *code).into_iter().collect()
            }
            (Kind::Flags, Value::Unsigned(bits)) => (0..u64::BITS)
                .map(|shift| bits & (1 << shift))
                .filter(|bit| *bit != 0)
                .filter_map(|bit| self.constant_name(index, bit))
                .collect(),
            _ => Vec::new(),
        };
        Field { name: self.name(index).unwrap_or_default(), kind, value, names }
    }

    fn name(&self, index: u16) -> Option<String> {
        // SAFETY: the session is live; any index is allowed.
        let name = unsafe { sys::chrony_get_field_name(self.raw(), index.into()) };
        // SAFETY: null, or a static text that ends with NUL.
        unsafe { owned(name) }
    }

    fn content(&self, index: u16) -> u32 {
        let _guard = shared_buffer();
        // SAFETY: the session is live; any index is allowed.
        unsafe { sys::chrony_get_field_content(self.raw(), index.into()) }.0
    }

    fn string(&self, index: u16) -> Option<String> {
        let _guard = shared_buffer();
        // SAFETY: the session is live; any index is allowed.
        let text = unsafe { sys::chrony_get_field_string(self.raw(), index.into()) };
        // SAFETY: null, or a text that ends with NUL and stays until the next call on this
        // session, which is not shared between threads; upstream's shared buffer is guarded.
        unsafe { owned(text) }
    }

    fn constant_name(&self, index: u16, value: u64) -> Option<String> {
        // SAFETY: the session is live; any index and value are allowed.
        let name = unsafe { sys::chrony_get_field_constant_name(self.raw(), index.into(), value) };
        // SAFETY: null, or a static text that ends with NUL.
        unsafe { owned(name) }
    }

    fn timespec(&self, index: u16) -> Value {
        // SAFETY: the session is live; any index is allowed.
        let time = unsafe { sys::chrony_get_field_timespec(self.raw(), index.into()) };
        #[allow(clippy::useless_conversion, reason = "both are 32 bits wide on some systems")]
        Value::Time { seconds: time.tv_sec.into(), nanoseconds: time.tv_nsec.into() }
    }
}

impl Fields for Session {
    fn find(&self, name: &CStr) -> Option<u16> {
        // SAFETY: the session is live; the name ends with NUL and is not kept.
        let index = unsafe { sys::chrony_get_field_index(self.raw(), name.as_ptr()) };
        u16::try_from(index).ok()
    }

    fn value(&self, index: u16) -> Value {
        let i = c_int::from(index);
        // SAFETY: the session is live; any index is allowed.
        match unsafe { sys::chrony_get_field_type(self.raw(), i) }.0 {
            // SAFETY: as above.
            1 => Value::Unsigned(unsafe { sys::chrony_get_field_uinteger(self.raw(), i) }),
            // SAFETY: as above.
            2 => Value::Integer(unsafe { sys::chrony_get_field_integer(self.raw(), i) }),
            // SAFETY: as above.
            3 => Value::Float(unsafe { sys::chrony_get_field_float(self.raw(), i) }),
            4 => self.timespec(index),
            5 => Value::Text(self.string(index)),
            _ => Value::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::os::unix::net::UnixDatagram;
    use std::thread;

    use rustix::event::{PollFd, PollFlags, poll};

    use super::*;

    /// The address strings each of two threads reads.
    const READS: u32 = 400_000;

    /// A session that holds a tracking record with this IPv4 address.
    fn session_with(address: [u8; 4]) -> Session {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chronyd.sock");
        let server = UnixDatagram::bind(&path).unwrap();
        let path = CString::new(path.to_str().unwrap()).unwrap();
        let mut session = Session::new(Socket::open(&path).unwrap()).unwrap();
        session.request_record(c"tracking", 0).unwrap();

        let mut request = [0; 1024];
        let (length, client) = server.recv_from(&mut request).unwrap();
        assert!(length >= 104, "a request is as long as its answer, not {length}");
        let mut reply = [0; 104];
        (reply[0], reply[1]) = (6, 2);
        reply[4..6].copy_from_slice(&request[4..6]);
        reply[7] = 5;
        reply[16..20].copy_from_slice(&request[8..12]);
        reply[32..36].copy_from_slice(&address);
        reply[49] = 1;
        server.send_to(&reply, client.as_pathname().unwrap()).unwrap();

        poll(&mut [PollFd::new(&*session.socket, PollFlags::IN)], None).unwrap();
        session.process_response().unwrap();
        assert!(!session.needs_response());
        session
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn two_threads_reading_addresses_never_see_each_other_s() {
        let readers = [[192, 0, 2, 1], [198, 51, 100, 254]].map(|address| {
            thread::spawn(move || {
                let session = session_with(address);
                let expected = Value::Text(Some(std::net::Ipv4Addr::from(address).to_string()));
                let index = session.find(c"address").unwrap();
                (0..READS).filter(|_| session.value(index) != expected).count()
            })
        });
        for reader in readers {
            assert_eq!(reader.join().unwrap(), 0, "wrong address strings");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn a_field_that_does_not_exist_is_not_found() {
        let session = session_with([192, 0, 2, 1]);
        assert_eq!(session.find(c"no such field"), None);
        assert_eq!(session.value(u16::MAX), Value::Absent);
        assert_eq!(session.number_fields(), 14);
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn a_renewed_session_holds_no_record() {
        let mut session = session_with([192, 0, 2, 1]);
        session.renew().unwrap();
        assert_eq!(session.number_fields(), 0);
        assert!(!session.needs_response());
    }
}
