//! What programs are compiled against: numbers, symbols, texts and the order of reports.
#![cfg(bundled)]

mod support;

use libchrony_sys::{chrony_err, chrony_field_content, chrony_field_type};
use std::collections::BTreeSet;
use support::library::{Library, has};
use support::session::{error_string, number_of_reports, report_name};

/// An enumerator: its name, the number it must have and the number it has in the bindings.
type Enumerator = (&'static str, u32, u32);

macro_rules! enumerators {
    ($type:ident: $($name:ident = $number:literal,)*) => {
        [$((stringify!($name), $number, $type::$name.0)),*]
    };
}

const ERRORS: [Enumerator; 15] = enumerators!(chrony_err:
    CHRONY_OK = 0,
    CHRONY_NO_MEMORY = 1,
    CHRONY_NO_RANDOM = 2,
    CHRONY_UNKNOWN_REPORT = 3,
    CHRONY_RANDOM_FAILED = 4,
    CHRONY_SEND_FAILED = 5,
    CHRONY_RECV_FAILED = 6,
    CHRONY_INVALID_ARGUMENT = 7,
    CHRONY_UNEXPECTED_CALL = 8,
    CHRONY_UNAUTHORIZED = 9,
    CHRONY_DISABLED = 10,
    CHRONY_UNEXPECTED_STATUS = 11,
    CHRONY_OLD_SERVER = 12,
    CHRONY_NEW_SERVER = 13,
    CHRONY_INVALID_RESPONSE = 14,
);

const TYPES: [Enumerator; 6] = enumerators!(chrony_field_type:
    CHRONY_TYPE_NONE = 0,
    CHRONY_TYPE_UINTEGER = 1,
    CHRONY_TYPE_INTEGER = 2,
    CHRONY_TYPE_FLOAT = 3,
    CHRONY_TYPE_TIMESPEC = 4,
    CHRONY_TYPE_STRING = 5,
);

const CONTENTS: [Enumerator; 21] = enumerators!(chrony_field_content:
    CHRONY_CONTENT_NONE = 0,
    CHRONY_CONTENT_COUNT = 1,
    CHRONY_CONTENT_TIME = 2,
    CHRONY_CONTENT_INTERVAL_LOG2_SECONDS = 3,
    CHRONY_CONTENT_INTERVAL_SECONDS = 4,
    CHRONY_CONTENT_OFFSET_SECONDS = 5,
    CHRONY_CONTENT_MEASURE_SECONDS = 6,
    CHRONY_CONTENT_OFFSET_PPM = 7,
    CHRONY_CONTENT_MEASURE_PPM = 8,
    CHRONY_CONTENT_OFFSET_PPM_PER_SECOND = 9,
    CHRONY_CONTENT_RATIO = 10,
    CHRONY_CONTENT_REFERENCE_ID = 11,
    CHRONY_CONTENT_ENUM = 12,
    CHRONY_CONTENT_BITS = 13,
    CHRONY_CONTENT_FLAGS = 14,
    CHRONY_CONTENT_ADDRESS = 15,
    CHRONY_CONTENT_PORT = 16,
    CHRONY_CONTENT_INDEX = 17,
    CHRONY_CONTENT_LENGTH_BITS = 18,
    CHRONY_CONTENT_LENGTH_BYTES = 19,
    CHRONY_CONTENT_BOOLEAN = 20,
);

const FUNCTIONS: [&str; 24] = [
    "chrony_open_socket",
    "chrony_close_socket",
    "chrony_get_error_string",
    "chrony_init_session",
    "chrony_deinit_session",
    "chrony_get_fd",
    "chrony_needs_response",
    "chrony_process_response",
    "chrony_get_number_supported_reports",
    "chrony_get_report_name",
    "chrony_request_report_number_records",
    "chrony_get_report_number_records",
    "chrony_request_record",
    "chrony_get_record_number_fields",
    "chrony_get_field_name",
    "chrony_get_field_index",
    "chrony_get_field_type",
    "chrony_get_field_content",
    "chrony_get_field_uinteger",
    "chrony_get_field_integer",
    "chrony_get_field_float",
    "chrony_get_field_timespec",
    "chrony_get_field_string",
    "chrony_get_field_constant_name",
];

/// Those of libchrony 0.2, in its order, and after them those it lacks.
const REPORTS: [&str; 12] = [
    "tracking",
    "sources",
    "sourcestats",
    "selectdata",
    "activity",
    "authdata",
    "ntpdata",
    "serverstats",
    "rtcdata",
    "smoothing",
    "sourcename",
    "clients",
];

#[test]
fn enumerators_have_their_numbers_in_the_bindings() {
    for (name, expected, actual) in ERRORS.iter().chain(&TYPES).chain(&CONTENTS) {
        assert_eq!(actual, expected, "{name}");
    }
    assert_eq!(size_of::<chrony_err>(), size_of::<libc::c_int>());
    assert_eq!(size_of::<chrony_field_type>(), size_of::<libc::c_int>());
    assert_eq!(size_of::<chrony_field_content>(), size_of::<libc::c_int>());
}

#[test]
fn enumerators_have_their_numbers_in_c() {
    let Some(library) = Library::build() else { return };
    let mut text = String::from("#include \"chrony.h\"\n");
    for name in ["chrony_err", "chrony_field_type", "chrony_field_content"] {
        text += &format!("_Static_assert(sizeof({name}) == sizeof(int), \"{name}\");\n");
    }
    for (name, number, _) in ERRORS.iter().chain(&TYPES).chain(&CONTENTS) {
        text += &format!("_Static_assert({name} == {number}, \"{name}\");\n");
    }
    library.write("enumerators.c", &text);
    library.run("cc", &["-std=c11", "-fsyntax-only", "enumerators.c"]);
}

/// U13: no internal name is exported that a program could define too.
#[test]
fn the_shared_object_exports_the_24_functions_and_nothing_else() {
    let Some(library) = Library::build() else { return };
    if !has("nm") {
        return;
    }
    let symbols = library.run("nm", &["-D", "--defined-only", "libchrony.so.0"]);
    let exported: BTreeSet<&str> =
        symbols.lines().filter_map(|line| line.split_whitespace().next_back()).collect();
    assert_eq!(exported, BTreeSet::from(FUNCTIONS));
    let kinds: BTreeSet<&str> =
        symbols.lines().filter_map(|line| line.split_whitespace().nth_back(1)).collect();
    assert_eq!(kinds, BTreeSet::from(["T"]));
}

#[test]
fn the_shared_object_has_the_name_that_programs_ask_for() {
    let Some(library) = Library::build() else { return };
    if !has("readelf") {
        return;
    }
    let dynamic = library.run("readelf", &["-d", "libchrony.so.0"]);
    assert!(dynamic.contains("Library soname: [libchrony.so.0]"), "{dynamic}");
}

#[test]
fn every_error_has_its_text() {
    let texts = [
        "Success",
        "Failed to allocate memory",
        "Failed to open /dev/urandom",
        "Unknown report",
        "Failed to read /dev/urandom",
        "Failed to send request",
        "Failed to receive response",
        "Invalid argument",
        "Unexpected function call",
        "Not authorized",
        "Disabled",
        "Unexpected status",
        "Unsupported server version (too old)",
        "Unsupported server version (too new)",
        "Invalid response",
    ];
    for (number, text) in (0..).zip(texts) {
        assert_eq!(error_string(number).as_deref(), Some(text));
    }
    for unknown in [15, 1000, i32::MAX.cast_unsigned(), i32::MIN.cast_unsigned(), u32::MAX] {
        assert_eq!(error_string(unknown).as_deref(), Some("Unknown error"), "{unknown}");
    }
}

#[test]
fn reports_have_their_names_and_order() {
    assert_eq!(number_of_reports(), 12);
    for (index, name) in (0..).zip(REPORTS) {
        assert_eq!(report_name(index).as_deref(), Some(name));
    }
    for outside in [-1, 12, i32::MIN, i32::MAX] {
        assert_eq!(report_name(outside), None);
    }
}
