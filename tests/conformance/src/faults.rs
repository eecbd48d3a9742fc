//! Conversations in which one reply is not as it should be.

use std::ffi::CStr;
use std::io;

use crate::api::Library;
use crate::harvest::{Harvest, REPORTS};
use crate::pair::{Pair, Step};
use crate::random::Random;
use crate::tally::Tally;

const COUNT: u16 = 14;
const SOURCESTATS: u16 = 34;
const HEADER: usize = 28;
/// Where an address stands in a whole reply of sourcestats and in that of ntpdata.
const STATS_ADDRESS: usize = HEADER + 4;
const NTP_ADDRESS: usize = HEADER;
/// 192.0.2.11, as it is on the wire.
const ADDRESS: [u8; 20] = [192, 0, 2, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];

/// A reply to be spoilt, and the way to it.
pub(crate) struct Target {
    name: String,
    /// The first steps; after them the reply is awaited.
    first: Vec<Step>,
    pub(crate) reply: Vec<u8>,
    /// What puts the conversation right again.
    last: Vec<Step>,
}

/// Writes bytes over those from a place on.
pub(crate) fn overwrite(reply: &mut [u8], at: usize, bytes: &[u8]) {
    for (byte, new) in reply.iter_mut().skip(at).zip(bytes) {
        *byte = *new;
    }
}

/// The report that a command asks for; `None` for the count.
pub(crate) fn report_of(command: u16) -> Option<&'static CStr> {
    let commands = [33, 15, 34, 69, 44, 67, 57, 54, 35, 51];
    let place = commands.iter().position(|known| *known == command)?;
    REPORTS.get(place).copied()
}

/// A reply about the example's address, where it names one.
pub(crate) fn about(mut reply: Vec<u8>, address: &[u8]) -> Vec<u8> {
    match reply.get(5) {
        Some(34) => overwrite(&mut reply, STATS_ADDRESS, address),
        Some(57) => overwrite(&mut reply, NTP_ADDRESS, address),
        _ => {}
    }
    reply
}

/// Every reply that was harvested, by itself, and the lookups of authdata and ntpdata.
pub(crate) fn targets(harvest: &Harvest) -> Vec<Target> {
    let good = |command| {
        let found = harvest.0.iter().find(|((known, _), _)| *known == command);
        about(found.expect("a reply of every report").1[0].clone(), &ADDRESS)
    };
    let lookup = good(SOURCESTATS);
    let mut targets = Vec::new();
    for ((command, code), replies) in &harvest.0 {
        let reply = about(replies[0].clone(), &ADDRESS);
        let name = format!("command {command} reply {code}");
        let first = match report_of(*command) {
            None => vec![Step::Count(c"sources")],
            Some(report) if [57, 67].contains(command) => {
                vec![Step::Record(report, 0), Step::Reply(lookup.clone())]
            }
            Some(report) => vec![Step::Record(report, 0)],
        };
        let last = vec![Step::Reply(reply.clone()), Step::Process];
        targets.push(Target { name, first, reply, last });
    }
    for (report, command) in [(c"authdata", 67), (c"ntpdata", 57)] {
        targets.push(Target {
            name: format!("the lookup of {report:?}"),
            first: vec![Step::Record(report, 0)],
            reply: lookup.clone(),
            last: vec![
                Step::Reply(good(command)),
                Step::Count(report),
                Step::Reply(good(COUNT)),
                Step::Record(report, 0),
                Step::Reply(lookup.clone()),
                Step::Reply(good(command)),
            ],
        });
    }
    targets
}

