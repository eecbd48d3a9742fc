//! The reports with a record for each source or client.

use libchrony::{Clients, Error, Snapshot};

use super::{Cell, Content, Head, Made, Table, made};
use crate::view::figure::Health;
use crate::view::sources::{Ordered, Term, Who};
use crate::view::{authdata, clients as asking, ntpdata, selectdata, sources, sourcestats};

const fn text(label: &'static str) -> Head {
    Head { label, is_number: false }
}

const fn number(label: &'static str) -> Head {
    Head { label, is_number: true }
}

const SOURCE: Head = text("Source");
/// What is to be said of a row in words.
const NOTE: Head = text("Note");

/// Names that tell the rows apart: where two sources have one name, as those of a pool, with the address.
fn named<'a>(who: impl IntoIterator<Item = &'a Who>) -> Vec<Cell> {
    let all: Vec<_> = who.into_iter().collect();
    let cell = |who: &&Who| match &who.address {
        Some(address) if all.iter().filter(|other| other.name == who.name).count() > 1 => {
            Cell::new(format!("{} ({address})", who.name))
        }
        _ => Cell::new(&who.name),
    };
    all.iter().map(cell).collect()
}

/// Texts as cells.
fn cells<const N: usize>(texts: [&str; N]) -> [Cell; N] {
    texts.map(Cell::new)
}

/// A table without the columns that may be empty and are.
fn table(heads: &[Head], key: usize, optional: &[&str], rows: Vec<Vec<Cell>>) -> Content {
    let is_kept = |column: usize| {
        let has_any =
            || rows.iter().any(|row| row.get(column).is_some_and(|it| !it.text.is_empty()));
        heads.get(column).is_some_and(|head| !optional.contains(&head.label)) || has_any()
    };
    let kept: Vec<_> = (0..heads.len()).filter(|column| is_kept(*column)).collect();
    let rows = rows.iter().map(|row| kept.iter().filter_map(|it| row.get(*it)).cloned().collect());
    Content::Table(Table {
        heads: kept.iter().filter_map(|column| heads.get(*column)).copied().collect(),
        rows: rows.collect(),
        key,
    })
}

/// How a source in this state stands.
fn standing(state: Term) -> Health {
    match state.class {
        "selected" | "combined" => Health::Good,
        "falseticker" => Health::Bad,
        "jittery" | "unusable" | "unreachable" | "unresolved" => Health::Warning,
        _ => Health::Plain,
    }
}

pub(super) fn sources(snapshot: &Snapshot) -> Made {
    let view = sources::sources(Some(&Ordered::of(snapshot)));
    let heads = [
        text("State"),
        SOURCE,
        text("Address"),
        text("Mode"),
        number("Stratum"),
        number("Poll"),
        number("Reach"),
        number("Last sample"),
        number("Offset"),
        number("Error"),
        number("As measured"),
        NOTE,
    ];
    let row = |row: &sources::Row| {
        let state =
            Cell::standing(format!("{} {}", row.state.mark, row.state.word), standing(row.state));
        let reach = format!("{} {}", row.reach.words, row.reach.octal);
        let error = row.error.as_ref().map_or_else(String::new, |error| format!("± {error}"));
        let of = |value: &Option<String>| value.clone().unwrap_or_default();
        let is_chosen = row.state.class == "selected";
        let rest = cells([
            &row.name,
            &of(&row.address),
            &format!("{} {}", row.mode.mark, row.mode.word),
            &row.stratum,
            &row.poll,
            &reach,
            &row.last_sample.text,
            &of(&row.offset),
            &error,
            &of(&row.measured),
            row.why.unwrap_or_default(),
        ]);
        [state].into_iter().chain(rest).map(|cell| Cell { is_chosen, ..cell }).collect()
    };
    let rows: Vec<_> = view.rows.iter().map(row).collect();
    let remark = match rows.len() {
        0 => "No sources are configured.".to_owned(),
        _ => format!("{}.", view.count.unwrap_or_default()),
    };
    let content = table(&heads, 1, &["Address", "Note"], rows);
    made(view.missing.as_ref(), vec![remark], content)
}

pub(super) fn sourcestats(snapshot: &Snapshot) -> Made {
    let view = sourcestats::sourcestats(Some(&Ordered::of(snapshot)));
    let heads = [
        SOURCE,
        number("Samples"),
        number("Runs"),
        number("Span"),
        number("Frequency"),
        number("Skew"),
        number("Offset"),
        number("Error"),
        number("Standard deviation"),
        NOTE,
    ];
    let row = |(name, row): (Cell, &sourcestats::StatsRow)| {
        let rest = match row.none {
            Some(none) => cells(["", "", "", "", "", "", "", "", none]),
            None => cells([
                &row.samples,
                &row.runs,
                &row.span,
                &row.frequency,
                &row.skew,
                &row.offset,
                &format!("± {}", row.error),
                &row.std_dev,
                "",
            ]),
        };
        [name].into_iter().chain(rest).collect()
    };
    let names = named(view.rows.iter().map(|row| &row.who));
    let rows = names.into_iter().zip(view.rows.iter()).map(row).collect();
    made(view.missing.as_ref(), Vec::new(), table(&heads, 0, &["Note"], rows))
}

