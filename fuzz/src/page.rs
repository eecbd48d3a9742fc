//! What a hostile chronyd says, on the page and in the API's JSON: no element, attribute or control
//! character in them is chronyd's.

use actix_web::test::TestRequest;
use arbitrary::{Result, Unstructured};

use crate::{script, site};

const PATHS: [&str; 12] = [
    "/",
    "/api/v1/snapshot",
    "/api/v1/tracking",
    "/api/v1/sources",
    "/api/v1/sourcestats",
    "/api/v1/selectdata",
    "/api/v1/activity",
    "/api/v1/authdata",
    "/api/v1/ntpdata",
    "/api/v1/serverstats",
    "/api/v1/rtcdata",
    "/api/v1/smoothing",
];

/// See the module.
pub fn run(data: &[u8]) {
    // An input that is too short for a scenario says nothing.
    let _ = try_run(&mut Unstructured::new(data));
}

fn try_run(input: &mut Unstructured<'_>) -> Result<()> {
    // Half of the inputs ask for the page.
    let path = PATHS[usize::from(input.arbitrary::<u8>()?).saturating_sub(128) % PATHS.len()];
    let scenario = script::scenario(input)?;
    let faults = script::faults(input)?;
    site::with(|site| {
        site.chronyd.set(scenario);
        site.chronyd.script([faults]);
        let request = TestRequest::with_uri(path).insert_header(("host", "localhost"));
        let answer = site.ask(request, path != "/");
        assert!([200, 503].contains(&answer.status), "{path}: {}", answer.status);
        site.chronyd.script([]);
    });
    Ok(())
}
