//! `second-hand report` and `check` on a real chronyd, held against what chronyc says.

use serial_test::serial;

use super::common::chronyc::Witness;
use super::common::chronyd::Chronyd;
use super::common::dashboard::second_hand;
use super::common::page::quantity;
use super::trio::trio;

/// What `second-hand report` prints of a chronyd that gives all that is asked for.
pub(crate) fn printed(chronyd: &Chronyd, arguments: &[&str]) -> String {
    let mut command = second_hand();
    command.args(["report", "--chronyd", &chronyd.unix()]).args(arguments);
    let output = command.output().expect("second-hand runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The cells of a table by the heads above them, which stand at one end of their column.
fn rows(text: &str) -> Vec<Vec<(String, String)>> {
    let is_head = |line: &&str| line.contains("Source  ");
    let mut lines = text.lines().skip_while(|line| !is_head(line));
    let cells = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    let heads = cells(lines.next().expect("a head"));
    let row = |line| {
        let cells = cells(line);
        // Not every row has a note, which comes last.
        let most = heads.len();
        let least = most - usize::from(heads[most - 1] == "Note");
        assert!((least..=most).contains(&cells.len()), "{text}");
        heads.iter().cloned().zip(cells).collect()
    };
    lines.take_while(|line| !line.is_empty()).map(row).collect()
}

fn cell<'a>(row: &'a [(String, String)], head: &str) -> &'a str {
    let found = row.iter().find(|(name, _)| name == head);
    found.map(|(_, text)| text.as_str()).unwrap_or_else(|| panic!("no {head} in {row:?}"))
}

/// The number in a cell is chronyc's, to the digits that are shown.
fn shows(witness: &Witness, line: usize, field: usize, cell: &str) {
    let (value, digit) = quantity(cell);
    witness.resembles(line, field, value, digit / 2.0);
}

#[serial]
pub(crate) fn the_table_of_sources_is_what_chronyc_says() {
    let trio = trio();
    let read = || printed(&trio.client, &["sources"]);
    let (text, witness) = Witness::around(&trio.client, "sources", &[6], read);
    assert!(text.contains("  3 sources.\n"), "{text}");
    let rows = rows(&text);
    assert_eq!(rows.len(), 3, "{text}");
    for row in rows {
        let line = witness.line(2, cell(&row, "Source"));
        assert_eq!(witness.text(line, 1), &cell(&row, "State")[..1]);
        assert_eq!((witness.text(line, 0), cell(&row, "Mode")), ("^", "^ server"));
        assert_eq!(witness.text(line, 3), cell(&row, "Stratum"));
        let octal = witness.text(line, 5);
        assert!(cell(&row, "Reach").ends_with(octal), "{text}");
        let (interval, _) = quantity(cell(&row, "Poll"));
        witness.agrees(line, 4, interval.log2());
        shows(&witness, line, 7, cell(&row, "Offset"));
        shows(&witness, line, 8, cell(&row, "As measured"));
        shows(&witness, line, 9, cell(&row, "Error"));
    }
}

#[serial]
pub(crate) fn the_table_of_statistics_is_what_chronyc_says() {
    let trio = trio();
    let read = || printed(&trio.client, &["sourcestats"]);
    let (text, witness) = Witness::around(&trio.client, "sourcestats", &[6], read);
    let rows = rows(&text);
    assert_eq!((rows.len(), witness.lines()), (3, 3), "{text}");
    for row in rows {
        let line = witness.line(0, cell(&row, "Source"));
        assert_eq!(witness.text(line, 1), cell(&row, "Samples"));
        assert_eq!(witness.text(line, 2), cell(&row, "Runs"));
        for (field, head) in
            [(4, "Frequency"), (5, "Skew"), (6, "Offset"), (7, "Standard deviation")]
        {
            shows(&witness, line, field, cell(&row, head));
        }
    }
}

#[serial]
pub(crate) fn the_values_of_tracking_are_what_chronyc_says() {
    let trio = trio();
    let read = || printed(&trio.client, &["tracking"]);
    let (text, witness) = Witness::around(&trio.client, "tracking", &[4, 11], read);
    let value = |label: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{label}  ")));
        let line = line.unwrap_or_else(|| panic!("no {label}: {text}"));
        let rest = line.trim_start().trim_start_matches(label).trim_start();
        rest.split("  ").next().unwrap_or_default().to_owned()
    };
    for (field, label) in [
        (4, "Offset"),
        (5, "Last offset"),
        (6, "RMS offset"),
        (7, "Frequency"),
        (8, "Residual frequency"),
        (9, "Skew"),
        (10, "Root delay"),
        (11, "Root dispersion"),
    ] {
        shows(&witness, 0, field, &value(label));
    }
    assert_eq!(witness.text(0, 0), value("Reference ID"));
    assert_eq!(witness.text(0, 1), value("Reference source"));
    assert_eq!(witness.text(0, 2), value("Stratum"));
    assert_eq!(value("Leap status"), witness.text(0, 13).to_lowercase());
}

#[serial]
pub(crate) fn the_check_holds_the_sources_of_a_real_chronyd_against_its_limit() {
    let trio = trio();
    for (least, is_critical) in [("3", false), ("4", true)] {
        let mut command = second_hand();
        command.args(["check", "--max-stratum=4", "--min-sources", least]);
        let output = command.args(["--chronyd", &trio.client.unix()]).output().expect("it runs");
        let line = String::from_utf8(output.stdout).expect("UTF-8");
        // The rate of a young clock is not known well, which is a warning.
        assert_eq!(output.status.code() == Some(2), is_critical, "{line}");
        assert!(line.contains(&format!(" reachable=3;;{least}:;0;3")), "{line}");
    }
}
