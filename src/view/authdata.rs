//! How the packets of each NTP source are authenticated.

use libchrony::{AuthData, AuthMode, ReportName};
use serde::Serialize;

use crate::view::absence;
use crate::view::format::{self, NEVER};
use crate::view::rows::{Rows, When};
use crate::view::sources::{Ordered, Who, rows_of};
use crate::view::step::{self, Step};

/// What its rows are known by.
pub(super) const TABLE: &str = "authdata";

/// The authentication, in the order of the sources.
#[derive(Debug, Serialize)]
pub(crate) struct AuthDataView {
    /// Why there is no table.
    pub(crate) missing: Option<String>,
    /// What holds for all sources, in a sentence.
    pub(crate) summary: Option<String>,
    pub(crate) rows: Rows<AuthRow>,
    /// How authentication is begun, where no source has it.
    pub(crate) steps: Vec<Step>,
}

/// One source's authentication.
#[derive(Debug, Serialize)]
pub(crate) struct AuthRow {
    pub(crate) who: Who,
    pub(crate) mode: String,
    pub(crate) key: String,
    /// When NTS keys were last established.
    pub(crate) established: String,
    pub(crate) cookies: String,
    /// What is wrong with it, in words.
    pub(crate) trouble: Option<String>,
}

/// With its rows.
pub(crate) fn authdata(snapshot: Option<&Ordered<'_>>) -> AuthDataView {
    view(snapshot, Rows::now)
}

pub(super) fn rows<'a>(snapshot: &'a Ordered<'_>) -> Box<dyn Iterator<Item = AuthRow> + 'a> {
    let data = snapshot.authdata.as_deref().unwrap_or_default();
    rows_of(snapshot, data, |joined| joined.auth, |data| data.address, row)
}

pub(super) fn view(snapshot: Option<&Ordered<'_>>, when: When<AuthRow>) -> AuthDataView {
    let Some((snapshot, data)) = snapshot.and_then(|all| Some((all, all.authdata.as_ref()?)))
    else {
        let missing = Some(absence(Ordered::snapshot(snapshot), ReportName::AuthData));
        return AuthDataView { missing, summary: None, rows: Rows::none(TABLE), steps: Vec::new() };
    };
    let authenticated = data.iter().filter(|data| data.is_authenticated()).count();
    let all = format::counted(data.len(), "NTP source", "NTP sources");
    let summary = match (authenticated, data.len()) {
        (_, 0) => "There are no NTP sources.".to_owned(),
        (0, number) => {
            let who = match number {
                1 => "The NTP source is not".to_owned(),
                number => format!("Not one of the {number} NTP sources is"),
            };
            format!(
                "{who} authenticated, which is usual: whoever controls the network in between could give this clock a wrong time."
            )
        }
        (some, _) => format!("{some} of {all} authenticated."),
    };
    // A list in which nothing is authenticated says no more than the sentence does.
    let rows = match authenticated {
        0 => Rows::none(TABLE),
        _ => when(TABLE, &mut rows(snapshot)),
    };
    let steps = if authenticated == 0 && !data.is_empty() { nts() } else { Vec::new() };
    AuthDataView { missing: None, summary: Some(summary), rows, steps }
}

fn nts() -> Vec<Step> {
    let step = step::configure(
        "Use servers that offer NTS (Network Time Security) and say so in chronyd's configuration.",
        "server time.example.net iburst nts",
    );
    vec![step, step::restart()]
}

pub(crate) fn row(who: Who, data: &AuthData) -> AuthRow {
    let is_nts = data.mode == AuthMode::Nts;
    let never = || NEVER.to_owned();
    AuthRow {
        who,
        mode: match data.mode {
            AuthMode::None => "not authenticated".to_owned(),
            AuthMode::SymmetricKey => "symmetric key".to_owned(),
            AuthMode::Nts => "NTS".to_owned(),
            other => format!("unknown ({})", other.code()),
        },
        key: match data.key_type {
            Some(kind) => {
                format!("{kind}, {} bits, number {}", data.key_length, data.key_id)
            }
            None => String::new(),
        },
        established: if is_nts {
            let age = data.last_key_establishment_ago;
            age.map_or_else(never, |age| format::ago(f64::from(age)))
        } else {
            String::new()
        },
        cookies: if is_nts { format!("{} of 8", data.cookies) } else { String::new() },
        trouble: trouble(data),
    }
}

