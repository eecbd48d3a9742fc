//! A session whose methods give owned values.

use libchrony_sys as sys;
use libchrony_sys::{chrony_err, chrony_session};
use std::ffi::{CStr, CString, c_char};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// A session, and the socket it uses.
pub(crate) struct Session {
    raw: *mut chrony_session,
    socket: Option<OwnedFd>,
}

// SAFETY: a session is tied to no thread; the type is not Sync, so only one uses it at a time.
unsafe impl Send for Session {}

impl Session {
    pub(crate) fn new(socket: OwnedFd) -> Session {
        let mut session = Session::on(socket.as_raw_fd());
        session.socket = Some(socket);
        session
    }

    /// A session over a descriptor that stays the caller's, valid or not.
    pub(crate) fn on(fd: RawFd) -> Session {
        let mut raw = std::ptr::null_mut();
        // SAFETY: `raw` is a place for the session; any number is allowed as descriptor.
        let err = unsafe { sys::chrony_init_session(&raw mut raw, fd) };
        assert_eq!(err, chrony_err::CHRONY_OK);
        assert!(!raw.is_null());
        Session { raw, socket: None }
    }

    /// No session: every call gets NULL.
    pub(crate) fn null() -> Session {
        Session { raw: std::ptr::null_mut(), socket: None }
    }

    /// Beginning a session without a place to store it.
    pub(crate) fn init_nowhere() -> chrony_err {
        // SAFETY: NULL is an error that the header names.
        unsafe { sys::chrony_init_session(std::ptr::null_mut(), -1) }
    }

    pub(crate) fn fd(&self) -> i32 {
        // SAFETY: `raw` is a live session or NULL, which the header allows.
        unsafe { sys::chrony_get_fd(self.raw) }
    }

    pub(crate) fn needs_response(&self) -> bool {
        // SAFETY: `raw` is a live session or NULL, which the header allows.
        unsafe { sys::chrony_needs_response(self.raw) }
    }

    pub(crate) fn process(&self) -> chrony_err {
        // SAFETY: `raw` is a live session or NULL, which the header allows.
        unsafe { sys::chrony_process_response(self.raw) }
    }

    pub(crate) fn request_count<'n>(&self, report: impl Into<Option<&'n str>>) -> chrony_err {
        let name = Name::new(report.into());
        // SAFETY: `raw` is a live session or NULL, the name a C string or NULL, both allowed.
        unsafe { sys::chrony_request_report_number_records(self.raw, name.pointer()) }
    }

    pub(crate) fn request_record<'n>(
        &self,
        report: impl Into<Option<&'n str>>,
        record: i32,
    ) -> chrony_err {
        let name = Name::new(report.into());
        // SAFETY: `raw` is a live session or NULL, the name a C string or NULL, both allowed.
        unsafe { sys::chrony_request_record(self.raw, name.pointer(), record) }
    }

    /// Requests with this very text, not a copy, so that a test can change it afterwards.
    pub(crate) fn request_record_in_place(&self, report: &CStr, record: i32) -> chrony_err {
        // SAFETY: `raw` is a live session or NULL, the name a C string for the time of the call.
        unsafe { sys::chrony_request_record(self.raw, report.as_ptr(), record) }
    }

    /// The number of records as last answered.
    pub(crate) fn count(&self) -> i32 {
        // SAFETY: `raw` is a live session or NULL, which the header allows.
        unsafe { sys::chrony_get_report_number_records(self.raw) }
    }

    /// The number of fields of the current record.
    pub(crate) fn fields(&self) -> i32 {
        // SAFETY: `raw` is a live session or NULL, which the header allows.
        unsafe { sys::chrony_get_record_number_fields(self.raw) }
    }

    pub(crate) fn name(&self, field: i32) -> Option<String> {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        let text = unsafe { sys::chrony_get_field_name(self.raw, field) };
        owned(text)
    }

    pub(crate) fn index<'n>(&self, name: impl Into<Option<&'n str>>) -> i32 {
        let name = Name::new(name.into());
        // SAFETY: `raw` is a live session or NULL, the name a C string or NULL, both allowed.
        unsafe { sys::chrony_get_field_index(self.raw, name.pointer()) }
    }

    pub(crate) fn kind(&self, field: i32) -> u32 {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        unsafe { sys::chrony_get_field_type(self.raw, field) }.0
    }

    pub(crate) fn content(&self, field: i32) -> u32 {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        unsafe { sys::chrony_get_field_content(self.raw, field) }.0
    }

    pub(crate) fn uinteger(&self, field: i32) -> u64 {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        unsafe { sys::chrony_get_field_uinteger(self.raw, field) }
    }

    pub(crate) fn integer(&self, field: i32) -> i64 {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        unsafe { sys::chrony_get_field_integer(self.raw, field) }
    }

    pub(crate) fn float(&self, field: i32) -> f64 {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        unsafe { sys::chrony_get_field_float(self.raw, field) }
    }

    /// Seconds and nanoseconds.
    pub(crate) fn time(&self, field: i32) -> (i64, i64) {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        let time = unsafe { sys::chrony_get_field_timespec(self.raw, field) };
        (time.tv_sec, time.tv_nsec)
    }

    pub(crate) fn string(&self, field: i32) -> Option<String> {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        let text = unsafe { sys::chrony_get_field_string(self.raw, field) };
        owned(text)
    }

    /// The bytes of a string that need not be ASCII.
    pub(crate) fn bytes(&self, field: i32) -> Option<Vec<u8>> {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        let text = unsafe { sys::chrony_get_field_string(self.raw, field) };
        // SAFETY: NULL, or a C string within the session.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes().to_owned())
    }

    /// The string of a field, and what its place holds after something else was done.
    pub(crate) fn string_across(&self, field: i32, between: impl FnOnce()) -> [Option<String>; 2] {
        // SAFETY: `raw` is a live session or NULL; any number is allowed as field.
        let text = unsafe { sys::chrony_get_field_string(self.raw, field) };
        let before = owned(text);
        between();
        [before, owned(text)]
    }

    pub(crate) fn constant(&self, field: i32, value: u64) -> Option<String> {
        // SAFETY: `raw` is a live session or NULL; any numbers are allowed.
        let text = unsafe { sys::chrony_get_field_constant_name(self.raw, field, value) };
        owned(text)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: `raw` is a live session, ended only here, or NULL, which is ignored.
        unsafe { sys::chrony_deinit_session(self.raw) };
    }
}

pub(crate) fn error_string(number: u32) -> Option<String> {
    // SAFETY: any number is allowed.
    let text = unsafe { sys::chrony_get_error_string(chrony_err(number)) };
    owned(text)
}

pub(crate) fn number_of_reports() -> i32 {
    // SAFETY: the function takes nothing.
    unsafe { sys::chrony_get_number_supported_reports() }
}

pub(crate) fn report_name(report: i32) -> Option<String> {
    // SAFETY: any number is allowed.
    let text = unsafe { sys::chrony_get_report_name(report) };
    owned(text)
}

fn owned(text: *const c_char) -> Option<String> {
    // SAFETY: every text of the library is NULL or a C string, static or within a session that the
    // caller holds.
    let text = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })?;
    Some(text.to_str().expect("the library's texts are ASCII").to_owned())
}

/// A name that may be NULL.
struct Name(Option<CString>);

impl Name {
    fn new(name: Option<&str>) -> Name {
        Name(name.map(|name| CString::new(name).expect("names hold no NUL")))
    }

    fn pointer(&self) -> *const c_char {
        self.0.as_deref().map_or(std::ptr::null(), CStr::as_ptr)
    }
}
