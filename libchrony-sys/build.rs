//! Compiles the bundled libchrony or finds the system's, then makes or takes the bindings.

#[cfg(feature = "bindgen")]
#[path = "build/bindings.rs"]
mod bindings;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(bundled)");
    println!("cargo::rerun-if-env-changed=LIBCHRONY_NO_VENDOR");
    match std::env::var("LIBCHRONY_NO_VENDOR").as_deref() {
        Ok("" | "0") | Err(_) => bundled(),
        Ok(_) => system(),
    }
    #[cfg(feature = "bindgen")]
    if let Err(error) = bindings::make() {
        fail(&format!(
            "bindgen failed: install libclang (libclang-dev or clang-devel), or build without the feature bindgen: {error}"
        ));
    }
}

fn bundled() {
    const SOURCES: [&str; 8] = [
        "clients.c",
        "constants.c",
        "message.c",
        "record.c",
        "reports.c",
        "session.c",
        "socket.c",
        "unix.c",
    ];
    println!("cargo::rerun-if-changed=libchrony");
    let mut build = cc::Build::new();
    build
        .files(SOURCES.map(|source| format!("libchrony/{source}")))
        .std("c11")
        .define("_GNU_SOURCE", None)
        .flag_if_supported("-fvisibility=hidden")
        .extra_warnings(true);
    if let Err(error) = build.try_compile("chrony") {
        fail(&format!(
            "the bundled libchrony could not be compiled: install a C compiler (gcc or clang, and libc6-dev or glibc-devel), or set LIBCHRONY_NO_VENDOR=1 to link the system's libchrony: {error}"
        ));
    }
    // musl has it in its libc, and the linker would find another library's.
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() != Ok("musl") {
        println!("cargo::rustc-link-lib=m");
    }
    println!("cargo::rustc-cfg=bundled");
    println!("cargo::metadata=vendored=1");
    if let Ok(manifest) = std::env::var("CARGO_MANIFEST_DIR") {
        println!("cargo::metadata=include={manifest}/libchrony");
    }
}

fn system() {
    let found = pkg_config::Config::new().range_version("0.1".."1").probe("libchrony");
    let library = found.unwrap_or_else(|error| {
        let reason = error.to_string();
        let reason = reason.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        fail(&format!(
            "LIBCHRONY_NO_VENDOR is set, but pkg-config finds no libchrony of version 0.1 to below 1: install libchrony-dev (Debian, Ubuntu) or libchrony-devel (Fedora, RHEL) and pkg-config, or unset LIBCHRONY_NO_VENDOR to build the bundled one: {reason}"
        ))
    });
    if let Some(include) = library.include_paths.first() {
        println!("cargo::metadata=include={}", include.display());
    }
}

/// Ends the build with one line.
fn fail(message: &str) -> ! {
    println!("cargo::error={message}");
    std::process::exit(1)
}
