//! Things that no conversation shows: each is done by a process of its own for each library, which may crash.

use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use crate::api::Library;
use crate::cases::CASES;
use crate::tally::{Row, Tally};

/// What a case is to come to.
pub(crate) enum Expected {
    /// The same with both libraries.
    Same,
    /// This with upstream's, and that with ours.
    Differ(Row, &'static str, &'static str),
}

/// Does something with a library, and says what came of it.
pub(crate) type Run = fn(&'static Library, &str) -> Result<String, Box<dyn Error>>;

/// What is done, and what it comes to, in words.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) argument: &'static str,
    pub(crate) run: Run,
    pub(crate) expected: Expected,
}

/// Seconds after which a case is ended by the system.
const PATIENCE: u32 = 20;

/// Runs one case in this process, which may end by it.
pub(crate) fn run_here(library: &Path, number: &str) -> Result<(), Box<dyn Error>> {
    // SAFETY: the call only sets a timer, whose signal ends this process.
    unsafe { libc::alarm(PATIENCE) };
    let case = CASES.get(number.parse::<usize>()?).ok_or("no case of this number")?;
    println!("{}", (case.run)(Library::load(library)?, case.argument)?);
    Ok(())
}

/// Runs every case with both libraries.
pub(crate) fn run(paths: [&Path; 2], tally: &mut Tally) -> Result<(), Box<dyn Error>> {
    for (number, case) in CASES.iter().enumerate() {
        tally.conversations += 1;
        let name = || format!("{} {:?}", case.name, case.argument);
        let [upstream, ours] = [outcome(paths[0], number)?, outcome(paths[1], number)?];
        match case.expected {
            Expected::Same if upstream == ours => {}
            Expected::Differ(row, one, other) if upstream == one && ours == other => {
                tally.count(row);
            }
            Expected::Same | Expected::Differ(..) => {
                tally.unlisted(|| format!("{}: upstream {upstream:?}, ours {ours:?}", name()))
            }
        }
    }
    Ok(())
}

/// What a case printed, or how its process ended.
fn outcome(library: &Path, case: usize) -> Result<String, Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?)
        .args(["case".as_ref(), library.as_os_str(), case.to_string().as_ref()])
        .output()?;
    Ok(match output.status.signal() {
        Some(libc::SIGSEGV) => "crashes".to_owned(),
        Some(libc::SIGALRM) => "hangs".to_owned(),
        Some(signal) => format!("ends by signal {signal}"),
        None if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
        }
        None => format!("fails: {}", String::from_utf8_lossy(&output.stderr)),
    })
}
