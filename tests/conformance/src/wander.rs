//! Conversations without a plan: calls in any order, hostile arguments, good and bad replies.

use std::io;

use crate::api::Library;
use crate::faults::{about, overwrite};
use crate::harvest::{Harvest, REPORTS};
use crate::pair::{Pair, Step};
use crate::random::Random;
use crate::tally::Tally;

const CONVERSATIONS: u64 = 15_000;
const STEPS: usize = 14;

pub(crate) fn run(
    libraries: [&'static Library; 2],
    tally: &mut Tally,
    harvest: &Harvest,
) -> io::Result<()> {
    for seed in 0..CONVERSATIONS {
        let mut random = Random::new(seed);
        let name = || format!("random conversation {seed}");
        let mut pair = Pair::begin(libraries, tally, &name)?;
        for _ in 0..STEPS {
            let step = match (pair.awaiting(), random.below(8)) {
                (Some(request), 0..6) => reply(request, harvest, &mut random),
                _ => call(&mut random),
            };
            pair.step(step);
        }
    }
    Ok(())
}

fn call(random: &mut Random) -> Step {
    let unknown = [c"", c"Tracking", c"tracking ", c"sourcestat", c"authdata\xff"];
    let report = if random.below(10) == 0 {
        random.one_of(&unknown)
    } else if random.below(2) == 0 {
        random.one_of(&REPORTS[5..7])
    } else {
        random.one_of(&REPORTS)
    };
    match random.below(8) {
        0 | 1 => Step::Count(report),
        2 => Step::Process,
        _ => {
            // A negative record parts the two, so it is rare.
            let records: [i32; 8] = [0, 0, 0, 1, 1, 2, 77, i32::MAX];
            let negative = random.below(60) == 0;
            let record = *random.one_of(if negative { &[-1, i32::MIN] } else { &records });
            Step::Record(report, record)
        }
    }
}

/// An answer to this request, mostly a good one.
fn reply(request: &[u8], harvest: &Harvest, random: &mut Random) -> Step {
    let command = u16::from_be_bytes([request[4], request[5]]);
    let fitting: Vec<&Vec<u8>> =
        harvest.0.iter().filter(|((known, _), _)| *known == command).flat_map(|(_, r)| r).collect();
    let any: Vec<&Vec<u8>> = harvest.0.values().flatten().collect();
    let choice = if random.below(12) == 0 { &any } else { &fitting };
    let mut reply = (*random.one_of(choice)).clone();
    if command == 57 && random.below(40) != 0 {
        reply = about(reply, &request[20..40]);
    }
    if command == 34 && random.below(4) == 0 {
        // Of a reference clock, of an unresolved source, or of no known family.
        let family = [0, *random.one_of(&[0, 0, 0, 2, 3, 3, 9])];
        overwrite(&mut reply, 28 + 4 + 16, &family);
    }
    match random.below(40) {
        0..4 => {
            let status = *random.one_of(&[1, 2, 3, 4, 5, 6, 13, 18, 19, 20, 255]);
            overwrite(&mut reply, 6, &[0, 1, 0, status]);
            reply.truncate(28);
        }
        4 => overwrite(&mut reply, 16, &[random.byte()]),
        5 => reply.truncate(random.below(220)),
        6 => {
            let place = random.below(28);
            overwrite(&mut reply, place, &[random.byte()]);
        }
        7 | 8 => {
            for _ in 0..8 {
                let place = 28 + random.below(reply.len().saturating_sub(28).max(1));
                overwrite(&mut reply, place, &[random.byte()]);
            }
        }
        9 => return Step::Process,
        10 => return Step::LastReply(reply),
        11 => reply = Vec::new(),
        _ => {}
    }
    Step::Reply(reply)
}