/// Spoils each reply in every way.
pub(crate) fn run(
    libraries: [&'static Library; 2],
    tally: &mut Tally,
    harvest: &Harvest,
) -> io::Result<()> {
    for target in targets(harvest) {
        for (what, reply) in spoilt_headers(&target.reply) {
            converse(libraries, tally, &target, &what, reply)?;
        }
        for (what, reply) in spoilt_data(&target.reply) {
            converse(libraries, tally, &target, &what, reply)?;
        }
    }
    Ok(())
}

fn converse(
    libraries: [&'static Library; 2],
    tally: &mut Tally,
    target: &Target,
    what: &str,
    reply: Vec<u8>,
) -> io::Result<()> {
    let name = || format!("{}, {what}", target.name);
    let mut pair = Pair::begin(libraries, tally, &name)?;
    for step in &target.first {
        pair.step(step.clone());
    }
    pair.step(Step::Reply(reply));
    for step in &target.last {
        pair.step(step.clone());
    }
    Ok(())
}

/// All numbers of a byte, and the extremes of two.
fn codes() -> impl Iterator<Item = u16> {
    (0..=0x100).chain([0x1ff, 0x600, 0x1200, 0x7fff, 0x8000, 0xff00, 0xffff])
}

fn spoilt_headers(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut add = |what: String, edit: &dyn Fn(&mut Vec<u8>)| {
        let mut reply = good.to_vec();
        edit(&mut reply);
        all.push((what, reply));
    };
    for length in 0..good.len() {
        add(format!("cut to {length}"), &|reply| reply.truncate(length));
    }
    for length in [good.len() + 1, 1023, 1024, 1025, 1052, 2000, 65_000] {
        add(format!("padded to {length}"), &|reply| reply.resize(length, 0xa5));
    }
    for code in codes() {
        let bytes = code.to_be_bytes();
        add(format!("status {code} with data"), &|reply| overwrite(reply, 8, &bytes));
        add(format!("status {code}"), &|reply| {
            overwrite(reply, 6, &[0, 1]);
            overwrite(reply, 8, &bytes);
            reply.truncate(HEADER);
        });
        add(format!("reply code {code}"), &|reply| overwrite(reply, 6, &bytes));
        add(format!("command {code}"), &|reply| overwrite(reply, 4, &bytes));
        add(format!("reserved {code}"), &|reply| overwrite(reply, 2, &bytes));
    }
    for byte in 0..=255 {
        add(format!("version {byte}"), &|reply| overwrite(reply, 0, &[byte]));
        add(format!("version {byte} says bad version"), &|reply| {
            overwrite(reply, 0, &[byte]);
            overwrite(reply, 8, &[0, 18]);
        });
        add(format!("packet type {byte}"), &|reply| overwrite(reply, 1, &[byte]));
    }
    for bit in 0..32 {
        let mask = (1_u32 << bit).to_be_bytes();
        add(format!("sequence wrong in bit {bit}"), &|reply| overwrite(reply, 16, &mask));
    }
    for place in (10..16).chain(20..28) {
        add(format!("padding at {place}"), &|reply| overwrite(reply, place, &[0xff]));
    }
    all
}

/// Numbers that mean something in some field, and the extremes.
fn bytes() -> impl Iterator<Item = u8> {
    (0..=33).chain(*b"NsMdD~wWSOTPUx+*Lr?KH").chain([0x40, 0x7f, 0x80, 0x81, 0xfe, 0xff])
}

fn spoilt_data(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    const WORDS: [u32; 9] = [
        0,
        1,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
        0x7eff_ffff,
        0x7f00_0000,
        999_999_999,
        1_000_000_000,
    ];
    let mut all = Vec::new();
    let mut add = |what: String, at: usize, bytes: &[u8]| {
        let mut reply = good.to_vec();
        overwrite(&mut reply, at, bytes);
        all.push((what, reply));
    };
    for place in HEADER..good.len() {
        for byte in bytes() {
            add(format!("byte {place} is {byte}"), place, &[byte]);
        }
    }
    for place in (HEADER..good.len()).step_by(4) {
        for word in WORDS {
            add(format!("word {place} is {word}"), place, &word.to_be_bytes());
        }
    }
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let data: Vec<u8> = (HEADER..good.len()).map(|_| random.byte()).collect();
        add(format!("random data {seed}"), HEADER, &data);
        let whole: Vec<u8> = (0..good.len()).map(|_| random.byte()).collect();
        add(format!("random bytes {seed}"), 0, &whole);
    }
    all
}
