//! Compiles the C library's handling of addresses with system calls that do nothing but count.

fn main() {
    println!("cargo::rerun-if-changed=src/address.c");
    println!("cargo::rerun-if-changed=../libchrony-sys/libchrony");
    println!("cargo::rustc-check-cfg=cfg(fuzzing)");
    cc::Build::new()
        .file("src/address.c")
        .include("../libchrony-sys/libchrony")
        .std("c11")
        .define("_GNU_SOURCE", None)
        .compile("address");
}
