//! What a right answer looks like, whatever happens to chronyd.

use std::collections::BTreeSet;

use serde_json::Value;

/// Sources that are configured and stay: 127.0.0.2 to 127.0.0.4.
pub(crate) const STAY: std::ops::RangeInclusive<u8> = 2..=4;
/// Sources that come and go: 127.0.0.5 to 127.0.0.9.
pub(crate) const COME_AND_GO: std::ops::RangeInclusive<u8> = 5..=9;
/// The stratum of the server behind all of them.
pub(crate) const STRATUM: u8 = 3;

/// The reports that chronyd refuses over UDP.
pub(crate) const CLOSED_OVER_UDP: [&str; 5] =
    ["selectdata", "authdata", "ntpdata", "serverstats", "clients"];

fn address(last: u8) -> String {
    format!("127.0.0.{last}")
}

fn wrong(report: &str, what: &str, value: &Value) -> Result<(), String> {
    Err(format!("{report}: {what}: {value}"))
}

/// Holds a snapshot against what can be.
pub(crate) fn snapshot(json: &Value) -> Result<(), String> {
    for name in ["tracking", "sources", "sourcestats", "activity"] {
        report(name, &json[name])?;
    }
    for name in CLOSED_OVER_UDP {
        // A snapshot has no clients.
        if !json[name].is_null() {
            report(name, &json[name])?;
        }
    }
    // All reports are of one list of sources.
    let sources = addresses("sources", &json["sources"])?;
    for (name, key) in [("sourcestats", "address"), ("selectdata", "address")] {
        let list = &json[name];
        if !list.is_null() && list.as_array().map(Vec::len) != Some(sources.len()) {
            return wrong(name, "not as long as sources", json);
        }
        for record in list.as_array().into_iter().flatten() {
            if !sources.contains(record[key].as_str().unwrap_or_default()) {
                return wrong(name, "a source that sources does not list", record);
            }
        }
    }
    let activity = json["activity"].as_object().into_iter().flatten();
    let counted: u64 = activity.filter_map(|(_, number)| number.as_u64()).sum();
    if counted < 3 {
        return wrong("activity", "fewer than are configured", &json["activity"]);
    }
    Ok(())
}

/// Holds one report against what can be.
pub(crate) fn report(name: &str, json: &Value) -> Result<(), String> {
    match name {
        "tracking" => tracking(json),
        "sources" => sources(json),
        "sourcestats" | "selectdata" | "authdata" => addresses(name, json).map(drop),
        "ntpdata" => ntp_data(json),
        "rtcdata" if json.is_null() => Ok(()),
        "clients" => clients(json),
        "history" => history(json),
        _ if json.is_object() => Ok(()),
        _ => wrong(name, "neither an object nor a list", json),
    }
}

fn tracking(json: &Value) -> Result<(), String> {
    let stratum = json["stratum"].as_u64();
    let synchronized = json["synchronized"] == true;
    if synchronized != (stratum == Some(u64::from(STRATUM) + 1)) {
        return wrong("tracking", "the stratum does not fit", json);
    }
    if let Some(ip) = json["reference_ip"].as_str()
        && !STAY.chain(COME_AND_GO).any(|last| address(last) == ip)
    {
        return wrong("tracking", "a reference that was never configured", json);
    }
    let small = |key: &str| json[key].as_f64().is_some_and(|seconds| seconds.abs() < 1.0);
    let sound = ["offset", "last_offset", "rms_offset", "root_delay"].into_iter().all(small);
    if synchronized && !sound {
        return wrong("tracking", "a value that cannot be", json);
    }
    Ok(())
}

fn sources(json: &Value) -> Result<(), String> {
    let found = addresses("sources", json)?;
    if !STAY.map(address).all(|address| found.contains(&address)) {
        return wrong("sources", "one that is always configured is missing", json);
    }
    for source in json.as_array().into_iter().flatten() {
        let is_right = source["mode"] == "client"
            && source["stratum"].as_u64().is_none_or(|stratum| stratum == u64::from(STRATUM))
            && source["reachability"].as_u64().is_some_and(|reach| reach <= 255);
        if !is_right {
            return wrong("sources", "a value that cannot be", source);
        }
    }
    Ok(())
}

fn ntp_data(json: &Value) -> Result<(), String> {
    for record in json.as_array().into_iter().flatten() {
        let remote = record["remote_address"].as_str().unwrap_or_default();
        if !STAY.chain(COME_AND_GO).any(|last| address(last) == remote) {
            return wrong("ntpdata", "a source that was never configured", record);
        }
    }
    Ok(())
}

/// Nobody asks but this machine, by commands alone, as this chronyd serves no time.
fn clients(json: &Value) -> Result<(), String> {
    let Some(clients) = json["clients"].as_array() else {
        return wrong("clients", "no list", json);
    };
    for client in clients {
        let address = client["address"].as_str().unwrap_or_default();
        if !matches!(address, "127.0.0.1" | "::1") || client["ntp_hits"] != 0 {
            return wrong("clients", "one that asked for nothing", client);
        }
    }
    Ok(())
}

/// Values that can be, or gaps, as many in each column; changes in the order in which they came.
fn history(json: &Value) -> Result<(), String> {
    let series = json["series"].as_object().into_iter().flatten();
    let mut lengths = BTreeSet::new();
    for (name, columns) in series {
        let column = |key: &str| columns[key].as_array().cloned().unwrap_or_default();
        let (low, mean, high) = (column("min"), column("mean"), column("max"));
        lengths.extend([low.len(), mean.len(), high.len()]);
        for ((low, mean), high) in low.iter().zip(&mean).zip(&high) {
            let numbers = [low.as_f64(), mean.as_f64(), high.as_f64()];
            let is_right = match numbers {
                // The mean is rounded by itself.
                [Some(low), Some(mean), Some(high)] => {
                    let little = 1e-6 * (low.abs() + high.abs());
                    low <= high && (low - little..=high + little).contains(&mean)
                }
                numbers => numbers == [None; 3],
            };
            let stratum = u64::from(STRATUM) + 1;
            if !is_right || name == "stratum" && mean.as_f64().is_some_and(|s| s > stratum as f64) {
                return wrong("history", name, &serde_json::json!(numbers));
            }
        }
    }
    if lengths.len() != 1 || lengths.contains(&0) {
        return wrong("history", "series of different lengths", json);
    }
    let events = json["events"].as_array();
    let times: Vec<_> = events
        .into_iter()
        .flatten()
        .map(|event| event["at"].as_str().unwrap_or_default())
        .collect();
    if !times.is_sorted() && !times.iter().rev().is_sorted() || times.contains(&"") {
        return wrong("history", "changes in no order", &json["events"]);
    }
    Ok(())
}

/// The addresses of a report's records: each was configured, none stands twice.
fn addresses(name: &str, json: &Value) -> Result<BTreeSet<String>, String> {
    let Some(records) = json.as_array() else {
        return wrong(name, "no list", json).map(|()| BTreeSet::new());
    };
    let mut found = BTreeSet::new();
    for record in records {
        let text = record["address"].as_str().unwrap_or_default().to_owned();
        if !STAY.chain(COME_AND_GO).any(|last| address(last) == text) {
            return wrong(name, "a source that was never configured", record).map(|()| found);
        }
        if !found.insert(text) {
            return wrong(name, "a source stands twice", json).map(|()| found);
        }
    }
    Ok(found)
}
