//! What the benchmarks share: medians, ratios of rounds, and the peers.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

pub(crate) fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

pub(crate) fn most(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(0.0, f64::max)
}

/// The median of the rounds' ratios, with its span.
pub(crate) fn ratio(ours: &[f64], theirs: &[f64], whose: &str) -> String {
    let ratios: Vec<_> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    let (least, most) = (least(&ratios), most(&ratios));
    let whose = if whose.is_empty() { String::new() } else { format!(" {whose}") };
    format!("{:.2} times{whose} ({least:.2} to {most:.2})", median(&ratios))
}

/// A Python with pychrony, in an environment below the target folder.
pub(crate) fn pychrony() -> Option<PathBuf> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pychrony");
    let python = place.join("bin/python");
    if !python.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&place).status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
    }
    let install =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pychrony==2.0.3"];
    let installed = Command::new(&python).args(install).output();
    installed.is_ok_and(|output| output.status.success()).then_some(python)
}
