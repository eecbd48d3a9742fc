//! What the history costs: memory, and the time of a reading and of a window.

mod support;

use std::time::Duration;

use second_hand::Measured;
use support::memory;

/// How often each window is taken; the median is told.
const ROUNDS: usize = 15;
/// As a page's charts have them.
const STEPS: usize = 120;
const LINES: usize = 8;

fn main() {
    println!("| history | held | resident | one reading | window of 1 h | 24 h | all of it |");
    println!("|---|---|---|---|---|---|---|");
    // The smallest first, as what is freed may stay resident.
    for (days, refresh, sources) in
        [(1, 5, 5), (1, 5, 20), (30, 5, 20), (1, 60, 1000), (1, 5, 1000)]
    {
        row(days, refresh, sources);
    }
}

fn row(days: u32, refresh: u32, sources: u32) {
    let before = resident();
    let mut measured = Measured::new(days.into(), refresh, sources);
    // Some more, so that the oldest are forgotten.
    let (_, reading) = measured.fill(days + 1, refresh);
    let after = resident();
    let window = |hours| {
        let mut times: Vec<_> = (0..ROUNDS).map(|_| measured.window(hours, STEPS, LINES)).collect();
        times.sort();
        let (time, steps) = times[ROUNDS / 2];
        format!("{} ({steps} steps)", shown(time))
    };
    println!(
        "| {days} d, {sources} sources, every {refresh} s | {:.2} MB | {:.2} MB | {} | {} | {} | {} |",
        measured.bytes() as f64 / 1e6,
        after - before,
        shown(reading),
        window(1),
        window(24),
        window(days * 24),
    );
}

fn shown(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

/// Resident memory of this process, MB.
fn resident() -> f64 {
    memory(std::process::id(), "VmRSS")
}
