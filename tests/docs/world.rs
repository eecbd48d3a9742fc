//! Where the commands run: a folder that looks like the repository, the binary on the path, a simulated chronyd,
//! a dashboard of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command as Process, Output, Stdio};
use std::sync::Mutex;

use libchrony::testing::{Scenario, Simulator};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::blocks::{Command, exists, root};
use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::{eventually, within};
use crate::output;
use crate::table::{Way, bare};

/// What the texts call the dashboard, chronyd's socket and the folder of the names that may look.
const ADDRESS: &str = "http://127.0.0.1:8000";
const SOCKETS: [&str; 2] = ["/path/to/chronyd.sock", "/run/chrony/chronyd.sock"];
const LOGINS: &str = "/etc/second-hand/";

/// curl says so where the time is up that it was given, as for a stream.
const CURL_TIME_IS_UP: i32 = 28;

struct World {
    folder: TempDir,
    chronyd: Simulator,
    dashboard: Dashboard,
}

/// One for all, ended by `end`: what is static is never dropped.
static WORLD: Mutex<Option<World>> = Mutex::new(None);

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(root()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default();
            if name != "target" && name != ".git" {
                symlink(&path, folder.path().join(name)).unwrap();
            }
        }
        symlink(env!("CARGO_BIN_EXE_second-hand"), folder.path().join("second-hand")).unwrap();
        // A bcrypt hash that everybody knows, and a token.
        let logins = [
            (
                "names",
                "ann:$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n".to_owned(),
            ),
            ("tokens", format!("{}\n", "0123456789abcdef".repeat(4))),
        ];
        fs::create_dir(folder.path().join("logins")).unwrap();
        for (name, text) in logins {
            let path = folder.path().join("logins").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        // curl fails where the status is not one of success, and has a deadline.
        fs::write(folder.path().join(".curlrc"), "fail\nmax-time = 30\n").unwrap();
        let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
        let mut command = second_hand();
        command.args(["--port", "0", "--chronyd", &chronyd.address(), "--refresh", "1s"]);
        Self { folder, dashboard: Dashboard::start(&mut command), chronyd }
    }

    /// A line of a text as a process of its own group, with what it names replaced by what is here.
    fn process(&self, line: &str) -> Process {
        let mut line = line.replace(ADDRESS, &self.dashboard.url);
        let chronyd = self.chronyd.address();
        for socket in SOCKETS {
            line = line.replace(socket, &chronyd);
        }
        line = line.replace(LOGINS, &format!("{}/logins/", self.folder.path().display()));
        let line = here(&line, &chronyd);
        let start = line.len() - bare(&line).len();
        let variables = line[..start].split_whitespace().filter(|word| word.contains('='));
        let line = variables.chain([bare(&line)]).collect::<Vec<_>>().join(" ");
        // What a text writes to must be one of the places that are replaced above.
        let written = line.split_once("> /").map(|(_, path)| format!("/{path}"));
        let folder = self.folder.path().display().to_string();
        assert!(written.is_none_or(|path| path.starts_with(&folder)), "it writes outside: {line}");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut process = Process::new("bash");
        process
            .args(["-o", "pipefail", "-c", &line])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}:/usr/sbin", self.folder.path().display()))
            .env("CURL_HOME", self.folder.path())
            .env("LC_ALL", "C.UTF-8")
            .env("MANPAGER", "cat")
            .stdin(Stdio::null())
            .process_group(0);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SECOND_HAND_") {
                process.env_remove(name);
            }
        }
        process.env("SECOND_HAND_CHRONYD", chronyd).env("SECOND_HAND_PORT", "0");
        process
    }
}

/// A port that a text names is any free one, an address to listen on the loopback, and another machine's
/// chronyd the simulated one.
fn here(line: &str, chronyd: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for index in 0..words.len() {
        let is_number = |word: &String| word.bytes().all(|b| b.is_ascii_digit());
        if words[index] == "--port" && words.get(index + 1).is_some_and(is_number) {
            "0".clone_into(&mut words[index + 1]);
        } else if words[index] == "--host" && index + 1 < words.len() {
            "127.0.0.1".clone_into(&mut words[index + 1]);
        } else if words[index] == "--chronyd"
            && words.get(index + 1).is_some_and(|address| address.starts_with("192.0.2."))
        {
            chronyd.clone_into(&mut words[index + 1]);
        } else if words[index].starts_with("SECOND_HAND_PORT=") {
            "SECOND_HAND_PORT=0".clone_into(&mut words[index]);
        }
    }
    words.join(" ")
}

/// Does with the world what `with` does, and makes it where it is missing.
fn in_world<T>(with: impl FnOnce(&World) -> T) -> T {
    let mut world = WORLD.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    with(world.get_or_insert_with(World::new))
}

