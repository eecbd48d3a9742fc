//! What chronyd answers to a request, decided without any I/O.

use std::time::SystemTime;

use super::command::Command;
use super::generation::Generation;
use super::report::{Activity, Client};
use super::request::Request;
use super::scenario::Scenario;
use super::source::Source;
use super::wire::{Address, Body};

const VERSION: u8 = 6;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const SHORTEST_REQUEST: usize = 28;
const LONGEST_REQUEST: usize = 860;
/// The reply code of a reply without data.
pub(super) const NULL: u16 = 1;

/// A status other than success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refusal(u16);

const FAILED: Refusal = Refusal(1);
const NOT_PERMITTED: Refusal = Refusal(2);
const INVALID: Refusal = Refusal(3);
const NO_SUCH_SOURCE: Refusal = Refusal(4);
const NOT_ENABLED: Refusal = Refusal(6);
const NO_RTC: Refusal = Refusal(13);
const INACTIVE: Refusal = Refusal(15);
const BAD_VERSION: Refusal = Refusal(18);
const BAD_LENGTH: Refusal = Refusal(19);

/// The way a request came, which decides what it may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Unix,
    Udp,
}

/// The reply, or `None` where chronyd sends none.
pub(super) fn answer(
    scenario: &Scenario,
    transport: Transport,
    request: &Request,
    now: SystemTime,
) -> Option<Vec<u8>> {
    let (bytes, generation) = (request.bytes(), scenario.generation);
    let too_long = bytes.len() > LONGEST_REQUEST && generation >= Generation::V4_0;
    let [version, REQUEST, 0, 0, ..] = *bytes else {
        return None;
    };
    if bytes.len() < SHORTEST_REQUEST || too_long || version < VERSION - 1 {
        return None;
    }
    if generation < Generation::V2_3 && !generation.knows(request.command()) {
        return None;
    }
    let (code, status, body) = match decide(scenario, transport, request, now) {
        Ok((code, body)) => (code, 0, body.into_bytes()),
        Err(Refusal(status)) => (NULL, status, Vec::new()),
    };
    Some(reply(generation, request, code, status, &body))
}

/// Refuses as chronyd does, in its order.
fn decide(
    scenario: &Scenario,
    transport: Transport,
    request: &Request,
    now: SystemTime,
) -> Result<(u16, Body), Refusal> {
    let (command, generation) = (request.command(), scenario.generation);
    if request.bytes().first() != Some(&VERSION) {
        return Err(BAD_VERSION);
    }
    if !generation.knows(command) {
        return Err(INVALID);
    }
    if generation.required_length(command).is_some_and(|least| request.length() < least) {
        return Err(BAD_LENGTH);
    }
    if transport == Transport::Udp && !generation.opens(command, scenario.opencommands.as_deref()) {
        return Err(NOT_PERMITTED);
    }
    report(scenario, request, now)
}

fn report(scenario: &Scenario, request: &Request, now: SystemTime) -> Result<(u16, Body), Refusal> {
    let generation = scenario.generation;
    let by_index = || scenario.by_index(request.index()).ok_or(NO_SUCH_SOURCE);
    let mut body = Body::default();
    let code = match request.command() {
        Command::COUNT => {
            body.u32s([scenario.listed_count()]);
            2
        }
        Command::SOURCES => {
            by_index()?.encode(&mut body, generation < Generation::V4_0);
            3
        }
        Command::TRACKING => {
            scenario.tracking.encode(&mut body, now);
            5
        }
        Command::SOURCESTATS => {
            by_index()?.encode_stats(&mut body);
            6
        }
        Command::RTCDATA => {
            scenario.rtc.as_ref().ok_or(NO_RTC)?.encode(&mut body, now);
            7
        }
        Command::MANUAL => {
            // No samples, and room for 32.
            body.pad_to(4 + 32 * 12);
            18
        }
        Command::ACTIVITY => {
            scenario.activity.unwrap_or_else(|| Activity::of(&scenario.sources)).encode(&mut body);
            12
        }
        Command::SMOOTHING => {
            scenario.smoothing.as_ref().ok_or(NOT_ENABLED)?.encode(&mut body);
            13
        }
        Command::SERVERSTATS => {
            let layout = generation.serverstats_layout();
            scenario.serverstats.encode(&mut body, layout);
            layout
        }
        Command::NTPDATA => {
            let layout = generation.ntpdata_layout();
            let has_good = generation >= Generation::V4_3;
            by_address(scenario, request)?.encode_ntp(&mut body, layout, has_good, now);
            layout
        }
        Command::SOURCENAME => {
            by_address(scenario, request)?.encode_name(&mut body);
            19
        }
        Command::AUTHDATA => {
            by_address(scenario, request)?.auth.encode(&mut body);
            20
        }
        Command::CLIENTS => {
            clients(scenario.clients.as_deref().ok_or(INACTIVE)?, request, &mut body);
            21
        }
        Command::SELECTDATA => {
            by_index()?.encode_select(&mut body);
            23
        }
        _ => return Err(FAILED),
    };
    Ok((code, body))
}

fn by_address<'a>(scenario: &'a Scenario, request: &Request) -> Result<&'a Source, Refusal> {
    let address = request.bytes().get(20..).and_then(Address::from_bytes);
    address.and_then(|address| scenario.by_address(address)).ok_or(NO_SUCH_SOURCE)
}

/// Clients from the first index asked for on, as many as are wanted and fit; empty slots are passed over.
fn clients(table: &[Client], request: &Request, body: &mut Body) {
    const MOST: usize = 8;
    let place = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
    let wanted = place(request.word(1)).min(MOST);
    let least_hits = request.word(2);
    let mut next = request.word(0);
    let mut found = Vec::with_capacity(MOST);
    for client in table.iter().skip(place(next)) {
        if found.len() >= wanted {
            break;
        }
        next += 1;
        let hits = client.hits.iter().fold(0, |sum: u32, hits| sum.saturating_add(*hits));
        if client.address != Address::Unspecified && hits >= least_hits {
            found.push(client);
        }
    }
    let [size, number] = [table.len(), found.len()].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    body.u32s([size, next, number]);
    for client in found {
        client.encode(body);
    }
    body.pad_to(12 + 8 * 60);
}

fn reply(
    generation: Generation,
    request: &Request,
    code: u16,
    status: u16,
    data: &[u8],
) -> Vec<u8> {
    let mut packet = Body::default();
    packet.u8s([VERSION, REPLY, 0, 0]);
    packet.u16s([request.command().0, code, status]);
    // 1.29.1 numbered its replies here, and up to 2.1 tokens followed the sequence.
    let oldest = u16::from(generation == Generation::V1_29);
    packet.u16s([oldest, oldest, 0]);
    packet.u32s([request.sequence()]);
    packet.u32s(if generation < Generation::V2_2 { [0x5eed_5eed; 2] } else { [0; 2] });
    packet.bytes(data);
    packet.into_bytes()
}