/// Whether keys were established by NTS.
pub(crate) fn has_keys(data: &AuthData) -> bool {
    data.key_type.is_some() && data.last_key_establishment_ago.is_some()
}

/// What is wrong with its NTS.
pub(crate) fn trouble(data: &AuthData) -> Option<String> {
    if data.mode != AuthMode::Nts {
        return None;
    }
    let attempts = format::counted(data.key_establishment_attempts.into(), "attempt", "attempts");
    if !has_keys(data) {
        return Some(format!(
            "no keys after {attempts}: are the certificates trusted, is TCP port 4460 open, and is the time roughly right?"
        ));
    }
    if data.nak {
        return Some("the server refused the last cookies; new keys will be asked for".to_owned());
    }
    (data.cookies == 0).then(|| "no cookies left: the server does not answer".to_owned())
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Address, Scenario, Source as Simulated};

    use super::*;
    use crate::view::samples::{read, read_udp, without_reference};

    fn nts_server() -> Simulated {
        let mut server = Simulated::server(Address::V4([192, 0, 2, 1].into()));
        (server.auth.mode, server.auth.key_type, server.auth.key_length) = (2, 15, 256);
        (server.auth.cookies, server.auth.last_establishment_ago) = (8, 3_600);
        server.auth.key_id = 4;
        server
    }

    #[test]
    fn nts_shows_its_key_its_age_and_its_cookies() {
        let plain = Simulated::server(Address::V4([192, 0, 2, 2].into()));
        let view = authdata(Some(&Ordered::of(&without_reference(vec![nts_server(), plain]))));
        assert_eq!(view.summary.as_deref(), Some("1 of 2 NTP sources authenticated."));
        let row = &view.rows[0];
        assert_eq!((row.mode.as_str(), row.cookies.as_str()), ("NTS", "8 of 8"));
        assert_eq!(row.key, "aead-aes-siv-cmac-256, 256 bits, number 4");
        assert_eq!((row.established.as_str(), &row.trouble), ("1 h ago", &None));
        assert_eq!(view.rows[1].mode, "not authenticated");
        assert_eq!(view.rows[1].cookies, "");
        assert!(view.steps.is_empty());
    }

    #[test]
    fn failing_nts_says_what_to_look_at() {
        let of = |change: fn(&mut Simulated)| {
            let mut server = nts_server();
            change(&mut server);
            authdata(Some(&Ordered::of(&without_reference(vec![server])))).rows.remove(0).trouble
        };
        let none = of(|server| {
            (server.auth.key_type, server.auth.attempts) = (0, 3);
            server.auth.last_establishment_ago = u32::MAX;
        });
        assert!(none.is_some_and(|text| text.contains("3 attempts") && text.contains("4460")));
        assert!(of(|server| server.auth.nak = true).is_some_and(|text| text.contains("refused")));
        assert!(of(|server| server.auth.cookies = 0).is_some_and(|text| text.contains("cookies")));
    }

    #[test]
    fn no_authentication_is_one_sentence_with_the_line_that_begins_it() {
        let view = authdata(Some(&Ordered::of(&read(Scenario::synchronized()))));
        assert!(view.summary.is_some_and(|text| text.starts_with("Not one of the 3 NTP sources")));
        assert!(view.rows.is_empty());
        assert!(view.steps[0].lines[0].code.ends_with(" nts"));
        let view = authdata(Some(&Ordered::of(&read(Scenario::no_sources()))));
        assert!(view.steps.is_empty());
    }

    #[test]
    fn over_udp_it_says_how_to_get_it() {
        let view = authdata(Some(&Ordered::of(&read_udp(Scenario::synchronized()))));
        assert!(view.missing.is_some_and(|text| text.contains("opencommands")));
    }
}
