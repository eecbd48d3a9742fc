//! What a simulated chronyd says and does, made of an input's bytes.

use std::collections::VecDeque;

use arbitrary::{Arbitrary, Result, Unstructured};
use libchrony::testing::{
    Activity, Address, AuthData, Fault, Generation, NtpData, RtcData, Scenario, SelectData,
    Smoothing, Source, SourceStats, Time, Tracking,
};

/// The sources of one input, at most.
const MOST_SOURCES: usize = 6;
/// The replies of one input that are changed, at most.
const MOST_CHANGES: usize = 24;
/// The requests of one input that stay without an answer, at most: each costs its timeout.
const MOST_SILENCES: usize = 2;

/// What happens to a reply.
#[derive(Debug, Arbitrary)]
enum Change {
    Keep,
    Silence,
    Status(u8),
    Code(u8),
    Truncate(u8),
    Pad(u8),
    Overwrite(u8, Vec<u8>),
    Data(Vec<u8>),
    Whole(Vec<u8>),
}

impl Change {
    fn make(self, reply: &mut Vec<u8>) {
        match self {
            Self::Keep => {}
            // A client does not look at an empty datagram.
            Self::Silence => reply.clear(),
            Self::Status(status) => overwrite(reply, 8, &[0, status]),
            Self::Code(code) => overwrite(reply, 6, &[0, code]),
            Self::Truncate(length) => reply.truncate(2 * usize::from(length)),
            Self::Pad(length) => reply.resize(reply.len() + 4 * usize::from(length), 0xff),
            Self::Overwrite(offset, bytes) => overwrite(reply, 28 + usize::from(offset), &bytes),
            Self::Data(bytes) => {
                reply.truncate(28);
                reply.extend(bytes);
            }
            Self::Whole(bytes) => *reply = bytes,
        }
    }

    /// Whether the client waits in vain after it.
    fn is_silent(&self) -> bool {
        matches!(self, Self::Silence | Self::Whole(_))
            || matches!(self, Self::Truncate(length) if 2 * usize::from(*length) < 28)
    }
}

fn overwrite(reply: &mut [u8], offset: usize, bytes: &[u8]) {
    for (byte, new) in reply.iter_mut().skip(offset).zip(bytes) {
        *byte = *new;
    }
}

/// Changes of the first replies, in order.
pub(crate) fn faults(input: &mut Unstructured<'_>) -> Result<Fault> {
    let mut changes = VecDeque::new();
    let mut silences = 0;
    while changes.len() < MOST_CHANGES && !input.is_empty() {
        let change = Change::arbitrary(input)?;
        silences += usize::from(change.is_silent());
        if silences > MOST_SILENCES {
            break;
        }
        changes.push_back(change);
    }
    Ok(Fault::always().edit(move |reply| {
        if let Some(change) = changes.pop_front() {
            change.make(reply);
        }
    }))
}

/// A scenario whose values are all the input's.
pub(crate) fn scenario(input: &mut Unstructured<'_>) -> Result<Scenario> {
    let count = input.int_in_range(0..=MOST_SOURCES)?;
    let sources = (0..count).map(|_| source(input)).collect::<Result<Vec<_>>>()?;
    let mut scenario = if input.arbitrary()? {
        Scenario::with_sources(sources)
    } else {
        Scenario { sources, tracking: tracking(input)?, ..Scenario::default() }
    };
    scenario.generation = *input.choose(&Generation::ALL)?;
    if input.ratio(1, 4)? {
        scenario.count = Some(input.arbitrary()?);
    }
    if input.arbitrary()? {
        scenario.activity = Some(Activity {
            online: input.arbitrary()?,
            offline: input.arbitrary()?,
            burst_online: input.arbitrary()?,
            burst_offline: input.arbitrary()?,
            unresolved: input.arbitrary()?,
        });
    }
    if input.arbitrary()? {
        scenario.rtc = Some(RtcData {
            reference_time: time(input)?,
            samples: input.arbitrary()?,
            runs: input.arbitrary()?,
            span: input.arbitrary()?,
            offset: input.arbitrary()?,
            frequency: input.arbitrary()?,
        });
    }
    if input.arbitrary()? {
        scenario.smoothing = Some(Smoothing {
            flags: input.arbitrary()?,
            offset: input.arbitrary()?,
            frequency: input.arbitrary()?,
            wander: input.arbitrary()?,
            last_update_ago: input.arbitrary()?,
            remaining_time: input.arbitrary()?,
        });
    }
    Ok(scenario)
}

