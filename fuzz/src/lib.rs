//! What the fuzz targets do with their bytes, apart from libFuzzer, so that an ordinary test on
//! stable Rust replays what they found.

pub mod address;
pub mod calls;
pub mod http;
pub mod page;
pub mod reply;
pub mod wrapper;

mod script;
mod session;
mod site;

#[cfg(fuzzing)]
pub use libfuzzer_sys;

/// What a target does with an input.
pub type Target = fn(&[u8]);

/// Every target's name, and what it does with an input.
pub const TARGETS: [(&str, Target); 6] = [
    ("address", address::run),
    ("calls", calls::run),
    ("http", http::run),
    ("page", page::run),
    ("reply", reply::run),
    ("wrapper", wrapper::run),
];

/// The entry of a target: libFuzzer's when it is built for it, else a program that runs the inputs
/// in the files it is given.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$name::run(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            for path in std::env::args_os().skip(1) {
                $crate::$name::run(&std::fs::read(&path)?);
                println!("{}: survived", path.display());
            }
            Ok(())
        }
    };
}
