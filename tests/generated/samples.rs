//! What the commands of docs/command-line.md print, on a simulated chronyd.

use std::fs;

use libchrony::testing::{Scenario, Simulator};

use super::common::dashboard::second_hand;
use super::{is_making, root};

const CHAPTER: &str = "docs/command-line.md";
/// Where chronyd's socket stands elsewhere.
const SOCKET: &str = "/run/chrony/chronyd.sock";

/// What a command prints.
fn printed(command: &str, chronyd: &Simulator) -> String {
    let arguments = command.split_whitespace().skip(1);
    let output = second_hand()
        .args(arguments)
        .env("SECOND_HAND_CHRONYD", chronyd.address())
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    text.replace(&chronyd.address(), SOCKET)
}

/// A text without what moves on with the time: ages, times, and how wide that makes a column.
fn steady(text: &str) -> Vec<String> {
    let is_time = |word: &str| {
        word.len() > 7 && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ':'))
    };
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        for at in 2..words.len() {
            if words[at].starts_with("ago") {
                words[at - 2] = "N";
            }
        }
        let word = |word: &str| match word.split_once(';') {
            _ if is_time(word) => "TIME".to_owned(),
            Some((figure, limits)) if figure.starts_with("last_update=") => {
                format!("last_update=N;{limits}")
            }
            _ => word.to_owned(),
        };
        words.into_iter().map(word).collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect()
}

/// The chapter with what its commands print today, and how many of them there are: a block of text behind
/// a block of one command is what it prints.
fn fresh(chapter: &str, chronyd: &Simulator) -> (String, usize) {
    const BETWEEN: &str = "\n```\n```text\n";
    let mut made = String::new();
    let (mut rest, mut number) = (chapter, 0);
    while let Some((before, after)) = rest.split_once(BETWEEN) {
        let command = before.lines().next_back().unwrap();
        let (old, behind) = after.split_once("```\n").unwrap();
        let new = printed(command, chronyd);
        let kept = if steady(old) == steady(&new) { old } else { &new };
        made.push_str(&format!("{before}{BETWEEN}{kept}```\n"));
        (rest, number) = (behind, number + 1);
    }
    (made + rest, number)
}

pub(crate) fn the_samples_are_up_to_date() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let file = root().join(CHAPTER);
    let old = fs::read_to_string(&file).unwrap();
    let (new, samples) = fresh(&old, &chronyd);
    assert!(samples >= 5, "{samples} samples are looked at");
    if is_making() {
        fs::write(&file, &new).unwrap();
    }
    let old = fs::read_to_string(&file).unwrap();
    assert!(old == new, "{CHAPTER} is stale: run `make generated` and commit it\n{new}");
}

pub(crate) fn what_moves_on_is_no_difference_and_anything_else_is() {
    let [one, other] = ["5 s ago  2026-11-29 20:00:01 UTC", "12 s ago 2026-11-30 01:02:03 UTC"];
    assert_eq!(steady(one), steady(other));
    assert_eq!(steady("last_update=3.1s;5;6"), steady("last_update=23.0s;5;6"));
    assert_ne!(steady("last_update=3.1s;5;6"), steady("last_update=3.1s;5;7"));
    assert_ne!(steady("Skew 0.031 ppm"), steady("Skew 0.032 ppm"));
}
