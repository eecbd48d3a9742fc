//! A session of the C library on one end of a socket pair, and everything it can be asked checked
//! against what its header promises.

use std::ffi::{CStr, CString, c_char};
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;

use libchrony_sys as sys;

/// The type of a field, numbered as in the header.
const UINTEGER: u32 = 1;
const INTEGER: u32 = 2;
const FLOAT: u32 = 3;
const TIMESPEC: u32 = 4;
const STRING: u32 = 5;
/// The last of the contents.
const BOOLEAN: u32 = 20;

/// A session and the server's end of its socket.
pub(crate) struct Session {
    raw: *mut sys::chrony_session,
    client: UnixDatagram,
    pub(crate) server: UnixDatagram,
}

impl Session {
    pub(crate) fn new() -> Self {
        let (client, server) = UnixDatagram::pair().expect("a socket pair");
        for end in [&client, &server] {
            end.set_nonblocking(true).expect("a socket that does not block");
        }
        let mut raw = std::ptr::null_mut();
        // SAFETY: `raw` is a place for the session.
        let err = unsafe { sys::chrony_init_session(&raw mut raw, client.as_raw_fd()) };
        assert_eq!(err.0, 0);
        Self { raw, client, server }
    }

    /// Ends the session and begins another on the same socket.
    pub(crate) fn renew(&mut self) {
        // SAFETY: `raw` is live, and replaced below.
        unsafe { sys::chrony_deinit_session(self.raw) };
        self.raw = std::ptr::null_mut();
        // SAFETY: `raw` is a place for the session.
        let err = unsafe { sys::chrony_init_session(&raw mut self.raw, self.client.as_raw_fd()) };
        assert_eq!(err.0, 0);
    }

    pub(crate) fn fd_is_kept(&self) -> bool {
        // SAFETY: `raw` is live.
        unsafe { sys::chrony_get_fd(self.raw) == self.client.as_raw_fd() }
    }

    pub(crate) fn needs_response(&self) -> bool {
        // SAFETY: `raw` is live.
        unsafe { sys::chrony_needs_response(self.raw) }
    }

    pub(crate) fn process(&self) -> u32 {
        // SAFETY: `raw` is live.
        unsafe { sys::chrony_process_response(self.raw) }.0
    }

    pub(crate) fn request_count(&self, report: &CStr) -> u32 {
        // SAFETY: `raw` is live, the name a C string.
        unsafe { sys::chrony_request_report_number_records(self.raw, report.as_ptr()) }.0
    }

    pub(crate) fn request_record(&self, report: &CStr, record: i32) -> u32 {
        // SAFETY: `raw` is live, the name a C string.
        unsafe { sys::chrony_request_record(self.raw, report.as_ptr(), record) }.0
    }

    pub(crate) fn count(&self) -> i32 {
        // SAFETY: `raw` is live.
        unsafe { sys::chrony_get_report_number_records(self.raw) }
    }

    pub(crate) fn fields(&self) -> i32 {
        // SAFETY: `raw` is live.
        unsafe { sys::chrony_get_record_number_fields(self.raw) }
    }

    pub(crate) fn index(&self, name: &CStr) -> i32 {
        // SAFETY: `raw` is live, the name a C string.
        unsafe { sys::chrony_get_field_index(self.raw, name.as_ptr()) }
    }

    pub(crate) fn constant(&self, field: i32, value: u64) -> Option<String> {
        // SAFETY: `raw` is live; any numbers are allowed.
        text(unsafe { sys::chrony_get_field_constant_name(self.raw, field, value) })
    }

    fn name(&self, field: i32) -> Option<String> {
        // SAFETY: `raw` is live; any number is allowed.
        text(unsafe { sys::chrony_get_field_name(self.raw, field) })
    }

    /// All that a field gives.
    fn values(&self, field: i32) -> Values {
        // SAFETY: `raw` is live; any number is allowed.
        let kind = unsafe { sys::chrony_get_field_type(self.raw, field) }.0;
        // SAFETY: as above.
        let content = unsafe { sys::chrony_get_field_content(self.raw, field) }.0;
        // SAFETY: as above.
        let uinteger = unsafe { sys::chrony_get_field_uinteger(self.raw, field) };
        // SAFETY: as above.
        let integer = unsafe { sys::chrony_get_field_integer(self.raw, field) };
        // SAFETY: as above.
        let float = unsafe { sys::chrony_get_field_float(self.raw, field) };
        // SAFETY: as above.
        let time = unsafe { sys::chrony_get_field_timespec(self.raw, field) };
        // SAFETY: as above.
        let string = text(unsafe { sys::chrony_get_field_string(self.raw, field) });
        let time = (time.tv_sec, time.tv_nsec);
        Values { kind, content, uinteger, integer, float: float.to_bits(), time, string }
    }

    /// Calls every function that reads, for every field and some that are none.
    pub(crate) fn visit(&self) {
        let fields = self.fields();
        assert!((0..=64).contains(&fields), "{fields} fields");
        assert!(self.count() >= 0);
        for field in [i32::MIN, -1, fields, fields.saturating_add(1), i32::MAX] {
            assert_eq!(self.name(field), None);
            assert_eq!(self.constant(field, 0), None);
            let none = self.values(field);
            assert_eq!((none.kind, none.content), (0, 0));
            none.check();
        }
        for field in 0..fields {
            let name = self.name(field).expect("a field has a name");
            assert!(
                !name.is_empty() && name.bytes().all(|b| (b' '..0x7f).contains(&b)),
                "{name:?}"
            );
            let c_name = CString::new(name.clone()).expect("a C string");
            let found = self.index(&c_name);
            assert!(found <= field && self.name(found).as_ref() == Some(&name), "{name}");
            let values = self.values(field);
            assert_ne!(values.kind, 0, "{name} has no type");
            values.check();
            assert!(values == self.values(field), "{name} changes");
            for value in (0..40).chain((0..64).map(|bit| 1 << bit)).chain([values.uinteger]) {
                if let Some(constant) = self.constant(field, value) {
                    assert!(!constant.is_empty() && constant.is_ascii(), "{constant:?}");
                }
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: `raw` is live and ended only here.
        unsafe { sys::chrony_deinit_session(self.raw) };
    }
}

#[derive(PartialEq)]
struct Values {
    kind: u32,
    content: u32,
    uinteger: u64,
    integer: i64,
    float: u64,
    time: (i64, i64),
    string: Option<String>,
}

impl Values {
    /// A getter of another type gives what the header says, that of the right one a value in range.
    fn check(&self) {
        assert!(self.kind <= STRING && self.content <= BOOLEAN, "{}, {}", self.kind, self.content);
        assert!(self.kind == UINTEGER || self.uinteger == 0);
        assert!(self.kind == INTEGER || self.integer == 0);
        let float = f64::from_bits(self.float);
        assert!(if self.kind == FLOAT { float.is_finite() } else { float.is_nan() }, "{float}");
        assert!(self.kind == TIMESPEC || self.time == (0, 0));
        assert!((0..1_000_000_000).contains(&self.time.1));
        assert!(self.kind == STRING || self.string.is_none());
        if let Some(string) = &self.string {
            let id = string
                .strip_prefix("ID#")
                .is_some_and(|digits| digits.len() == 10 && digits.parse::<u32>().is_ok());
            assert!(id || string == "?" || string.parse::<IpAddr>().is_ok(), "{string:?}");
        }
    }
}

/// Reads to the NUL, so that AddressSanitizer sees where a text has none.
fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: every text of the library is NULL or a C string, static or within a live session.
    let text = (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) })?;
    Some(text.to_str().expect("the library's texts are ASCII").to_owned())
}
