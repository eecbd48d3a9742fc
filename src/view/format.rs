//! The one place where a number becomes text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// What stands where chronyd gives no usable number.
pub(crate) const UNKNOWN: &str = "unknown";
/// What stands where a thing has not happened yet.
pub(crate) const NEVER: &str = "never";

const MINUS: char = '\u{2212}';
const DAY: u64 = 86_400;

/// A point in time: for people, and for the `datetime` attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Moment {
    /// As `2026-11-21 04:30:56 UTC`.
    pub(crate) text: String,
    /// As `2026-11-21T04:30:56Z` (RFC 3339).
    pub(crate) datetime: String,
}

/// A point in time in UTC, to the second.
pub(crate) fn moment(time: SystemTime) -> Moment {
    let latest = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let datetime = humantime::format_rfc3339_seconds(time.clamp(UNIX_EPOCH, latest)).to_string();
    let text = format!("{} UTC", datetime.trim_end_matches('Z').replace('T', " "));
    Moment { text, datetime }
}

/// The time of day in UTC, as `04:30`.
pub(crate) fn clock(time: SystemTime) -> String {
    moment(time).text[11..16].to_owned()
}

/// The day in UTC, as `Nov 21`.
pub(crate) fn day(time: SystemTime) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = moment(time).text;
    let month = text[5..7].parse::<usize>().ok().and_then(|month| MONTHS.get(month - 1));
    format!("{} {}", month.unwrap_or(&""), text[8..10].trim_start_matches('0'))
}

/// A number on an axis, with so many decimals, and with a plus sign where signs mean something.
pub(crate) fn tick(value: f64, decimals: usize, with_plus: bool) -> String {
    let text = format!("{:.decimals$}", value.abs());
    if with_plus || value < 0.0 { signed(value, text) } else { text }
}

/// The last day of the month (UTC) that holds `time`, as `2026-11-30`.
pub(crate) fn month_end(time: SystemTime) -> String {
    let month = |time| moment(time).text[..7].to_owned();
    let this = month(time);
    let next = (1..=31)
        .map(|days| time + Duration::from_secs(days * DAY))
        .find(|day| month(*day) != this)
        .unwrap_or(time);
    moment(next - Duration::from_secs(DAY)).text[..10].to_owned()
}

/// A signed time difference given in seconds, as `+1.234 ms`: four significant digits.
pub(crate) fn offset(seconds: f64) -> String {
    signed(seconds, measure(seconds.abs()))
}

/// A length or error given in seconds, as `1.234 ms`: four significant digits.
pub(crate) fn measure(seconds: f64) -> String {
    if !seconds.is_finite() {
        return UNKNOWN.to_owned();
    }
    let value = seconds.abs();
    if value >= 9_999.5 {
        return duration(value);
    }
    for (unit, scale) in [("ns", 1e9), ("µs", 1e6), ("ms", 1e3)] {
        let scaled = value * scale;
        if scaled < 999.95 {
            let text = significant(scaled);
            return if text == "0.000" { "0 s".to_owned() } else { format!("{text} {unit}") };
        }
    }
    format!("{} s", significant(value))
}

/// An upper bound given in seconds, as `1.4 ms`: two significant digits, never less than the value.
pub(crate) fn bound(seconds: f64) -> String {
    if !seconds.is_finite() {
        return UNKNOWN.to_owned();
    }
    let value = seconds.abs();
    if value >= 100.0 {
        return duration(value.ceil());
    }
    // A hair below, so that 1.4 ms written in binary does not become 1.5 ms.
    let up = |scaled: f64| {
        let step = if scaled > 10.0 { 1.0 } else { 0.1 };
        (scaled / step * (1.0 - 1e-9)).ceil() * step
    };
    for (unit, scale) in [("ns", 1e9), ("µs", 1e6), ("ms", 1e3)] {
        let rounded = up(value * scale);
        if rounded <= 0.0 {
            return "1 ns".to_owned();
        }
        if rounded < 10.0 {
            return format!("{rounded:.1} {unit}");
        }
        if rounded < 100.0 {
            return format!("{rounded:.0} {unit}");
        }
        let tens = (value * scale / 10.0 * (1.0 - 1e-9)).ceil() * 10.0;
        if tens < 1_000.0 {
            return format!("{tens:.0} {unit}");
        }
    }
    let rounded = up(value);
    if rounded < 10.0 { format!("{rounded:.1} s") } else { format!("{rounded:.0} s") }
}

