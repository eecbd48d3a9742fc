//! What chronyc says of the same daemon, as its comma-separated output.

use super::chronyd::Chronyd;
use super::need;

/// The lines of a command's output, each as its fields.
pub(crate) fn chronyc(chronyd: &Chronyd, command: &str) -> Vec<Vec<String>> {
    let output = need::program("chronyc")
        .args(["-n", "-c", "-h", &chronyd.unix(), command])
        .output()
        .expect("chronyc runs");
    let text = String::from_utf8(output.stdout).expect("chronyc writes UTF-8");
    assert!(output.status.success(), "chronyc {command}: {text}");
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// Holds a reading against what chronyc said before and after it.
pub(crate) struct Witness {
    before: Vec<Vec<String>>,
    after: Vec<Vec<String>>,
}

impl Witness {
    /// Reads with `read` between two runs of chronyc, until both runs have as many lines.
    pub(crate) fn around<T>(
        chronyd: &Chronyd,
        command: &str,
        mut read: impl FnMut() -> T,
    ) -> (T, Self) {
        super::eventually("chronyc lists as many lines twice", || {
            let before = chronyc(chronyd, command);
            let reading = read();
            let after = chronyc(chronyd, command);
            (before.len() == after.len()).then_some((reading, Self { before, after }))
        })
    }

    pub(crate) fn lines(&self) -> usize {
        self.before.len()
    }

    /// The text of a field, which must be the same before and after.
    pub(crate) fn text(&self, line: usize, field: usize) -> &str {
        let (before, after) = (&self.before[line][field], &self.after[line][field]);
        assert_eq!(before, after, "field {field} of line {line} changed meanwhile");
        before
    }

    /// Whether a text is what chronyc said before or after.
    pub(crate) fn says(&self, line: usize, field: usize, text: &str) {
        let said = [&self.before[line][field], &self.after[line][field]];
        assert!(said.iter().any(|said| *said == text), "{text:?} is none of {said:?} ({field})");
    }

    /// Whether a number lies where chronyc saw it, but for the digits it prints.
    pub(crate) fn agrees(&self, line: usize, field: usize, value: f64, digits: i32) {
        let number = |lines: &[Vec<String>]| lines[line][field].parse::<f64>().expect("a number");
        let (before, after) = (number(&self.before), number(&self.after));
        let slack = 2.0 * 10_f64.powi(-digits) + (before - after).abs();
        let (low, high) = (before.min(after) - slack, before.max(after) + slack);
        assert!(
            (low..=high).contains(&value),
            "field {field} of line {line}: {value} is not in {low} to {high}"
        );
    }
}
