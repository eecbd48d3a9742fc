//! The differences that are allowed in conversations: each a row of the list of upstream's defects.

use crate::observe::{Difference, Next, Value, What};
use crate::pair::{Context, Step};
use crate::tally::Row;

const OK: Value = Value::Number(0);
const UNAUTHORIZED: Value = Value::Number(9);
const SEND_FAILED: Value = Value::Number(5);
const INVALID_ARGUMENT: Value = Value::Number(7);
const INVALID_RESPONSE: Value = Value::Number(14);

const COUNT: u16 = 14;
const SOURCESTATS: u16 = 34;
const NTPDATA: u16 = 57;

/// The row that a difference belongs to, and whether the conversation can go on after it.
pub(crate) fn classify(context: &Context, difference: &Difference) -> Option<(Row, Next)> {
    of_values(difference)
        .map(|row| (row, Next::GoOn))
        .or_else(|| of_codes(context, difference).map(|row| (row, Next::Stop)))
        .or_else(|| of_steps(context, difference).map(|row| (row, Next::Stop)))
}

/// Values that are read otherwise from the same record.
fn of_values(difference: &Difference) -> Option<Row> {
    let Difference { what, field, upstream, ours } = difference;
    let (_, name) = field.as_ref()?;
    let text = |text: &str| Value::Text(Some(text.to_owned()));
    match (what, upstream, ours) {
        // A 16-bit number with its sign, which upstream reads without.
        (What::Integer, Value::Number(upstream @ 0x8000..=0xffff), Value::Number(ours))
            if name == "poll" && *ours == upstream - 0x1_0000 =>
        {
            Some(Row::U3)
        }
        // What is no float is NaN, which upstream reads as 0. Floats on the wire are finite.
        (What::Float, Value::Float(0), Value::Float(ours)) if f64::from_bits(*ours).is_nan() => {
            Some(Row::U4)
        }
        // The names of the flags for NTP's tests B and C.
        (What::Constant(4), upstream, ours)
            if name == "flags" && *upstream == text("testC") && *ours == text("testB") =>
        {
            Some(Row::U5)
        }
        (What::Constant(2), upstream, ours)
            if name == "flags" && *upstream == text("testB") && *ours == text("testC") =>
        {
            Some(Row::U5)
        }
        // Seconds without a high part, and too many nanoseconds.
        (What::Time, Value::Time(seconds, nanoseconds), ours) => {
            let seconds =
                if seconds >> 32 == 0x7fff_ffff { seconds & 0xffff_ffff } else { *seconds };
            let right = Value::Time(seconds, (*nanoseconds).min(999_999_999));
            (*ours == right).then_some(Row::U15)
        }
        // Values that upstream has no name for.
        (What::Constant(value), Value::Text(None), Value::Text(Some(ours))) => {
            let named = match (name.as_str(), u32::try_from(*value).ok()?) {
                ("state", 0x4c) => "outlier",
                ("state", 0x72) => "unacceptable stratum",
                ("key type", 16) => "AEAD-AES-SIV-CMAC-384",
                ("key type", 17) => "AEAD-AES-SIV-CMAC-512",
                ("key type", 31) => "AEAD-AES-256-GCM-SIV",
                _ => return None,
            };
            (ours == named).then_some(Row::U25)
        }
        _ => None,
    }
}

