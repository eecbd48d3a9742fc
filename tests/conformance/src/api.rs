//! A shared library with libchrony's published API, and its sessions.
//!
//! The calls are safe as long as the library keeps its promises; that is what is under test.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::ptr;

use libc::timespec;

macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// Every function of the API.
        pub(crate) struct Functions {
            $(pub(crate) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Functions {
            fn find(library: &libloading::Library) -> Result<Self, libloading::Error> {
                Ok(Self {
                    $($name: {
                        // SAFETY: the published header gives this symbol this type.
                        let found = unsafe { library.get(concat!(stringify!($name), "\0").as_bytes()) };
                        *found?
                    },)*
                })
            }
        }
    };
}

type Raw = *mut c_void;
type Text = *const c_char;

functions! {
    chrony_open_socket: fn(Text) -> c_int;
    chrony_close_socket: fn(c_int);
    chrony_get_error_string: fn(c_int) -> Text;
    chrony_init_session: fn(*mut Raw, c_int) -> c_int;
    chrony_deinit_session: fn(Raw);
    chrony_get_fd: fn(Raw) -> c_int;
    chrony_needs_response: fn(Raw) -> bool;
    chrony_process_response: fn(Raw) -> c_int;
    chrony_get_number_supported_reports: fn() -> c_int;
    chrony_get_report_name: fn(c_int) -> Text;
    chrony_request_report_number_records: fn(Raw, Text) -> c_int;
    chrony_get_report_number_records: fn(Raw) -> c_int;
    chrony_request_record: fn(Raw, Text, c_int) -> c_int;
    chrony_get_record_number_fields: fn(Raw) -> c_int;
    chrony_get_field_name: fn(Raw, c_int) -> Text;
    chrony_get_field_index: fn(Raw, Text) -> c_int;
    chrony_get_field_type: fn(Raw, c_int) -> c_int;
    chrony_get_field_content: fn(Raw, c_int) -> c_int;
    chrony_get_field_uinteger: fn(Raw, c_int) -> u64;
    chrony_get_field_integer: fn(Raw, c_int) -> i64;
    chrony_get_field_float: fn(Raw, c_int) -> f64;
    chrony_get_field_timespec: fn(Raw, c_int) -> timespec;
    chrony_get_field_string: fn(Raw, c_int) -> Text;
    chrony_get_field_constant_name: fn(Raw, c_int, u64) -> Text;
}

/// A library that stays loaded until the process ends.
pub(crate) struct Library {
    pub(crate) functions: Functions,
    library: libloading::Library,
}

impl Library {
    pub(crate) fn load(path: &Path) -> Result<&'static Self, libloading::Error> {
        // SAFETY: its constructors are those of a C library without any of its own.
        let library = unsafe { libloading::Library::new(path) }?;
        Ok(Box::leak(Box::new(Self { functions: Functions::find(&library)?, library })))
    }

    /// Whether the library exports a symbol.
    pub(crate) fn exports(&self, name: &str) -> bool {
        // SAFETY: the symbol is only looked for.
        unsafe { self.library.get::<Raw>(name.as_bytes()) }.is_ok()
    }

    pub(crate) fn error_string(&self, code: c_int) -> Option<&CStr> {
        // SAFETY: any number is allowed.
        text(unsafe { (self.functions.chrony_get_error_string)(code) })
    }

    pub(crate) fn number_reports(&self) -> c_int {
        // SAFETY: a call without arguments.
        unsafe { (self.functions.chrony_get_number_supported_reports)() }
    }

    pub(crate) fn report_name(&self, report: c_int) -> Option<&CStr> {
        // SAFETY: any number is allowed.
        text(unsafe { (self.functions.chrony_get_report_name)(report) })
    }

    pub(crate) fn open_socket(&self, address: &CStr) -> c_int {
        // SAFETY: the text ends with a NUL.
        unsafe { (self.functions.chrony_open_socket)(address.as_ptr()) }
    }

    pub(crate) fn close_socket(&self, fd: RawFd) {
        // SAFETY: the callers give a descriptor of theirs and use it no more.
        unsafe { (self.functions.chrony_close_socket)(fd) }
    }
}

