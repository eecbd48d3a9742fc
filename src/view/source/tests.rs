use libchrony::testing::{Address, Command, Fault, Scenario, Source as Simulated};

use super::*;
use crate::view::samples::{about, read, read_udp, read_with, without_reference};

fn page(snapshot: &Snapshot, id: &str) -> SourcePage {
    SourcePage::new(snapshot, id, &about(), |_| None).unwrap_or_else(|| panic!("no {id}"))
}

/// A server in no healthy state.
fn server(change: impl FnOnce(&mut Simulated)) -> Snapshot {
    let mut server = Simulated::server(Address::V4([192, 0, 2, 1].into()));
    change(&mut server);
    without_reference(vec![server])
}

fn standing_of(snapshot: &Snapshot, id: &str) -> Standing {
    page(snapshot, id).standing
}

fn report<'a>(page: &'a SourcePage, name: &str) -> &'a Section {
    page.reports.iter().find(|section| section.name == name).expect("every report has a section")
}

fn value<'a>(section: &'a Section, name: &str) -> &'a str {
    let figure = section.figures.iter().find(|figure| figure.name == name);
    figure.map_or_else(|| panic!("no {name}"), |figure| &figure.value)
}

#[test]
fn each_good_state_is_a_sentence_and_needs_nothing_done() {
    let snapshot = read(Scenario::synchronized());
    for (id, tone, words) in [
        ("192.0.2.11", "good", "This source is selected: the clock follows it."),
        ("192.0.2.12", "good", "This source is combined: "),
        ("2001:db8::13", "plain", "This source is good, and not used now"),
    ] {
        let standing = standing_of(&snapshot, id);
        assert_eq!((standing.tone, standing.steps.len()), (tone, 0), "{id}");
        assert!(standing.sentence.starts_with(words), "{}", standing.sentence);
        assert!(standing.sample.contains(" ago, this clock was "), "{}", standing.sample);
    }
}

#[test]
fn each_bad_state_is_a_sentence_with_the_next_step() {
    let liar = standing_of(&read(Scenario::falseticker()), "192.0.2.66");
    assert_eq!(liar.tone, "bad");
    assert!(liar.sentence.contains("disagrees with the majority"), "{}", liar.sentence);
    assert_eq!(liar.steps[0].lines[0].code, "sudo chronyc selectdata");

    let silent = standing_of(&read(Scenario::only_unreachable()), "2001:db8::22");
    assert_eq!(silent.sentence, "This source has not answered yet.");
    assert_eq!(silent.sample, "It has not been measured yet.");
    let by_hand = &silent.steps[0].lines[0].code;
    assert_eq!(by_hand, "sudo chronyd -Q -t 10 'server 2001:db8::22 iburst maxsamples 1'");

    let lost = standing_of(&read(Scenario::unresolved()), "unresolved-1");
    assert!(lost.sentence.contains("its name has no address yet"), "{}", lost.sentence);
    assert_eq!(lost.steps[0].lines[0].code, "getent hosts time.example.net");

    let jittery = server(|server| server.state = Simulated::JITTERY);
    let jittery = standing_of(&jittery, "192.0.2.1");
    assert!(jittery.sentence.contains("scatter") && jittery.steps[0].text.contains("maxjitter"));

    let odd = standing_of(&server(|server| server.state = 9), "192.0.2.1");
    assert!(odd.sentence.contains("does not know") && !odd.steps.is_empty());
}

#[test]
fn a_source_that_answers_and_is_not_usable_says_why() {
    let few = read(Scenario::unsynchronized());
    let standing = standing_of(&few, "192.0.2.11");
    assert!(standing.sentence.ends_with("cannot be used now: has too few samples yet."));
    assert!(standing.steps[0].text.contains("iburst"));

    let hidden = standing_of(&read_udp(Scenario::unsynchronized()), "192.0.2.11");
    assert!(hidden.steps[0].text.contains("is not given over this connection"));

    let ignored = server(|server| {
        *server = server.clone().with_options(1).with_state(Simulated::NONSELECTABLE);
    });
    let ignored = standing_of(&ignored, "192.0.2.1");
    assert_eq!((ignored.tone, ignored.steps.len()), ("plain", 0));
    assert!(ignored.sentence.contains("noselect"), "{}", ignored.sentence);
}

