//! Bindings to libchrony, the C library that reads chronyd's monitoring reports.
//!
//! The library is bundled: an independent implementation of libchrony 0.2's published API and ABI,
//! written in C for this project and compiled by `cc`. Its header, `libchrony/chrony.h`, documents
//! every function, unit and lifetime, and lists the deliberate differences from upstream.
//!
//! # Linking the system's libchrony instead
//! `LIBCHRONY_NO_VENDOR=1` in the environment of the build links a libchrony of version 0.1 to
//! below 1 that pkg-config finds.
//!
//! # Bindings
//! Made by bindgen from `chrony.h` and committed, so that no build needs libclang. Feature
//! `bindgen` makes them anew at build time.
//!
//! # Threads
//! Sessions of the bundled library are independent: each may be used by any thread, one at a time.
//! Upstream's 0.2 formats address strings into one buffer that all sessions share; callers that
//! link the system's library ([`BUNDLED`] is false) must not read them from two threads at once.

mod bindings {
    #![allow(
        missing_docs,
        non_camel_case_types,
        unreachable_pub,
        clippy::all,
        reason = "generated; chrony.h documents them"
    )]
    #[cfg(not(feature = "bindgen"))]
    include!("bindings.rs");
    #[cfg(feature = "bindgen")]
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

pub use bindings::*;

/// Whether the bundled library is linked, not the system's.
pub const BUNDLED: bool = cfg!(bundled);
