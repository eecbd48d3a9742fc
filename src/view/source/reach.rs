//! The last eight polls of a source as a timeline.

use libchrony::Source;
use serde::Serialize;

use crate::view::format;
use crate::view::sources::is_unresolved;

/// The last eight polls; none of a source that cannot be asked yet.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Timeline {
    /// The oldest first.
    pub(crate) polls: Vec<Poll>,
    /// The same in sentences.
    pub(crate) text: String,
    /// The register as chronyc prints it.
    pub(crate) octal: String,
}

/// One poll.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Poll {
    /// The class in CSS, which is the word too.
    pub(crate) word: &'static str,
    /// About how long ago it was.
    pub(crate) age: String,
}

pub(crate) fn timeline(source: &Source) -> Timeline {
    let octal = format::octal(source.reachability);
    if is_unresolved(source) {
        let text = "It has not been asked: its name has no address yet.".to_owned();
        return Timeline { polls: Vec::new(), text, octal };
    }
    let interval = source.poll_interval();
    let was_answered = |poll: u8| source.reachability >> poll & 1 == 1;
    // The sample tells when an answered newest poll was; else it was less than an interval ago.
    let newest = source.last_sample_ago.map(f64::from).filter(|_| was_answered(0));
    let age = |poll: u8| match (poll, newest) {
        (0, None) => format!("less than {}", ago(interval)),
        (poll, newest) => ago(newest.unwrap_or(0.0).min(interval) + interval * f64::from(poll)),
    };
    let polls = (0..8).rev().map(|poll| Poll {
        word: if was_answered(poll) { "answered" } else { "missed" },
        age: age(poll),
    });
    Timeline { polls: polls.collect(), text: text(source, interval, age), octal }
}

/// An age, with its fraction where the polls follow each other within a second.
fn ago(seconds: f64) -> String {
    match seconds {
        seconds if seconds > 0.0 && seconds < 4.0 => format!("{} ago", format::duration(seconds)),
        seconds => format::ago(seconds),
    }
}

fn text(source: &Source, interval: f64, age: impl Fn(u8) -> String) -> String {
    let missed: Vec<u8> = (0..8).rev().filter(|bit| source.reachability >> bit & 1 == 0).collect();
    let covered = format!(
        "It is polled every {}, so the eight polls cover about {}.",
        format::duration(interval),
        format::duration(interval * 8.0)
    );
    let answered = match missed.len() {
        0 => "All of the last 8 polls were answered.".to_owned(),
        8 => match source.last_sample_ago {
            Some(age) => format!(
                "None of the last 8 polls was answered; its last sample came {}.",
                format::ago(f64::from(age))
            ),
            None => "No poll has been answered yet.".to_owned(),
        },
        number => {
            let when: Vec<_> = missed.iter().map(|poll| age(*poll)).collect();
            let polls = format::counted(number, "poll", "polls");
            let were = if number == 1 { "was" } else { "were" };
            format!(
                "{} of the last 8 polls were answered. {polls} {were} missed, or not made yet: {}.",
                8 - number,
                when.join(", ")
            )
        }
    };
    format!("{answered} {covered}")
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Address, Scenario, Source as Simulated};

    use super::*;
    use crate::view::samples::{read, without_reference};

    fn of(change: impl FnOnce(&mut Simulated)) -> Timeline {
        let mut server = Simulated::server(Address::V4([192, 0, 2, 1].into()));
        (server.poll, server.reachability, server.last_sample_ago) = (6, 0o377, 10);
        change(&mut server);
        timeline(&without_reference(vec![server]).sources.unwrap()[0])
    }

    #[test]
    fn the_polls_stand_oldest_first_each_a_polling_interval_before_the_next() {
        let timeline = of(|server| server.reachability = 0o273);
        let words: Vec<_> = timeline.polls.iter().map(|poll| poll.word == "answered").collect();
        assert_eq!(words, [true, false, true, true, true, false, true, true]);
        let ages: Vec<_> = timeline.polls.iter().map(|poll| poll.age.as_str()).collect();
        assert_eq!((ages[7], ages[6], ages[0]), ("10 s ago", "1 m 14 s ago", "7 m 38 s ago"));
        assert_eq!(timeline.octal, "273");
    }

    #[test]
    fn the_words_say_how_many_and_when() {
        assert_eq!(
            of(|_| ()).text,
            "All of the last 8 polls were answered. It is polled every 1 m 4 s, so the eight polls cover about 8 m 32 s."
        );
        let text = of(|server| server.reachability = 0o376).text;
        assert!(text.starts_with("7 of the last 8 polls were answered. 1 poll was missed, or not made yet: less than 1 m 4 s ago."), "{text}");
        let text = of(|server| server.reachability = 0o273).text;
        assert!(text.contains("not made yet: 6 m 34 s ago, 2 m 18 s ago."), "{text}");
        let text = of(|server| (server.reachability, server.last_sample_ago) = (0, 900)).text;
        assert!(
            text.starts_with(
                "None of the last 8 polls was answered; its last sample came 15 m ago."
            ),
            "{text}"
        );
        let never = timeline(&read(Scenario::only_unreachable()).sources.unwrap()[0]);
        assert!(never.text.starts_with("No poll has been answered yet."), "{}", never.text);
    }

    #[test]
    fn a_name_without_an_address_was_never_asked() {
        let snapshot = read(Scenario::unresolved());
        let timeline = timeline(&snapshot.sources.unwrap()[3]);
        assert!(timeline.polls.is_empty() && timeline.text.starts_with("It has not been asked"));
    }

    #[test]
    fn polls_within_a_second_have_ages_too() {
        let timeline = of(|server| (server.poll, server.last_sample_ago) = (-2, 0));
        let ages: Vec<_> = timeline.polls.iter().map(|poll| poll.age.as_str()).collect();
        assert_eq!((ages[0], ages[6], ages[7]), ("1.8 s ago", "250 ms ago", "just now"));
        assert!(timeline.text.contains("every 250 ms"), "{}", timeline.text);
    }
}