/// A length of time given in seconds, as `2 d 3 h`, `4 m 16 s`, `12 s` or `250 ms`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return UNKNOWN.to_owned();
    }
    if seconds < 0.9995 {
        let text = measure(seconds);
        let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
        return format!("{} {unit}", trimmed(number));
    }
    let tenths = (seconds * 10.0).round() / 10.0;
    if tenths < 60.0 {
        return format!("{} s", trimmed(&format!("{tenths:.1}")));
    }
    whole(Duration::try_from_secs_f64(seconds.round()).map_or(u64::MAX, |all| all.as_secs()))
}

/// Whole seconds, 60 or more, in the two largest units.
fn whole(seconds: u64) -> String {
    let pair = |large: u64, large_unit, small: u64, small_unit| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match seconds {
        0..3_600 => pair(seconds / 60, "m", seconds % 60, "s"),
        3_600..DAY => pair(seconds / 3_600, "h", seconds % 3_600 / 60, "m"),
        _ => pair(seconds / DAY, "d", seconds % DAY / 3_600, "h"),
    }
}

/// The age of `then` at `now`, seconds, below 0 where `then` is later.
pub(crate) fn age(now: SystemTime, then: SystemTime) -> f64 {
    match now.duration_since(then) {
        Ok(age) => age.as_secs_f64(),
        Err(ahead) => -ahead.duration().as_secs_f64(),
    }
}

/// An age in words, and the number that the page's script counts on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Age {
    /// As `12 s ago`.
    pub(crate) text: String,
    /// Whole seconds, below 0 for what lies ahead; `None` where nothing counts.
    pub(crate) seconds: Option<String>,
}

/// An age given in seconds; `never` without one.
pub(crate) fn aged(seconds: Option<f64>) -> Age {
    let text = seconds.map_or_else(|| NEVER.to_owned(), ago);
    let seconds = seconds.filter(|seconds| seconds.is_finite());
    // Minus zero is zero.
    Age { text, seconds: seconds.map(|seconds| format!("{:.0}", seconds.round() + 0.0)) }
}

/// An age given in seconds, as `12 s ago`. The script live.js says it in the same words.
pub(crate) fn ago(seconds: f64) -> String {
    if !seconds.is_finite() {
        return UNKNOWN.to_owned();
    }
    match seconds.round() {
        rounded if rounded < 0.0 => format!("{} in the future", duration(-rounded)),
        rounded if rounded < 1.0 => "just now".to_owned(),
        rounded => format!("{} ago", duration(rounded)),
    }
}

/// A frequency difference, as `+12.345 ppm`.
pub(crate) fn ppm(value: f64) -> String {
    signed(value, ppm_measure(value))
}

/// The size of a frequency difference or error, as `12.345 ppm`.
pub(crate) fn ppm_measure(value: f64) -> String {
    if value.is_finite() { format!("{:.3} ppm", value.abs()) } else { UNKNOWN.to_owned() }
}

/// A share from -1 to 1, as `+0.25`.
pub(crate) fn asymmetry(share: f64) -> String {
    if share.is_finite() {
        signed(share, format!("{:.2}", share.abs()))
    } else {
        UNKNOWN.to_owned()
    }
}

/// A limit or size in ppm without needless zeros, as `50 ppm`.
pub(crate) fn ppm_limit(value: f64) -> String {
    format!("{} ppm", trimmed(&format!("{value:.3}")))
}

/// A count or a stratum.
pub(crate) fn count(value: impl Into<u64>) -> String {
    value.into().to_string()
}

/// A counter with its digits in groups of three.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    // A narrow space that does not break, as ISO 80000 asks.
    groups.join("\u{202f}")
}

/// A number of 0 or more with so many decimals, its digits in groups of three.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    whole.parse().map_or_else(|_| UNKNOWN.to_owned(), |whole| format!("{}{rest}", grouped(whole)))
}

/// `1 source`, `3 sources`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The reach register in octal, as chronyc prints it.
pub(crate) fn octal(register: u8) -> String {
    format!("{register:o}")
}

