//! What a hostile chronyd says, on the page and in the API's JSON: no element, attribute or control
//! character in them is chronyd's.

use actix_web::test::TestRequest;
use arbitrary::{Result, Unstructured};
use libchrony::ReportName;

use crate::script;
use crate::site::{self, Site};

/// Besides the page and the reports.
const MORE: [&str; 3] = ["snapshot", "clients", "history"];

/// See the module.
pub fn run(data: &[u8]) {
    // An input that is too short for a scenario says nothing.
    let _ = try_run(&mut Unstructured::new(data));
}

fn try_run(input: &mut Unstructured<'_>) -> Result<()> {
    // Half of the inputs ask for the page.
    let place = usize::from(input.arbitrary::<u8>()?).saturating_sub(128);
    let names = ReportName::ALL.iter().map(|report| report.as_str()).chain(MORE);
    let names: Vec<_> = std::iter::once(None).chain(names.map(Some)).collect();
    let scenario = script::scenario(input)?;
    let faults = script::faults(input)?;
    site::with(|site| {
        site.chronyd.set(scenario);
        site.chronyd.script([faults]);
        match names[place % names.len()] {
            Some(name) => drop(asked(site, &format!("/api/v1/{name}"), &[200, 503])),
            None => {
                let page = asked(site, "/", &[200, 503]);
                // A source's own page, as the table leads to it. The next reading may lack it.
                let link = page.split('"').find(|piece| piece.starts_with("/sources/"));
                link.map(|link| asked(site, link, &[200, 404, 503]));
            }
        }
        site.chronyd.script([]);
    });
    Ok(())
}

/// The body of an answer that has one of these statuses.
fn asked(site: &Site, path: &str, statuses: &[u16]) -> String {
    let request = TestRequest::with_uri(path).insert_header(("host", "localhost"));
    let answer = site.ask(request, path.starts_with("/api/"));
    assert!(statuses.contains(&answer.status), "{path}: {}: {}", answer.status, answer.body);
    answer.body
}
