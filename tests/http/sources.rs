//! The pages of single sources.

use libchrony::testing::{Command, Fault, Scenario, Simulator, Source};

use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::mmdb::database;
use crate::{assert_page, shown, without_chronyd};

#[test]
fn every_source_that_the_dashboard_links_to_has_a_page() {
    let mut scenario = Scenario::gps_and_pps();
    scenario.sources.extend(Scenario::falseticker().sources.into_iter().skip(1));
    scenario.sources.extend(Scenario::unresolved().sources.into_iter().skip(3));
    let number = scenario.sources.len();
    let (_chronyd, dashboard) = shown(scenario);
    let links = dashboard.get("/").page().attributes(".sources tbody a", "href");
    assert_eq!(links.len(), number, "{links:?}");
    let mut names = Vec::new();
    for link in &links {
        let response = dashboard.get(link);
        assert_page(&response, 200);
        let page = response.page();
        assert_eq!(page.all("h1").len(), 1, "{link}");
        names.push(page.text("h1"));
        let head = dashboard.head(link);
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{link}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), number, "{names:?}");
    // The next of each leads through all of them, and no further.
    let mut walked = vec![links[0].clone()];
    while let [next] =
        &dashboard.get(walked.last().unwrap()).page().attributes(".way .next", "href")[..]
    {
        assert!(walked.len() < number, "{walked:?}");
        walked.push(next.clone());
    }
    assert_eq!(walked, links);
}

#[test]
fn the_state_is_a_sentence_and_each_load_a_reading_of_its_own() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    let standing = || dashboard.get("/sources/192.0.2.11").page().text(".standing");
    assert_eq!(standing(), "This source is selected: the clock follows it.");
    let mut scenario = Scenario::synchronized();
    scenario.sources[0] = scenario.sources[0].clone().with_state(Source::FALSETICKER);
    chronyd.set(scenario);
    assert!(standing().starts_with("A falseticker: its time disagrees with the majority"));
    assert!(!dashboard.get("/sources/192.0.2.11").page().all(".steps li").is_empty());
}

#[test]
fn the_last_polls_are_eight_marks_with_words() {
    let mut scenario = Scenario::synchronized();
    scenario.sources[0].reachability = 0o273;
    let (_chronyd, dashboard) = shown(scenario);
    let page = dashboard.get("/sources/192.0.2.11").page();
    let words = page.all(".timeline .word");
    assert_eq!(words.iter().filter(|word| *word == "answered").count(), 6, "{words:?}");
    assert_eq!((words.len(), words[1].as_str(), words[5].as_str()), (8, "missed", "missed"));
    assert!(page.all(".timeline .age").iter().all(|age| age.ends_with(" ago")));
    assert!(page.text(".history").contains("6 of the last 8 polls were answered."));
}

#[test]
fn an_id_that_is_no_source_is_a_page_that_says_where_they_are() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    for id in ["192.0.2.99", "GPS", "192.0.2.11-2", "2001:DB8::13"] {
        let response = dashboard.get(&format!("/sources/{id}"));
        assert_page(&response, 404);
        assert!(response.page().text("main").contains("names the sources"), "{}", response.body);
    }
    assert_page(&dashboard.get("/sources/2001%3Adb8%3a%3A13"), 200);
    assert_page(&dashboard.get("/sources/192.0.2.11?a=b"), 200);
    // The sampler reads too; what cannot be an id asks nothing even where nobody answers.
    drop(chronyd);
    let (_directory, dashboard) = without_chronyd();
    let long = "a".repeat(2_000);
    for id in ["%00", "%ff", "%zz", "..", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "a%20b", &long] {
        let response = dashboard.get(&format!("/sources/{id}"));
        assert_page(&response, 404);
        assert!(!response.body.contains("alert(1)"), "{}", response.body);
    }
    assert_page(&dashboard.get("/sources/192.0.2.11"), 503);
}

#[test]
fn where_the_list_of_sources_is_refused_the_page_says_so() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    chronyd.script([Fault::on(Command::COUNT).status(2), Fault::on(Command::SOURCES).status(2)]);
    let response = dashboard.get("/sources/192.0.2.11");
    assert_page(&response, 503);
    assert!(response.page().text("main").contains("does not give the report sources"));
}

#[test]
fn the_country_comes_from_the_local_database() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let file = tempfile::NamedTempFile::new().expect("a file");
    let networks =
        [("192.0.2.11/32", Some("NO"), Some("Nor<way>")), ("2001:db8::/32", Some("DE"), None)];
    std::fs::write(file.path(), database("GeoLite2-City", &networks)).expect("it is written");
    let path = file.path().to_str().expect("UTF-8");
    let mut command = second_hand();
    command.args(["--port", "0", "--geoip-db", path, "--chronyd", &chronyd.address()]);
    let dashboard = Dashboard::start(&mut command);
    for (id, country) in [
        ("192.0.2.11", "Nor<way> NO"),
        ("2001:db8::13", "DE"),
        ("192.0.2.12", "address for examples, no country"),
    ] {
        let page = dashboard.get(&format!("/sources/{id}")).page();
        assert_eq!(page.text("#source_country dd"), country, "{id}");
    }
}