/// Text that the library owns; the caller copies or compares it at once.
fn text<'a>(pointer: Text) -> Option<&'a CStr> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: the API promises a string that lives at least until the next call.
    Some(unsafe { CStr::from_ptr(pointer) })
}

/// A session of one library, on a descriptor of its own.
pub(crate) struct Session {
    functions: &'static Functions,
    raw: Raw,
    fd: Option<OwnedFd>,
}

impl Session {
    /// Panics with the library's code where it gives no session.
    pub(crate) fn new(library: &'static Library, fd: OwnedFd) -> Self {
        let mut session = Self::on(library, fd.as_raw_fd());
        session.fd = Some(fd);
        session
    }

    /// A session on a number that need not be a descriptor.
    pub(crate) fn on(library: &'static Library, fd: RawFd) -> Self {
        let mut raw = ptr::null_mut();
        // SAFETY: a place for the session is given.
        let code = unsafe { (library.functions.chrony_init_session)(&raw mut raw, fd) };
        assert!(code == 0 && !raw.is_null(), "chrony_init_session: {code}");
        Self { functions: &library.functions, raw, fd: None }
    }

    pub(crate) fn raw(&self) -> Raw {
        self.raw
    }

    pub(crate) fn fd(&self) -> c_int {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_get_fd)(self.raw) }
    }

    pub(crate) fn needs_response(&self) -> bool {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_needs_response)(self.raw) }
    }

    pub(crate) fn process(&self) -> c_int {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_process_response)(self.raw) }
    }

    pub(crate) fn request_count(&self, report: &CStr) -> c_int {
        // SAFETY: the session lives, and the name ends with a NUL.
        unsafe { (self.functions.chrony_request_report_number_records)(self.raw, report.as_ptr()) }
    }

    pub(crate) fn request_record(&self, report: &CStr, record: c_int) -> c_int {
        self.request_record_at(report.as_ptr(), record)
    }

    /// The name must end with a NUL, and may change afterwards.
    pub(crate) fn request_record_at(&self, report: Text, record: c_int) -> c_int {
        // SAFETY: the session lives, and the callers own a name that ends with a NUL.
        unsafe { (self.functions.chrony_request_record)(self.raw, report, record) }
    }

    pub(crate) fn count(&self) -> c_int {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_get_report_number_records)(self.raw) }
    }

    pub(crate) fn number_fields(&self) -> c_int {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_get_record_number_fields)(self.raw) }
    }

    pub(crate) fn name(&self, field: c_int) -> Option<&CStr> {
        // SAFETY: the session lives.
        text(unsafe { (self.functions.chrony_get_field_name)(self.raw, field) })
    }

    pub(crate) fn index(&self, name: &CStr) -> c_int {
        // SAFETY: the session lives, and the name ends with a NUL.
        unsafe { (self.functions.chrony_get_field_index)(self.raw, name.as_ptr()) }
    }

    pub(crate) fn field_type(&self, field: c_int) -> c_int {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_get_field_type)(self.raw, field) }
    }

    pub(crate) fn content(&self, field: c_int) -> c_int {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_get_field_content)(self.raw, field) }
    }

    pub(crate) fn uinteger(&self, field: c_int) -> u64 {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_get_field_uinteger)(self.raw, field) }
    }

    pub(crate) fn integer(&self, field: c_int) -> i64 {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_get_field_integer)(self.raw, field) }
    }

    pub(crate) fn float(&self, field: c_int) -> f64 {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_get_field_float)(self.raw, field) }
    }

    pub(crate) fn timespec(&self, field: c_int) -> timespec {
        // SAFETY: the session lives.
        unsafe { (self.functions.chrony_get_field_timespec)(self.raw, field) }
    }

    pub(crate) fn string(&self, field: c_int) -> Option<&CStr> {
        // SAFETY: the session lives.
        text(unsafe { (self.functions.chrony_get_field_string)(self.raw, field) })
    }

    pub(crate) fn constant(&self, field: c_int, value: u64) -> Option<&CStr> {
        // SAFETY: the session lives.
        text(unsafe { (self.functions.chrony_get_field_constant_name)(self.raw, field, value) })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the session lives, and nobody can use it after this.
        unsafe { (self.functions.chrony_deinit_session)(self.raw) }
    }
}