/// Ends what was started.
pub(crate) fn end() {
    WORLD.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
}

/// Holds a command in its way; what is wrong where it does not hold.
pub(crate) fn hold(way: Way, command: &Command) -> Result<(), String> {
    let line = command.line.as_str();
    match way {
        Way::Make => targets_exist(line),
        Way::Example => example_exists(line),
        Way::Run(statuses) | Way::With(_, statuses) => {
            let output = run(line)?;
            ended(&output, shown_status(command).as_ref().map_or(statuses, std::slice::from_ref))?;
            alike_if_shown(command, &text(&[output.stdout, output.stderr].concat()))
        }
        Way::Curl => {
            let output = run(line)?;
            let statuses: &[i32] =
                if line.contains("--max-time") { &[0, CURL_TIME_IS_UP] } else { &[0] };
            ended(&output, statuses)?;
            (!output.stdout.is_empty()).then_some(()).ok_or_else(|| "it gets nothing".to_owned())
        }
        Way::Serve => alike_if_shown(command, &serves(line)?),
        Way::Not(reason) => Err(format!("it is not to be run: {reason}")),
    }
}

/// The status that belongs to what a text shows: of a failed check, or of an error.
fn shown_status(command: &Command) -> Option<i32> {
    let shown = command.output.as_deref()?;
    let beginnings =
        [("CHRONY OK", 0), ("CHRONY WARNING", 1), ("CHRONY CRITICAL", 2), ("second-hand: ", 1)];
    beginnings.iter().find(|(words, _)| shown.starts_with(words)).map(|(_, status)| *status)
}

fn run(line: &str) -> Result<Output, String> {
    let mut process = in_world(|world| world.process(line));
    let child = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let group = group(&child);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(crate::common::PATIENCE * 2) {
        Ok(output) => Ok(output.unwrap()),
        Err(_) => {
            kill_process_group(group, Signal::KILL).unwrap();
            Err("it does not end".to_owned())
        }
    }
}

fn group(child: &Child) -> Pid {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn ended(output: &Output, statuses: &[i32]) -> Result<(), String> {
    if output.status.code().is_some_and(|status| statuses.contains(&status)) {
        return Ok(());
    }
    Err(format!(
        "it ends with {}:\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    ))
}

/// The line that it says.
fn serves(line: &str) -> Result<String, String> {
    let mut process = in_world(|world| world.process(line));
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut child = process.stdout(Stdio::piped()).stderr(log.reopen().unwrap()).spawn().unwrap();
    let group = group(&child);
    let mut said = String::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    let out = child.stdout.take().unwrap();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(out).read_line(&mut line);
        sender.send(read.map(|_| line))
    });
    if let Ok(Ok(line)) = receiver.recv_timeout(crate::common::PATIENCE) {
        said = line;
    }
    let listens = said.starts_with("listening on http://");
    kill_process_group(group, if listens { Signal::TERM } else { Signal::KILL })
        .or_else(|error| if listens { Err(error) } else { Ok(()) })
        .unwrap();
    let status = eventually("it ends", || child.try_wait().ok().flatten());
    if !listens {
        let log = fs::read_to_string(log.path()).unwrap();
        return Err(format!(
            "it does not say where it listens, but {said:?}, and ends with {status}:\n{log}"
        ));
    }
    // The shell may stand between, which the signal ends as well.
    within(crate::common::PATIENCE, || {
        kill_process_group(group, Signal::CONT).is_err().then_some(())
    })
    .ok_or_else(|| "SIGTERM does not end it".to_owned())?;
    if !status.success() && status.signal() != Some(Signal::TERM.as_raw()) {
        return Err(format!("SIGTERM ends it with {status}"));
    }
    Ok(said)
}

fn targets_exist(line: &str) -> Result<(), String> {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    for target in bare(line).split_whitespace().skip(1).filter(|word| !word.contains('=')) {
        if !makefile.lines().any(|line| line.starts_with(&format!("{target}:"))) {
            return Err(format!("the Makefile has no target {target}"));
        }
    }
    Ok(())
}

fn example_exists(line: &str) -> Result<(), String> {
    let name = line.split("--example ").nth(1).and_then(|rest| rest.split(' ').next());
    let path = format!("libchrony/examples/{}.rs", name.unwrap_or_default());
    exists(&path).then_some(()).ok_or_else(|| format!("{path} is not there"))
}

fn alike_if_shown(command: &Command, printed: &str) -> Result<(), String> {
    let Some(shown) = &command.output else { return Ok(()) };
    if output::alike(shown, printed) {
        return Ok(());
    }
    Err(format!(
        "the text shows\n{shown}\nand it prints\n{printed}\nwhich differ in more than numbers"
    ))
}
