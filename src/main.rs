//! second-hand: can I trust this machine's clock?
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    second_hand::main()
}
