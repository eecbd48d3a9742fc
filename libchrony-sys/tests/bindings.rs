//! The committed bindings are those that bindgen made from the header at build time.
#![cfg(feature = "bindgen")]

#[test]
fn the_committed_bindings_are_up_to_date() {
    let fresh = include_str!(concat!(env!("OUT_DIR"), "/bindings.rs"));
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bindings.rs");
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::write(committed, fresh).unwrap();
    }
    let old = std::fs::read_to_string(committed).unwrap();
    assert!(old == fresh, "src/bindings.rs is stale: run `make bindings` and commit it");
}