#[test]
fn the_last_sample_says_ahead_or_behind_in_words() {
    let of = |offset: f64| {
        let snapshot = server(|server| {
            (server.adjusted_offset, server.sample_error) = (offset, 0.004);
            server.last_sample_ago = 12;
        });
        standing_of(&snapshot, "192.0.2.1").sample
    };
    assert_eq!(
        of(0.000_058),
        "At its last sample, 12 s ago, this clock was 58.00 µs ahead of it, \u{b1} 4.000 ms."
    );
    assert!(of(-0.5).contains("500.0 ms behind it"));
    assert!(of(0.0).contains("exactly with it"));
}

#[test]
fn the_neighbours_are_those_of_the_table() {
    let snapshot = read(Scenario::synchronized());
    let names = |id| {
        let page = page(&snapshot, id);
        [page.previous, page.next].map(|who| who.and_then(|who| who.id).unwrap_or_default())
    };
    assert_eq!(names("192.0.2.11"), ["", "192.0.2.12"]);
    assert_eq!(names("192.0.2.12"), ["192.0.2.11", "2001:db8::13"]);
    assert_eq!(names("2001:db8::13"), ["192.0.2.12", ""]);
}

#[test]
fn every_source_of_a_list_has_a_page_and_no_other_id_has() {
    for scenario in [Scenario::gps_and_pps(), Scenario::unresolved(), Scenario::nts()] {
        let snapshot = read(scenario);
        for source in snapshot.sources.as_ref().unwrap() {
            assert!(may_be_id(&source.id), "{}", source.id);
            assert_eq!(page(&snapshot, &source.id).row.id, source.id);
        }
        for id in ["", "192.0.2.1", "gps", "GPS-2", "unresolved-0"] {
            assert!(SourcePage::new(&snapshot, id, &about(), |_| None).is_none(), "{id}");
        }
    }
}

#[test]
fn what_cannot_be_an_id_is_known_without_asking() {
    for text in ["", ".", "..", "....", "a/b", "a b", "%2e", "a\0", "é", "a\\b", "'", "<b>"] {
        assert!(!may_be_id(text), "{text:?}");
    }
    assert!(!may_be_id(&"a".repeat(65)));
    for text in ["GPS", "PPS-2", "refclock-2f2e2e2f", "2001:db8::1", "192.0.2.1"] {
        assert!(may_be_id(text), "{text:?}");
    }
}

#[test]
fn the_identity_tells_name_address_reference_id_and_mode() {
    let mut snapshot = read(Scenario::gps_and_pps());
    let clock = page(&snapshot, "PPS").identity;
    assert_eq!(value(&clock, "source_reference_id"), "PPS");
    assert_eq!(value(&clock, "source_mode"), "reference clock");
    assert_eq!((value(&clock, "source_address"), value(&clock, "source_poll")), ("none", "250 ms"));
    assert!(clock.figures.iter().all(|figure| figure.name != "source_country"));

    snapshot.sources.as_mut().unwrap()[2].name = Some("time.example.net".to_owned());
    let named = page(&snapshot, "192.0.2.11");
    assert!(named.title.starts_with("time.example.net: not combined"), "{}", named.title);
    assert_eq!(value(&named.identity, "source_name"), "time.example.net");
    assert_eq!(value(&named.identity, "source_address"), "192.0.2.11");
    assert_eq!(value(&named.identity, "source_reference_id"), "C000020B");
}

