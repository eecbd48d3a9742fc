//! The axis of time: round times in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::view::chart::Times;
use crate::view::chart::scale::{Tick, percent};
use crate::view::format;

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;
/// Distances that people count in.
const STEPS: [u64; 18] = [
    1,
    10,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
];
/// So many distances fit beside one another on a phone.
const MOST: u64 = 6;

/// Round times from `from` to `to`; where a day begins, its date.
pub(super) fn ticks(from: SystemTime, to: SystemTime) -> Vec<Tick> {
    let since_epoch = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (start, end) = (since_epoch(from), since_epoch(to));
    let length = end.saturating_sub(start);
    if length.is_zero() {
        return Vec::new();
    }
    let seconds = length.as_secs();
    let fits = STEPS.into_iter().find(|step| seconds <= step * MOST);
    // Beyond the list, in whole days.
    let step = fits.unwrap_or_else(|| (seconds / MOST).div_ceil(DAY) * DAY);
    let first = start.as_secs().div_ceil(step).saturating_mul(step);
    (0..=MOST)
        .map(|number| first.saturating_add(number * step))
        .take_while(|at| *at <= end.as_secs())
        .map(|at| Tick {
            at: percent((at as f64 - start.as_secs_f64()) / length.as_secs_f64()),
            text: text(at, step),
        })
        .collect()
}

fn text(at: u64, step: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(at);
    match step {
        _ if at.is_multiple_of(DAY) => format::day(time),
        0..MINUTE => format::moment(time).text[11..19].to_owned(),
        _ => format::clock(time),
    }
}

/// The time of day, with the day where the chart, of so many steps, holds several.
pub(crate) fn short(times: Times, steps: usize, time: SystemTime) -> String {
    let day =
        |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / DAY;
    match day(times.from) == day(times.begin(steps)) {
        true => format::clock(time),
        false => format!("{} {}", format::day(time), format::clock(time)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(from: u64, length: u64) -> String {
        let from = UNIX_EPOCH + Duration::from_secs(from);
        let ticks = ticks(from, from + Duration::from_secs(length));
        ticks.into_iter().map(|tick| tick.text).collect::<Vec<_>>().join(" ")
    }

    /// 2026-11-21 04:30:56 UTC.
    const THEN: u64 = 1_795_235_456;

    #[test]
    fn times_are_round_and_few() {
        assert_eq!(texts(THEN, HOUR), "04:40 04:50 05:00 05:10 05:20 05:30");
        assert_eq!(texts(THEN, 5 * MINUTE), "04:31 04:32 04:33 04:34 04:35");
        assert_eq!(texts(THEN, 30), "04:31:00 04:31:10 04:31:20");
        assert_eq!(texts(THEN, 0), "");
    }

    #[test]
    fn the_date_stands_where_a_day_begins() {
        assert_eq!(texts(THEN, DAY), "06:00 12:00 18:00 Nov 22");
        assert_eq!(texts(THEN, 4 * DAY), "Nov 22 Nov 23 Nov 24 Nov 25");
        assert_eq!(texts(THEN, 31 * DAY), "Nov 26 Dec 3 Dec 10 Dec 17");
        assert!(texts(THEN, 400 * DAY).split(' ').count() <= 2 * 7);
    }

    #[test]
    fn a_tick_stands_at_its_time() {
        let from = UNIX_EPOCH + Duration::from_secs(DAY);
        let ticks = ticks(from, from + Duration::from_secs(HOUR));
        assert_eq!((ticks[0].at.as_str(), ticks[0].text.as_str()), ("0%", "Jan 2"));
        assert_eq!((ticks[3].at.as_str(), ticks[3].text.as_str()), ("50%", "00:30"));
        assert_eq!(ticks.len(), 7);
    }
}
