//! What chronyc says of the same daemon, as its comma-separated output.

use super::chronyd::Chronyd;
use super::need;

/// The lines of a command's output, each as its fields.
pub(crate) fn chronyc(chronyd: &Chronyd, command: &str) -> Vec<Vec<String>> {
    let output = need::program("chronyc")
        .args(["-n", "-c", "-h", &chronyd.unix()])
        .args(command.split(' '))
        .output()
        .expect("chronyc runs");
    let text = String::from_utf8(output.stdout).expect("chronyc writes UTF-8");
    assert!(output.status.success(), "chronyc {command}: {text}");
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// Holds a reading against what chronyc said just before and just after it.
pub(crate) struct Witness {
    before: Vec<Vec<String>>,
    after: Vec<Vec<String>>,
}

impl Witness {
    /// Reads with `read` between two runs of chronyc that agree in all fields but the `moving` ones.
    ///
    /// Moving are ages, and what chronyd works out for the moment of the request.
    pub(crate) fn around<T>(
        chronyd: &Chronyd,
        command: &str,
        moving: &[usize],
        mut read: impl FnMut() -> T,
    ) -> (T, Self) {
        let steady = |lines: &[Vec<String>]| -> Vec<Vec<String>> {
            let fields = |line: &Vec<String>| {
                let kept = line.iter().enumerate().filter(|(field, _)| !moving.contains(field));
                kept.map(|(_, text)| text.clone()).collect()
            };
            lines.iter().map(fields).collect()
        };
        super::eventually("chronyc says the same twice", || {
            let before = chronyc(chronyd, command);
            let reading = read();
            let after = chronyc(chronyd, command);
            (steady(&before) == steady(&after)).then_some((reading, Self { before, after }))
        })
    }

    pub(crate) fn lines(&self) -> usize {
        self.before.len()
    }

    /// Whether the lines have so many fields and one more: an older chronyc prints fewer.
    pub(crate) fn has(&self, field: usize) -> bool {
        self.before.iter().all(|line| line.len() > field)
    }

    /// The line with this text in this field.
    pub(crate) fn line(&self, field: usize, text: &str) -> usize {
        let found = self.before.iter().position(|line| line[field] == text);
        found.unwrap_or_else(|| panic!("{text} is in no line of {:#?}", self.before))
    }

    /// The text of a field that does not move.
    pub(crate) fn text(&self, line: usize, field: usize) -> &str {
        let (before, after) = (&self.before[line][field], &self.after[line][field]);
        assert_eq!(before, after, "field {field} of line {line} moves");
        before
    }

    /// Whether a number is what chronyc says, to the last digit that it prints.
    pub(crate) fn agrees(&self, line: usize, field: usize, value: f64) {
        self.resembles(line, field, value, 0.0);
    }

    /// As above, but for an error of at most `slack`.
    pub(crate) fn resembles(&self, line: usize, field: usize, value: f64, slack: f64) {
        let said = [&self.before, &self.after].map(|lines| lines[line][field].as_str());
        let digits = said[0].split_once('.').map_or(0, |(_, digits)| digits.len());
        let digits = i32::try_from(digits).expect("a few digits");
        // A moving number is rounded twice; the rest is what binary fractions cost.
        let slack = slack + 0.501 * 10_f64.powi(-digits) + value.abs() * 1e-12;
        let [before, after] = said.map(|text| text.parse::<f64>().expect("a number"));
        let (low, high) = (before.min(after) - slack, before.max(after) + slack);
        assert!(
            (low..=high).contains(&value),
            "field {field} of line {line}: {value} is not in {low} to {high}"
        );
    }
}
