use libc::timespec;

impl chrony_err {
    pub const CHRONY_OK: chrony_err = chrony_err(0);
    pub const CHRONY_NO_MEMORY: chrony_err = chrony_err(1);
    pub const CHRONY_NO_RANDOM: chrony_err = chrony_err(2);
    pub const CHRONY_UNKNOWN_REPORT: chrony_err = chrony_err(3);
    pub const CHRONY_RANDOM_FAILED: chrony_err = chrony_err(4);
    pub const CHRONY_SEND_FAILED: chrony_err = chrony_err(5);
    pub const CHRONY_RECV_FAILED: chrony_err = chrony_err(6);
    pub const CHRONY_INVALID_ARGUMENT: chrony_err = chrony_err(7);
    pub const CHRONY_UNEXPECTED_CALL: chrony_err = chrony_err(8);
    pub const CHRONY_UNAUTHORIZED: chrony_err = chrony_err(9);
    pub const CHRONY_DISABLED: chrony_err = chrony_err(10);
    pub const CHRONY_UNEXPECTED_STATUS: chrony_err = chrony_err(11);
    pub const CHRONY_OLD_SERVER: chrony_err = chrony_err(12);
    pub const CHRONY_NEW_SERVER: chrony_err = chrony_err(13);
    pub const CHRONY_INVALID_RESPONSE: chrony_err = chrony_err(14);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct chrony_err(pub u32);
impl chrony_field_type {
    pub const CHRONY_TYPE_NONE: chrony_field_type = chrony_field_type(0);
    pub const CHRONY_TYPE_UINTEGER: chrony_field_type = chrony_field_type(1);
    pub const CHRONY_TYPE_INTEGER: chrony_field_type = chrony_field_type(2);
    pub const CHRONY_TYPE_FLOAT: chrony_field_type = chrony_field_type(3);
    pub const CHRONY_TYPE_TIMESPEC: chrony_field_type = chrony_field_type(4);
    pub const CHRONY_TYPE_STRING: chrony_field_type = chrony_field_type(5);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct chrony_field_type(pub u32);
impl chrony_field_content {
    pub const CHRONY_CONTENT_NONE: chrony_field_content = chrony_field_content(0);
    pub const CHRONY_CONTENT_COUNT: chrony_field_content = chrony_field_content(1);
    pub const CHRONY_CONTENT_TIME: chrony_field_content = chrony_field_content(2);
    pub const CHRONY_CONTENT_INTERVAL_LOG2_SECONDS: chrony_field_content = chrony_field_content(
        3,
    );
    pub const CHRONY_CONTENT_INTERVAL_SECONDS: chrony_field_content = chrony_field_content(
        4,
    );
    pub const CHRONY_CONTENT_OFFSET_SECONDS: chrony_field_content = chrony_field_content(
        5,
    );
    pub const CHRONY_CONTENT_MEASURE_SECONDS: chrony_field_content = chrony_field_content(
        6,
    );
    pub const CHRONY_CONTENT_OFFSET_PPM: chrony_field_content = chrony_field_content(7);
    pub const CHRONY_CONTENT_MEASURE_PPM: chrony_field_content = chrony_field_content(8);
    pub const CHRONY_CONTENT_OFFSET_PPM_PER_SECOND: chrony_field_content = chrony_field_content(
        9,
    );
    pub const CHRONY_CONTENT_RATIO: chrony_field_content = chrony_field_content(10);
    pub const CHRONY_CONTENT_REFERENCE_ID: chrony_field_content = chrony_field_content(
        11,
    );
    pub const CHRONY_CONTENT_ENUM: chrony_field_content = chrony_field_content(12);
    pub const CHRONY_CONTENT_BITS: chrony_field_content = chrony_field_content(13);
    pub const CHRONY_CONTENT_FLAGS: chrony_field_content = chrony_field_content(14);
    pub const CHRONY_CONTENT_ADDRESS: chrony_field_content = chrony_field_content(15);
    pub const CHRONY_CONTENT_PORT: chrony_field_content = chrony_field_content(16);
    pub const CHRONY_CONTENT_INDEX: chrony_field_content = chrony_field_content(17);
    pub const CHRONY_CONTENT_LENGTH_BITS: chrony_field_content = chrony_field_content(
        18,
    );
    pub const CHRONY_CONTENT_LENGTH_BYTES: chrony_field_content = chrony_field_content(
        19,
    );
    pub const CHRONY_CONTENT_BOOLEAN: chrony_field_content = chrony_field_content(20);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct chrony_field_content(pub u32);
#[repr(C)]
#[derive(Debug)]
pub struct chrony_session_t {
    _unused: [u8; 0],
}
pub type chrony_session = chrony_session_t;
unsafe extern "C" {
    pub fn chrony_open_socket(
        address: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
}
unsafe extern "C" {
    pub fn chrony_close_socket(fd: ::std::os::raw::c_int);
}
unsafe extern "C" {
    pub fn chrony_get_error_string(e: chrony_err) -> *const ::std::os::raw::c_char;
}
unsafe extern "C" {
    pub fn chrony_init_session(
        s: *mut *mut chrony_session,
        fd: ::std::os::raw::c_int,
    ) -> chrony_err;
}
unsafe extern "C" {
    pub fn chrony_deinit_session(s: *mut chrony_session);
}
unsafe extern "C" {
    pub fn chrony_get_fd(s: *mut chrony_session) -> ::std::os::raw::c_int;
}
unsafe extern "C" {
    pub fn chrony_needs_response(s: *mut chrony_session) -> bool;
}
unsafe extern "C" {
    pub fn chrony_process_response(s: *mut chrony_session) -> chrony_err;
}
unsafe extern "C" {
    pub fn chrony_get_number_supported_reports() -> ::std::os::raw::c_int;
}
unsafe extern "C" {
    pub fn chrony_get_report_name(
        report: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
}
unsafe extern "C" {
    pub fn chrony_request_report_number_records(
        s: *mut chrony_session,
        report_name: *const ::std::os::raw::c_char,
    ) -> chrony_err;
}
unsafe extern "C" {
    pub fn chrony_get_report_number_records(
        s: *mut chrony_session,
    ) -> ::std::os::raw::c_int;
}
unsafe extern "C" {
    pub fn chrony_request_record(
        s: *mut chrony_session,
        report_name: *const ::std::os::raw::c_char,
        record: ::std::os::raw::c_int,
    ) -> chrony_err;
}
unsafe extern "C" {
    pub fn chrony_get_record_number_fields(
        s: *mut chrony_session,
    ) -> ::std::os::raw::c_int;
}
unsafe extern "C" {
    pub fn chrony_get_field_name(
        s: *mut chrony_session,
        field: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
}
unsafe extern "C" {
    pub fn chrony_get_field_index(
        s: *mut chrony_session,
        name: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
}
unsafe extern "C" {
    pub fn chrony_get_field_type(
        s: *mut chrony_session,
        field: ::std::os::raw::c_int,
    ) -> chrony_field_type;
}
unsafe extern "C" {
    pub fn chrony_get_field_content(
        s: *mut chrony_session,
        field: ::std::os::raw::c_int,
    ) -> chrony_field_content;
}
unsafe extern "C" {
    pub fn chrony_get_field_uinteger(
        s: *mut chrony_session,
        field: ::std::os::raw::c_int,
    ) -> u64;
}
unsafe extern "C" {
    pub fn chrony_get_field_integer(
        s: *mut chrony_session,
        field: ::std::os::raw::c_int,
    ) -> i64;
}
unsafe extern "C" {
    pub fn chrony_get_field_float(
        s: *mut chrony_session,
        field: ::std::os::raw::c_int,
    ) -> f64;
}
unsafe extern "C" {
    pub fn chrony_get_field_timespec(
        s: *mut chrony_session,
        field: ::std::os::raw::c_int,
    ) -> timespec;
}
unsafe extern "C" {
    pub fn chrony_get_field_string(
        s: *mut chrony_session,
        field: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
}
unsafe extern "C" {
    pub fn chrony_get_field_constant_name(
        s: *mut chrony_session,
        field: ::std::os::raw::c_int,
        value: u64,
    ) -> *const ::std::os::raw::c_char;
}
