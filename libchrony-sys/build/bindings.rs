//! The bindings of chrony.h, as bindgen makes them.

use std::path::Path;

pub(crate) fn make() -> Result<(), String> {
    println!("cargo::rerun-if-changed=libchrony/chrony.h");
    let out = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    let fresh = bindgen::Builder::default()
        .header("libchrony/chrony.h")
        .allowlist_function("chrony_.*")
        .allowlist_type("chrony_.*")
        // Rust's own enums would be undefined behaviour for a number the header does not name.
        .default_enum_style(bindgen::EnumVariation::NewType {
            is_bitfield: false,
            is_global: false,
        })
        .prepend_enum_name(false)
        .translate_enum_integer_types(true)
        .blocklist_type("timespec|__time_t|__syscall_slong_t|time_t")
        .raw_line("use libc::timespec;")
        .disable_header_comment()
        .layout_tests(false)
        .generate_comments(false)
        .formatter(bindgen::Formatter::Prettyplease)
        .generate()
        .map_err(|error| error.to_string())?;
    fresh.write_to_file(Path::new(&out).join("bindings.rs")).map_err(|error| error.to_string())
}