/// Answers and arguments that are judged otherwise.
fn of_codes(context: &Context, difference: &Difference) -> Option<Row> {
    let Difference { what: What::Code, upstream, ours, .. } = difference else { return None };
    let (reply, request) = (context.reply(), &context.pending);
    let word = |at: usize| Some(u16::from_be_bytes([*reply.get(at)?, *reply.get(at + 1)?]));
    match (upstream, ours) {
        (&OK | &SEND_FAILED, &INVALID_ARGUMENT) => {
            let Some(Step::Record(_, record)) = &context.step else { return None };
            (*record < 0).then_some(Row::U18)
        }
        (&OK, &INVALID_RESPONSE) if context.command() == Some(COUNT) => {
            (*reply.get(28)? >= 0x80).then_some(Row::U9)
        }
        (&OK, &INVALID_RESPONSE) if context.command() == Some(NTPDATA) => {
            let [asked, answered] = [request.get(20..40)?, reply.get(28..48)?].map(address);
            (asked != answered).then_some(Row::U17)
        }
        (&OK, Value::Number(ours)) if word(8) == Some(18) => {
            let right = match *reply.first()? {
                ..6 => 12,
                6 => return None,
                7.. => 13,
            };
            (*ours == right).then_some(Row::U12)
        }
        // The same as in `of_steps`, where nothing can be sent.
        (&SEND_FAILED, &OK) if context.closed && context.command() == Some(COUNT) => {
            context.follow_up.then_some(Row::U6)
        }
        (&SEND_FAILED, &OK) if context.closed && context.command() == Some(SOURCESTATS) => {
            (word(48)? > 3).then_some(Row::U16)
        }
        (&OK, &SEND_FAILED) if context.closed && context.command() == Some(SOURCESTATS) => {
            context.cancelled.then_some(Row::U7)
        }
        (&UNAUTHORIZED, &OK | &SEND_FAILED) if context.command() == Some(SOURCESTATS) => {
            let goes_on = context.follow_up || context.cancelled;
            (goes_on && word(8) == Some(2)).then_some(Row::U16)
        }
        _ => None,
    }
}

/// The part of an address that counts, with its family.
fn address(bytes: &[u8]) -> (&[u8], &[u8]) {
    let family = &bytes[16..18];
    (family, if family == [0, 2] { &bytes[..16] } else { &bytes[..4] })
}

/// Requests that only one of the two makes, and records that only one keeps.
fn of_steps(context: &Context, difference: &Difference) -> Option<Row> {
    let Difference { what, upstream, ours, .. } = difference;
    match (what, upstream, ours) {
        (What::Sent, Value::Datagrams(upstream), Value::Datagrams(ours)) => {
            let command = context.command();
            match (upstream.as_slice(), ours.as_slice()) {
                // A count goes on with the report that was asked for before.
                ([sent], []) if command == Some(COUNT) && context.follow_up => {
                    (sent.get(4..6)? == [0, 34]).then_some(Row::U6)
                }
                // An address of no known family is asked for as it came.
                ([sent], []) => {
                    let family = u16::from_be_bytes([*sent.get(36)?, *sent.get(37)?]);
                    let by_address = [[0, 57], [0, 67]].iter().any(|c| sent[4..6] == *c);
                    (by_address && family > 3).then_some(Row::U16)
                }
                // The address was looked up for another report of the same source.
                ([lookup], [sent]) => {
                    let by_address = [[0, 57], [0, 67]].iter().any(|c| sent[4..6] == *c);
                    let is_record = matches!(context.step, Some(Step::Record(..)));
                    (by_address && is_record && lookup.get(4..6)? == [0, 34]).then_some(Row::Once)
                }
                // A refused request ended the one that was pending.
                ([], [sent]) if command == Some(SOURCESTATS) && context.cancelled => {
                    let by_address = [[0, 57], [0, 67]].iter().any(|c| sent[4..6] == *c);
                    by_address.then_some(Row::U7)
                }
                _ => None,
            }
        }
        // The same for a reference clock, which needs no second request.
        (What::Fields, Value::Number(10), Value::Number(0)) if context.cancelled => {
            (context.command() == Some(SOURCESTATS)).then_some(Row::U7)
        }
        // The second request could not be sent.
        (What::Fields, Value::Number(10), Value::Number(0)) => {
            let shortcut = matches!(context.step, Some(Step::Record(..)));
            (context.closed && (context.follow_up || shortcut)).then_some(Row::U26)
        }
        _ => None,
    }
}
