//! The whole of it: who reads what for how long, and what must be left at the end.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use libchrony::{Address, ReportName};
use rustix::process::Signal;

use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::{PATIENCE, within};
use crate::daemon::{Pair, Trouble};
use crate::readers::{self, Findings};
use crate::truth::STAY;

/// What the dashboards are asked for, in turns.
fn paths() -> Vec<String> {
    let reports = ReportName::ALL.iter().map(|report| report.as_str());
    let names = ["snapshot", "clients", "history"].into_iter().chain(reports);
    // A source that is always configured.
    let pages = ["/".to_owned(), format!("/sources/127.0.0.{}", STAY.start())];
    pages.into_iter().chain(names.map(|name| format!("/api/v1/{name}"))).collect()
}

/// Memory that a process may have more at the end than after the first third: allocators keep some.
const MORE_MEMORY: u64 = 4 << 20;

/// Reads for so long, then holds what was found and what is left against what must be.
pub(crate) fn run(length: Duration) {
    let mut pair = Pair::start();
    let unix = pair.client.unix();
    let udp = pair.client.udp();
    let dashboards = [&unix, &udp].map(|address| dashboard(address));
    // A dashboard keeps its socket to chronyd.
    for dashboard in &dashboards {
        assert_eq!(dashboard.get("/").status, 200);
    }
    let open = [descriptors("self"), of(&dashboards[0]), of(&dashboards[1])];
    let findings = Findings::default();
    let mut memory = Vec::new();
    let begin = Instant::now();
    thread::scope(|scope| {
        let findings = &findings;
        let _end = findings.end_at_drop();
        for address in [&unix, &udp] {
            let address: Address = address.parse().unwrap();
            let (other, third) = (address.clone(), address.clone());
            scope.spawn(move || readers::snapshots(findings, &address));
            scope.spawn(move || readers::connections(findings, &other));
            scope.spawn(move || readers::reports(findings, &third));
        }
        for dashboard in &dashboards {
            for shift in [0, 5] {
                let mut paths = paths();
                paths.rotate_left(shift);
                scope.spawn(move || readers::pages(findings, &dashboard.url, &paths));
            }
        }
        while begin.elapsed() < length {
            pair.trouble(&findings.diary);
            // The readers have a while of peace, in which no failure is right.
            thread::park_timeout(Duration::from_millis(200));
            if memory.is_empty() && begin.elapsed() > length / 3 {
                memory.push(residents(&dashboards));
            }
        }
        memory.push(residents(&dashboards));
    });
    report(&findings, length, &memory);

    let counts = || [descriptors("self"), of(&dashboards[0]), of(&dashboards[1])];
    let no_more = |counts: &[usize; 3]| counts.iter().zip(&open).all(|(now, then)| now <= then);
    if within(PATIENCE, || no_more(&counts()).then_some(())).is_none() {
        panic!("descriptors before: {open:?}, after: {:?}", counts());
    }
    for dashboard in dashboards {
        assert!(dashboard.end(Signal::TERM).success(), "a dashboard did not end in order");
    }
    let left = directories(pair.client.directory());
    assert!(left.is_empty(), "socket directories were left: {left:?}");

    let wrong = findings.wrong();
    assert!(
        wrong.is_empty(),
        "{} wrong answers, first: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
    assert_eq!(findings.hangs.load(Ordering::Relaxed), 0, "hangs");
    assert!(findings.right.load(Ordering::Relaxed) > 100, "too little was read to prove anything");
    // AddressSanitizer keeps what was freed for a while; LeakSanitizer then looks for leaks instead.
    if std::env::var_os("ASAN_OPTIONS").is_some() {
        return;
    }
    if let [early, late] = &memory[..] {
        for (early, late) in early.iter().zip(late) {
            assert!(
                late.saturating_sub(*early) <= MORE_MEMORY,
                "memory grew: {early} to {late} bytes"
            );
        }
    }
}

fn dashboard(chronyd: &str) -> Dashboard {
    let timeout = format!("{}ms", readers::TIMEOUT.as_millis());
    Dashboard::start(second_hand().args([
        "--port",
        "0",
        "--chronyd",
        chronyd,
        "--timeout",
        &timeout,
    ]))
}

fn report(findings: &Findings, length: Duration, memory: &[[u64; 3]]) {
    let diary = &findings.diary;
    println!(
        "soak: {length:?}: {} right answers, {} failures that a trouble explains, {} late without one, {} wrong, {} hangs, the longest {:?}",
        findings.right.load(Ordering::Relaxed),
        findings.failed_rightly.load(Ordering::Relaxed),
        findings.late.load(Ordering::Relaxed),
        findings.wrong().len(),
        findings.hangs.load(Ordering::Relaxed),
        findings.longest(),
    );
    println!(
        "soak: {} restarts, {} kills, {} stops, {} changes of sources",
        diary.count(Trouble::Restart),
        diary.count(Trouble::Kill),
        diary.count(Trouble::Stop),
        diary.count(Trouble::Sources),
    );
    println!(
        "soak: resident bytes of the readers and the two dashboards, after a third and at the end: {memory:?}"
    );
}

fn of(dashboard: &Dashboard) -> usize {
    descriptors(&dashboard.pid().to_string())
}

/// How many descriptors a process has open.
fn descriptors(process: &str) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).expect("the process runs").count()
}

/// The resident memory of this process and the dashboards, bytes.
fn residents(dashboards: &[Dashboard; 2]) -> [u64; 3] {
    let resident = |process: &str| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.expect("its memory is told") << 10
    };
    ["self".to_owned(), dashboards[0].pid().to_string(), dashboards[1].pid().to_string()]
        .map(|process| resident(&process))
}

/// The directories that clients made beside chronyd's socket and left.
fn directories(beside: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(beside).expect("the directory can be read");
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect()
}
