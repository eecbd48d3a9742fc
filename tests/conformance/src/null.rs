//! NULL where a session, a name or a place is expected.

use std::error::Error;
use std::ffi::CStr;
use std::ptr;

use crate::api::{Library, Session};

/// Calls one function, or all it comes to, with NULL for what the argument names.
pub(crate) fn call(library: &'static Library, what: &str) -> Result<String, Box<dyn Error>> {
    let f = &library.functions;
    let none = ptr::null_mut();
    let (name, session) = (c"tracking".as_ptr(), Session::on(library, -1));
    let text = |pointer: *const std::ffi::c_char| {
        if pointer.is_null() {
            "None".to_owned()
        } else {
            // SAFETY: a text that a library gives ends with a NUL.
            format!("{:?}", unsafe { CStr::from_ptr(pointer) })
        }
    };
    macro_rules! with_null {
        ($function:ident($($argument:expr),*)) => {
            // SAFETY: none; whether NULL is survived is what is asked, in a process of its own.
            unsafe { (f.$function)($($argument),*) }
        };
    }
    Ok(match what {
        "init_session" => with_null!(chrony_init_session(ptr::null_mut(), -1)).to_string(),
        "deinit_session" => {
            with_null!(chrony_deinit_session(none));
            "nothing".to_owned()
        }
        "get_fd" => with_null!(chrony_get_fd(none)).to_string(),
        "needs_response" => with_null!(chrony_needs_response(none)).to_string(),
        "process_response" => with_null!(chrony_process_response(none)).to_string(),
        "request_report_number_records" => {
            with_null!(chrony_request_report_number_records(none, name)).to_string()
        }
        "request_record" => with_null!(chrony_request_record(none, name, 0)).to_string(),
        "get_report_number_records" => {
            with_null!(chrony_get_report_number_records(none)).to_string()
        }
        "get_record_number_fields" => with_null!(chrony_get_record_number_fields(none)).to_string(),
        "get_field_name" => text(with_null!(chrony_get_field_name(none, 0))),
        "get_field_index" => with_null!(chrony_get_field_index(none, name)).to_string(),
        "get_field_type" => with_null!(chrony_get_field_type(none, 0)).to_string(),
        "get_field_content" => with_null!(chrony_get_field_content(none, 0)).to_string(),
        "get_field_uinteger" => with_null!(chrony_get_field_uinteger(none, 0)).to_string(),
        "get_field_integer" => with_null!(chrony_get_field_integer(none, 0)).to_string(),
        "get_field_float" => with_null!(chrony_get_field_float(none, 0)).to_string(),
        "get_field_timespec" => {
            let time = with_null!(chrony_get_field_timespec(none, 0));
            format!("{} {}", time.tv_sec, time.tv_nsec)
        }
        "get_field_string" => text(with_null!(chrony_get_field_string(none, 0))),
        "get_field_constant_name" => text(with_null!(chrony_get_field_constant_name(none, 0, 0))),
        "the report to count" => {
            with_null!(chrony_request_report_number_records(session.raw(), ptr::null())).to_string()
        }
        "the report of a record" => {
            with_null!(chrony_request_record(session.raw(), ptr::null(), 0)).to_string()
        }
        "the name of a field of none" => {
            with_null!(chrony_get_field_index(session.raw(), ptr::null())).to_string()
        }
        "the name of a field" => {
            let (session, _server) = crate::cases::with_record(library)?;
            with_null!(chrony_get_field_index(session.raw(), ptr::null())).to_string()
        }
        _ => return Err("no such call".into()),
    })
}
