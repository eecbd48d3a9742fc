//! The completions, and what a shell makes of them.

use std::fs;
use std::process::Command;

use clap_complete::{Shell, generate};

use super::{keep, root};

fn made(shell: Shell) -> String {
    let mut text = Vec::new();
    generate(shell, &mut second_hand::command(), "second-hand", &mut text);
    let text = String::from_utf8(text).unwrap();
    // clap_complete 4.6 takes the hyphen of the program's name for a subcommand, in half of the places.
    let text = text.replace("second__subcmd__hand", "second__hand");
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let text = lines.join("\n") + "\n";
    if shell == Shell::Fish { text + &reports() } else { text }
}

/// The names of reports for fish, for which clap_complete completes options alone.
fn reports() -> String {
    let command = second_hand::command();
    let report = command.find_subcommand("report").unwrap();
    let names = report.get_positionals().flat_map(|names| names.get_possible_values());
    let names: Vec<_> = names.map(|name| name.get_name().to_owned()).collect();
    let when = "__fish_second_hand_using_subcommand report";
    format!("complete -c second-hand -n \"{when}\" -f -a \"{}\"\n", names.join(" "))
}

pub(crate) fn the_completions_are_up_to_date() {
    for (shell, file) in [
        (Shell::Bash, "second-hand.bash"),
        (Shell::Zsh, "_second-hand"),
        (Shell::Fish, "second-hand.fish"),
    ] {
        keep(&format!("packaging/completions/{file}"), &made(shell));
    }
}

/// Where a completion is kept.
fn file(name: &str) -> String {
    root().join("packaging/completions").join(name).display().to_string()
}

/// What bash offers behind these words, the last of which is being written.
fn in_bash(words: &[&str]) -> Vec<String> {
    const SCRIPT: &str = r#"
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
# What only an interactive shell has.
compopt() { :; }
_second__hand "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;
    let output = Command::new("bash")
        .args(["--norc", "-c", SCRIPT, "bash", &file("second-hand.bash")])
        .args(words)
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

pub(crate) fn bash_completes_commands_options_reports_and_files() {
    assert_eq!(in_bash(&["second-hand", "che"]), ["check"]);
    assert_eq!(in_bash(&["second-hand", "--basic"]), ["--basic-auth-file"]);
    let limits = in_bash(&["second-hand", "check", "--m"]);
    assert_eq!(limits, ["--max-error", "--max-stratum", "--min-sources"]);
    assert_eq!(in_bash(&["second-hand", "report", "tra"]), ["tracking"]);
    assert_eq!(in_bash(&["second-hand", "report", "sources", "cli"]), ["clients"]);
    assert_eq!(in_bash(&["second-hand", "--log", "de"]), ["debug"]);
    // A number or a time is nobody's file.
    assert_eq!(in_bash(&["second-hand", "--port", "80"]), ["80"]);
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("a file.mmdb").display().to_string();
    fs::write(&database, "").unwrap();
    let begun = &database[..database.len() - 5];
    for option in ["--geoip-db", "--history-file", "--bearer-token-file", "--chronyd"] {
        assert_eq!(in_bash(&["second-hand", option, begun]), [&*database], "{option}");
        assert_eq!(in_bash(&["second-hand", "serve", option, begun]), [&*database], "{option}");
    }
    assert_eq!(in_bash(&["second-hand", "check", "--chronyd", begun]), [&*database]);
}

pub(crate) fn the_tabulator_completes_in_an_interactive_bash() {
    const TERMINAL: &str = r#"
import os, pty, select, sys, time
child, terminal = pty.fork()
if child == 0:
    os.environ.update(PS1="ready> ", TERM="dumb", LC_ALL="C", INPUTRC="/dev/null")
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
end = time.monotonic() + 30
def until(text):
    seen = b""
    while text not in seen:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            sys.exit(f"waited in vain for {text}: {seen}")
        seen += os.read(terminal, 4096)
until(b"ready> ")
os.write(terminal, b"source '%s' && echo lo''aded\n" % sys.argv[1].encode())
until(b"loaded")
os.write(terminal, b"second-hand che\t")
until(b"second-hand check ")
os.write(terminal, b"--max-s\t")
until(b"--max-stratum ")
os.kill(child, 9)
os.waitpid(child, 0)
"#;
    let bash = file("second-hand.bash");
    let output = Command::new("python3").args(["-c", TERMINAL, &bash]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.is_empty(), "{text}");
}

pub(crate) fn zsh_takes_its_file() {
    let output = Command::new("zsh").args(["-n", &file("_second-hand")]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

pub(crate) fn fish_completes_the_same() {
    for (begun, word) in [
        ("second-hand che", "check"),
        ("second-hand report tra", "tracking"),
        ("second-hand check --min-s", "--min-sources"),
        ("second-hand serve --log de", "debug"),
    ] {
        let script = format!("source {}; complete -C '{begun}'", file("second-hand.fish"));
        let output = Command::new("fish").args(["--no-config", "-c", &script]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().any(|line| line.starts_with(word)), "{begun}: {text}");
    }
}