fn tracking(input: &mut Unstructured<'_>) -> Result<Tracking> {
    Ok(Tracking {
        reference_id: reference_id(input)?,
        address: address(input)?,
        stratum: small(input)?,
        leap: small(input)?,
        reference_time: time(input)?,
        current_correction: input.arbitrary()?,
        last_offset: input.arbitrary()?,
        rms_offset: input.arbitrary()?,
        frequency: input.arbitrary()?,
        residual_frequency: input.arbitrary()?,
        skew: input.arbitrary()?,
        root_delay: input.arbitrary()?,
        root_dispersion: input.arbitrary()?,
        last_update_interval: input.arbitrary()?,
    })
}

fn source(input: &mut Unstructured<'_>) -> Result<Source> {
    let mut source = if input.arbitrary()? {
        Source::reference_clock(reference_id(input)?.to_be_bytes())
    } else {
        Source { address: address(input)?, ..Source::server(std::net::Ipv4Addr::LOCALHOST) }
    };
    source.reference_id = reference_id(input)?;
    source.poll = i16::from(input.arbitrary::<i8>()?);
    source.stratum = small(input)?;
    source.state = small(input)?;
    source.reachability = small(input)?;
    source.last_sample_ago = input.arbitrary()?;
    source.original_offset = input.arbitrary()?;
    source.adjusted_offset = input.arbitrary()?;
    source.sample_error = input.arbitrary()?;
    source.stats = SourceStats {
        samples: input.arbitrary()?,
        runs: input.arbitrary()?,
        span: input.arbitrary()?,
        standard_deviation: input.arbitrary()?,
        residual_frequency: input.arbitrary()?,
        skew: input.arbitrary()?,
        offset: input.arbitrary()?,
        offset_error: input.arbitrary()?,
    };
    source.select = SelectData {
        state: input.arbitrary()?,
        leap: input.arbitrary()?,
        configured_options: input.arbitrary()?,
        effective_options: input.arbitrary()?,
        score: input.arbitrary()?,
        low_limit: input.arbitrary()?,
        high_limit: input.arbitrary()?,
        ..source.select
    };
    source.auth = AuthData {
        mode: small(input)?,
        key_type: small(input)?,
        key_id: input.arbitrary()?,
        key_length: input.arbitrary()?,
        ..source.auth
    };
    source.ntp = NtpData {
        local_address: address(input)?,
        leap: input.arbitrary()?,
        version: input.arbitrary()?,
        mode: input.arbitrary()?,
        poll: input.arbitrary()?,
        precision: input.arbitrary()?,
        reference_id: reference_id(input)?,
        reference_time: time(input)?,
        peer_delay: input.arbitrary()?,
        flags: input.arbitrary()?,
        tx_timestamping: input.arbitrary()?,
        ..source.ntp
    };
    Ok(source)
}

/// Mostly a number that means something.
fn small(input: &mut Unstructured<'_>) -> Result<u16> {
    if input.ratio(1, 8)? { input.arbitrary() } else { input.int_in_range(0..=17) }
}

/// Four bytes, often ones that would break out of HTML, JSON or a terminal's line.
fn reference_id(input: &mut Unstructured<'_>) -> Result<u32> {
    const HOSTILE: [[u8; 4]; 8] = [
        *b"<b>x",
        *b"\"><a",
        *b"'&;\\",
        *b"\x1b[2J",
        *b"\0\0\0a",
        *b"{{x}",
        *b"\x7f\x80\xff ",
        *b"</p>",
    ];
    if input.arbitrary()? {
        return input.arbitrary();
    }
    input.choose(&HOSTILE).map(|id| u32::from_be_bytes(*id))
}

fn address(input: &mut Unstructured<'_>) -> Result<Address> {
    Ok(match input.int_in_range(0..=3)? {
        0 => Address::Unspecified,
        1 => Address::V4(input.arbitrary::<[u8; 4]>()?.into()),
        2 => Address::V6(input.arbitrary::<[u8; 16]>()?.into()),
        _ => Address::Id(input.arbitrary()?),
    })
}

fn time(input: &mut Unstructured<'_>) -> Result<Time> {
    if input.arbitrary()? {
        return Ok(Time::seconds_ago(input.arbitrary::<u32>()?.into()));
    }
    let (high, low, nanoseconds) = input.arbitrary()?;
    Ok(Time::Raw { high, low, nanoseconds })
}