#[test]
fn the_country_is_shown_where_a_database_is_given() {
    let snapshot = read(Scenario::synchronized());
    let of = |country: Option<Country>| {
        let page = SourcePage::new(&snapshot, "192.0.2.11", &about(), |ip| {
            assert_eq!(ip.to_string(), "192.0.2.11");
            country.clone()
        });
        let figures = page.unwrap().identity.figures;
        let figure = figures.into_iter().find(|figure| figure.name == "source_country").unwrap();
        (figure.value, figure.note)
    };
    let text = |text: &str| Some(text.to_owned());
    let known = |name, code| Some(Country::Known { name, code });
    let norway = ("Norway".to_owned(), text("NO"));
    assert_eq!(of(known(text("Norway"), text("NO"))), norway);
    assert_eq!(of(known(None, text("NO"))), ("NO".to_owned(), None));
    assert_eq!(
        of(Some(Country::Without("private address, no country"))).0,
        "private address, no country"
    );
    assert_eq!(of(None).0, "not looked up");
}

#[test]
fn all_that_the_reports_know_is_shown_with_units() {
    let mut scenario = Scenario::nts();
    let simulated = &mut scenario.sources[0];
    simulated.stats.skew = 0.25;
    (simulated.ntp.peer_delay, simulated.ntp.transmitted) = (0.012, 42);
    simulated.ntp.flags = 0x3ff & !0x20;
    let page = page(&read(scenario), "192.0.2.11");
    assert_eq!(value(report(&page, "sourcestats"), "source_skew"), "0.250 ppm");
    let selection = report(&page, "selectdata");
    assert_eq!(selection.remark.as_deref(), Some("Chosen: the clock follows it."));
    assert!(selection.plot.as_ref().is_some_and(|plot| plot.class == "chosen"));
    let ntp = report(&page, "ntpdata");
    assert_eq!((value(ntp, "ntp_delay"), value(ntp, "ntp_sent")), ("12.00 ms", "42"));
    let words: Vec<_> = ntp.tests.iter().map(|test| (test.name, test.word)).collect();
    assert_eq!(words.len(), 10);
    assert_eq!((words[0], words[4]), (("1", "passed"), ("6", "failed")));
    assert_eq!(ntp.tests[4].meaning, "the source is not synchronized");
    assert_eq!(value(report(&page, "authdata"), "auth_cookies"), "8 of 8");
}

#[test]
fn what_a_report_does_not_say_has_its_reason() {
    let missing = |page: &SourcePage| -> Vec<String> {
        page.reports.iter().map(|section| section.missing.clone().unwrap_or_default()).collect()
    };
    let silent = missing(&page(&read(Scenario::only_unreachable()), "192.0.2.21"));
    assert_eq!(silent[0], "There are no samples of this source yet.");
    assert!(silent[3].starts_with("It is not authenticated"), "{}", silent[3]);

    // A reference clock has none over any transport, so that there is nothing to open.
    for snapshot in [read(Scenario::gps_and_pps()), read_udp(Scenario::gps_and_pps())] {
        let clock = missing(&page(&snapshot, "GPS"));
        assert!(clock[2].starts_with("It has none") && clock[3].starts_with("It has none"));
    }
    let over_udp = missing(&page(&read_udp(Scenario::synchronized()), "192.0.2.11"));
    assert_eq!(over_udp[0], "");
    assert!(over_udp[1..].iter().all(|text| text.contains("opencommands")), "{over_udp:?}");

    let refused = [Fault::on(Command::SOURCESTATS).status(2)];
    let refused = missing(&page(&read_with(Scenario::synchronized(), refused), "192.0.2.11"));
    assert!(refused[0].contains("Run as chrony's own user"), "{}", refused[0]);
}

#[test]
fn broken_nts_is_said_as_a_sentence() {
    let mut scenario = Scenario::nts();
    (scenario.sources[0].auth.key_type, scenario.sources[0].auth.attempts) = (0, 3);
    let page = page(&read(scenario), "192.0.2.11");
    let auth = report(&page, "authdata");
    assert!(auth.remark.as_ref().is_some_and(|text| text.starts_with("No keys after 3 attempts")));
    assert_eq!(value(auth, "auth_key"), "none yet");
}