/// A text from outside, with a mark in place of what would not show or would change the order of reading.
pub(crate) fn plain(text: &str) -> String {
    let turns = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}

/// An error in plain text: it names addresses, which are text from outside.
pub(crate) fn error(error: &libchrony::Error) -> String {
    plain(&error.to_string())
}

/// A number with the sign of `value`; no sign where it is written as zero.
fn signed(value: f64, text: String) -> String {
    let is_zero = !text.contains(|c: char| ('1'..='9').contains(&c));
    if is_zero || text == UNKNOWN {
        return text;
    }
    let sign = if value < 0.0 { MINUS } else { '+' };
    format!("{sign}{text}")
}

/// Four significant digits of a number from 0 to 9999, three decimals at most.
fn significant(value: f64) -> String {
    let decimals = match value {
        value if value < 9.9995 => 3,
        value if value < 99.995 => 2,
        value if value < 999.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// A decimal number without trailing zeros.
fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn an_offset_has_sign_unit_and_four_significant_digits() {
        for (seconds, text) in [
            (0.001_234_4, "+1.234 ms"),
            (-0.001_234_4, "\u{2212}1.234 ms"),
            (0.012_345, "+12.35 ms"),
            (0.123_44, "+123.4 ms"),
            (1.234_4, "+1.234 s"),
            (-12.344, "\u{2212}12.34 s"),
            (1_234.4, "+1234 s"),
            (0.000_001_5, "+1.500 µs"),
            (0.000_000_025, "+25.00 ns"),
            (0.000_000_000_5, "+0.500 ns"),
        ] {
            assert_eq!(offset(seconds), text);
        }
    }

    #[test]
    fn rounding_up_moves_to_the_next_unit_instead_of_a_fifth_digit() {
        for (seconds, text) in [
            (0.000_999_96, "+1.000 ms"),
            (0.000_999_94, "+999.9 µs"),
            (0.999_96, "+1.000 s"),
            (9.999_6, "+10.00 s"),
            (0.009_999_6, "+10.00 ms"),
            (9_999.6, "+2 h 46 m"),
        ] {
            assert_eq!(offset(seconds), text);
        }
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(offset(0.0), "0 s");
        assert_eq!(offset(-0.0), "0 s");
        assert_eq!(offset(-1e-15), "0 s");
        assert_eq!(ppm(-0.000_1), "0.000 ppm");
        assert_eq!(ppm(-0.0), "0.000 ppm");
    }

    #[test]
    fn what_is_no_number_is_a_word() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for text in [offset(value), measure(value), bound(value), ppm(value), ago(value)] {
                assert_eq!(text, "unknown");
            }
            assert_eq!(duration(value), "unknown");
        }
        assert_eq!(duration(-1.0), "unknown");
    }

    #[test]
    fn a_bound_has_two_digits_and_is_never_below_its_value() {
        for (seconds, text) in [
            (0.001_4, "1.4 ms"),
            (0.001_400_1, "1.5 ms"),
            (0.001_31, "1.4 ms"),
            (0.009_99, "10 ms"),
            (0.012_3, "13 ms"),
            (0.123_4, "130 ms"),
            (0.991, "1.0 s"),
            (0.000_051_2, "52 µs"),
            (3.21, "3.3 s"),
            (59.2, "60 s"),
            (125.0, "2 m 5 s"),
            (0.0, "1 ns"),
        ] {
            assert_eq!(bound(seconds), text);
        }
    }

    #[test]
    fn a_duration_reads_in_its_two_largest_units() {
        for (seconds, text) in [
            (0.25, "250 ms"),
            (0.015_625, "15.62 ms"),
            (0.0, "0 s"),
            (1.0, "1 s"),
            (2.5, "2.5 s"),
            (59.94, "59.9 s"),
            (59.97, "1 m"),
            (64.0, "1 m 4 s"),
            (256.0, "4 m 16 s"),
            (3_599.7, "1 h"),
            (10_000.0, "2 h 46 m"),
            (183_600.0, "2 d 3 h"),
            (172_800.0, "2 d"),
            (4_294_967_295.0, "49710 d 6 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn an_age_is_in_words() {
        assert_eq!(ago(12.3), "12 s ago");
        assert_eq!(ago(0.2), "just now");
        assert_eq!(ago(-3.0), "3 s in the future");
        assert_eq!(ago(-0.2), "just now");
        assert_eq!(ago(7_500.0), "2 h 5 m ago");
        assert!((age(at(10), at(4)) - 6.0).abs() < 1e-9);
        assert!((age(at(4), at(10)) + 6.0).abs() < 1e-9);
    }

    #[test]
    fn an_age_carries_the_whole_seconds_to_count_on_from() {
        let of = |seconds| {
            let age = aged(seconds);
            (age.text, age.seconds)
        };
        let some = |text: &str, seconds: &str| (text.to_owned(), Some(seconds.to_owned()));
        assert_eq!(of(Some(12.3)), some("12 s ago", "12"));
        assert_eq!(of(Some(0.2)), some("just now", "0"));
        assert_eq!(of(Some(-0.2)), some("just now", "0"));
        assert_eq!(of(Some(-3.0)), some("3 s in the future", "-3"));
        assert_eq!(of(None), ("never".to_owned(), None));
        assert_eq!(of(Some(f64::NAN)), ("unknown".to_owned(), None));
    }

    #[test]
    fn a_frequency_has_three_decimals() {
        assert_eq!(ppm(12.345_4), "+12.345 ppm");
        assert_eq!(ppm(-0.5), "\u{2212}0.500 ppm");
        assert_eq!(ppm_measure(-7.0), "7.000 ppm");
        assert_eq!(ppm_limit(50.0), "50 ppm");
        assert_eq!(ppm_limit(0.5), "0.5 ppm");
    }

    #[test]
    fn an_asymmetry_has_a_sign_where_there_is_any() {
        for (share, text) in
            [(0.25, "+0.25"), (-0.5, "\u{2212}0.50"), (0.001, "0.00"), (f64::NAN, "unknown")]
        {
            assert_eq!(asymmetry(share), text);
        }
    }

    #[test]
    fn reach_is_octal() {
        assert_eq!(octal(255), "377");
        assert_eq!(octal(0), "0");
        assert_eq!(octal(8), "10");
    }

    #[test]
    fn a_moment_is_in_utc_for_people_and_for_machines() {
        let moment = moment(at(1_795_235_456));
        assert_eq!(moment.text, "2026-11-21 04:30:56 UTC");
        assert_eq!(moment.datetime, "2026-11-21T04:30:56Z");
    }

    #[test]
    fn the_parts_of_a_moment_fit_an_axis() {
        assert_eq!(clock(at(1_795_235_456)), "04:30");
        assert_eq!(day(at(1_795_235_456)), "Nov 21");
        assert_eq!(day(at(1_798_761_600)), "Jan 1");
    }

    #[test]
    fn a_number_on_an_axis_has_a_sign_where_it_means_something() {
        assert_eq!(tick(5.0, 0, true), "+5");
        assert_eq!(tick(5.0, 1, false), "5.0");
        assert_eq!(tick(-0.25, 2, false), "\u{2212}0.25");
        assert_eq!(tick(-0.0, 0, true), "0");
    }

    #[test]
    fn a_time_outside_the_calendar_does_not_panic() {
        assert_eq!(moment(UNIX_EPOCH - Duration::from_secs(9)).text, "1970-01-01 00:00:00 UTC");
        assert!(moment(at(999_999_999_999)).text.starts_with("9999-12-31"));
    }

    #[test]
    fn a_month_ends_on_its_last_day() {
        assert_eq!(month_end(at(1_795_235_456)), "2026-11-30");
        assert_eq!(month_end(at(1_798_675_200)), "2026-12-31");
        assert_eq!(month_end(at(1_709_164_800)), "2024-02-29");
    }

    #[test]
    fn a_text_from_outside_keeps_no_control_characters() {
        assert_eq!(plain("\u{1b}[2J\na\u{202e}b"), "\u{fffd}[2J\u{fffd}a\u{fffd}b");
        for turn in ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{2066}', '\u{2069}'] {
            assert_eq!(plain(&format!("a{turn}b")), "a\u{fffd}b", "{turn:?}");
        }
        assert_eq!(plain("zeit.example.net é"), "zeit.example.net é");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(1, "source", "sources"), "1 source");
        assert_eq!(counted(0, "source", "sources"), "0 sources");
    }
}