pub(super) fn selectdata(snapshot: &Snapshot) -> Made {
    let view = selectdata::selectdata(Some(&Ordered::of(snapshot)));
    let heads = [
        SOURCE,
        number("Interval"),
        number("Score"),
        number("Last sample"),
        text("Options"),
        text("Result"),
    ];
    let row = |(name, row): (Cell, &selectdata::SelectRow)| {
        let is_chosen = row.class == "chosen";
        let health = match row.class {
            "chosen" | "combined" => Health::Good,
            "falseticker" => Health::Bad,
            _ => Health::Plain,
        };
        let rest = cells([
            row.interval.as_deref().unwrap_or("no sample yet"),
            &row.score,
            &row.last_sample.text,
            row.options.as_deref().unwrap_or_default(),
        ]);
        let result = Cell::standing(&row.verdict, health);
        let all = [name].into_iter().chain(rest).chain([result]);
        all.map(|cell| Cell { is_chosen, ..cell }).collect()
    };
    let names = named(view.rows.iter().map(|row| &row.who));
    let rows = names.into_iter().zip(view.rows.iter()).map(row).collect();
    made(view.missing.as_ref(), Vec::new(), table(&heads, 0, &["Options"], rows))
}

pub(super) fn ntpdata(snapshot: &Snapshot) -> Made {
    let view = ntpdata::ntpdata(Some(&Ordered::of(snapshot)));
    let heads = [
        SOURCE,
        number("Offset"),
        number("Delay"),
        number("Dispersion"),
        number("Response time"),
        text("Timestamps"),
        number("Sent / received / good"),
        text("Tests"),
    ];
    let row = |(name, row): (Cell, &ntpdata::NtpRow)| {
        let (rest, tests) = if row.silent {
            (cells(["", "", "", "", "", &row.packets]), Cell::new("no packet yet"))
        } else {
            let health = if row.tests.failed { Health::Warning } else { Health::Good };
            let rest = cells([
                &row.offset,
                &row.delay,
                &row.dispersion,
                &row.response,
                &row.timestamps,
                &row.packets,
            ]);
            (rest, Cell::standing(&row.tests.text, health))
        };
        [name].into_iter().chain(rest).chain([tests]).collect()
    };
    let names = named(view.rows.iter().map(|row| &row.who));
    let rows = names.into_iter().zip(view.rows.iter()).map(row).collect();
    made(view.missing.as_ref(), Vec::new(), table(&heads, 0, &[], rows))
}

pub(super) fn authdata(snapshot: &Snapshot) -> Made {
    let view = authdata::authdata(Some(&Ordered::of(snapshot)));
    let heads =
        [SOURCE, text("Method"), text("Key"), number("Keys established"), number("Cookies"), NOTE];
    let row = |(name, row): (Cell, &authdata::AuthRow)| {
        let note = row.trouble.as_deref().unwrap_or_default();
        let rest = cells([&row.mode, &row.key, &row.established, &row.cookies]);
        let note = Cell::standing(note, Health::Warning);
        [name].into_iter().chain(rest).chain([note]).collect()
    };
    let names = named(view.rows.iter().map(|row| &row.who));
    let rows = names.into_iter().zip(view.rows.iter()).map(row).collect();
    let content = table(&heads, 0, &["Key", "Note"], rows);
    made(view.missing.as_ref(), view.summary.into_iter().collect(), content)
}

pub(super) fn clients(given: Option<Result<&Clients, &Error>>) -> Made {
    let view = asking::at_most(usize::MAX, given);
    let heads = [
        text("Client"),
        number("NTP requests"),
        number("Asks every"),
        number("Last asked"),
        number("NTS keys"),
        number("Commands"),
        text("Dropped"),
    ];
    let row = |row: &asking::ClientRow| {
        let health = if row.class.is_empty() { Health::Plain } else { Health::Warning };
        let rest =
            cells([&row.address, &row.ntp, &row.interval, &row.last, &row.nts_ke, &row.command]);
        rest.into_iter().chain([Cell::standing(&row.dropped, health)]).collect()
    };
    let rows = view.rows.iter().map(row).collect();
    let remarks = view.summary.into_iter().collect();
    made(view.missing.as_ref(), remarks, table(&heads, 0, &[], rows))
}
