//! Sections as lines of text, for a terminal or what stands in its place.

use super::layout::{GAP, NARROWEST, padding, parts, safe, width, wrapped};
use crate::view::{Absent, Cell, Content, Head, Health, Line, Section, Table};

/// What the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terminal {
    /// How many cells its lines have; `None` = as many as are needed.
    pub(super) width: Option<usize>,
    pub(super) has_color: bool,
}

/// The sequences of a terminal (ECMA-48, SGR).
const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

/// Before what belongs to a section.
const INDENT: &str = "  ";
/// Before what there was no room for behind its label.
const BELOW: &str = "      ";
/// Values longer than this stand before their notes without being lined up.
const VALUE: usize = 26;

impl Terminal {
    /// A heading, sections, and why others are not there.
    pub(super) fn page(
        self,
        heading: Option<&str>,
        sections: &[Section],
        absent: &[&Absent<'_>],
    ) -> String {
        let heading = heading.map(|heading| format!("{}\n", safe(heading)));
        let sections = sections.iter().map(|section| self.section(section));
        let absent = self.absent(absent);
        let all: Vec<_> = heading.into_iter().chain(sections).chain(absent).collect();
        all.join("\n")
    }

    fn section(self, section: &Section) -> String {
        let mut lines = vec![self.title(section.name, section.tells)];
        for remark in &section.remarks {
            lines.extend(self.sentences(remark));
        }
        match &section.content {
            Content::Lines(values) => self.values(values, &mut lines),
            Content::Table(table) => self.table(table, &mut lines),
        }
        ended(&lines)
    }

    fn title(self, name: &str, tells: &str) -> String {
        format!("{}: {}", self.painted(name, &[BOLD]), safe(tells))
    }

    /// Reports that are not given, each with why and what to do.
    fn absent(self, absent: &[&Absent<'_>]) -> Option<String> {
        if absent.is_empty() {
            return None;
        }
        let mut lines = vec![self.painted("Not given", &[BOLD])];
        let names = absent.iter().map(|absent| width(absent.name)).max().unwrap_or_default();
        for absent in absent {
            let name = format!("{INDENT}{}{}{GAP}", absent.name, padding(absent.name, names));
            lines.extend(self.hanging(&name, width(&name), &safe(&absent.why)));
        }
        Some(ended(&lines))
    }

    /// Sentences below a title.
    fn sentences(self, text: &str) -> Vec<String> {
        self.hanging(INDENT, INDENT.len(), &safe(text))
    }

    /// A text behind what begins its first line and takes `taken` cells there; where that leaves too little
    /// room, below it.
    fn hanging(self, first: &str, taken: usize, text: &str) -> Vec<String> {
        let room = self.width.map(|width| width.saturating_sub(taken));
        if room.is_some_and(|room| room < NARROWEST) && !first.trim().is_empty() {
            let below =
                if text.is_empty() { Vec::new() } else { self.hanging(BELOW, BELOW.len(), text) };
            return [first.to_owned()].into_iter().chain(below).collect();
        }
        let begin = |number| if number == 0 { first.to_owned() } else { " ".repeat(taken) };
        let lines = wrapped(text, room).into_iter().enumerate();
        lines.map(|(number, line)| format!("{}{line}", begin(number))).collect()
    }

    fn values(self, values: &[Line], lines: &mut Vec<String>) {
        let labels = values.iter().map(|line| width(line.label)).max().unwrap_or_default();
        let long = values.iter().map(|line| width(&safe(&line.value.text)));
        let long = long.filter(|width| *width <= VALUE).max().unwrap_or_default();
        for line in values {
            let text = safe(&line.value.text);
            let label = format!("{INDENT}{}{}{GAP}", line.label, padding(line.label, labels));
            let value = self.colored(&text, &line.value);
            let begin = format!("{label}{value}{}{GAP}", padding(&text, long));
            let taken = width(&label) + width(&text).max(long) + GAP.len();
            lines.extend(self.hanging(&begin, taken, &safe(&line.note)));
        }
    }

    fn table(self, table: &Table, lines: &mut Vec<String>) {
        if table.rows.is_empty() {
            return;
        }
        let texts: Vec<Vec<_>> = table
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| safe(&cell.text)).collect())
            .collect();
        let widest = |(column, head): (usize, &Head)| {
            let cells = texts.iter().filter_map(|row| row.get(column)).map(|text| width(text));
            cells.max().unwrap_or_default().max(width(head.label))
        };
        let widths: Vec<_> = table.heads.iter().enumerate().map(widest).collect();
        let room = self.width.map(|width| width.saturating_sub(INDENT.len()));
        for (number, part) in parts(&widths, table.key, room).into_iter().enumerate() {
            if number > 0 {
                lines.push(String::new());
            }
            let columns: Vec<_> = part
                .iter()
                .filter_map(|column| {
                    Some((*column, table.heads.get(*column)?, *widths.get(*column)?))
                })
                .collect();
            lines.push(self.heads(&columns));
            // A row that has nothing to say here but its name.
            let is_empty = |texts: &[String]| {
                let mut others = part.iter().filter(|column| **column != table.key);
                number > 0 && others.all(|it| texts.get(*it).is_none_or(String::is_empty))
            };
            for (row, texts) in table.rows.iter().zip(&texts).filter(|(_, it)| !is_empty(it)) {
                lines.extend(self.row(&columns, row, texts));
            }
        }
    }

    fn heads(self, columns: &[(usize, &Head, usize)]) -> String {
        let head = |(_, head, width): &(usize, &Head, usize)| {
            placed(head, head.label, &self.painted(head.label, &[BOLD]), *width)
        };
        joined(columns.iter().map(head))
    }

    /// A row; its last text may need more lines where the room is small.
    fn row(self, columns: &[(usize, &Head, usize)], row: &[Cell], texts: &[String]) -> Vec<String> {
        let Some(((last, head, _), others)) = columns.split_last() else { return Vec::new() };
        let of = |column: usize| Some((row.get(column)?, texts.get(column)?));
        let cell = |(column, head, width): &(usize, &Head, usize)| {
            let (cell, text) = of(*column)?;
            Some(placed(head, text, &self.colored(text, cell), *width))
        };
        let begin: Vec<_> = others.iter().filter_map(cell).collect();
        let taken = INDENT.len() + others.iter().map(|it| it.2 + GAP.len()).sum::<usize>();
        let Some((cell, text)) = of(*last) else { return Vec::new() };
        if head.is_number {
            let (_, _, wide) = columns.last().copied().unwrap_or((0, head, 0));
            let value = placed(head, text, &self.colored(text, cell), wide);
            return vec![joined(begin.into_iter().chain([value]))];
        }
        let room = self.width.map(|width| width.saturating_sub(taken));
        let mut lines = wrapped(text, room).into_iter().map(|line| self.colored(&line, cell));
        let first = lines.next().unwrap_or_default();
        let rest = lines.map(|line| format!("{}{line}", " ".repeat(taken)));
        [joined(begin.into_iter().chain([first]))].into_iter().chain(rest).collect()
    }

    /// A text in the colour of how it stands, bold where it belongs to what the clock follows.
    fn colored(self, text: &str, cell: &Cell) -> String {
        let color = match cell.health {
            Health::Good => Some(GREEN),
            Health::Warning => Some(YELLOW),
            Health::Bad => Some(RED),
            Health::Plain | Health::Missing => None,
        };
        let codes: Vec<_> = cell.is_chosen.then_some(BOLD).into_iter().chain(color).collect();
        self.painted(text, &codes)
    }

    fn painted(self, text: &str, codes: &[&str]) -> String {
        if !self.has_color || codes.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", codes.join(";"))
    }
}

/// A text in its column, which `painted` shows.
fn placed(head: &Head, text: &str, painted: &str, width: usize) -> String {
    let padding = padding(text, width);
    if head.is_number { format!("{padding}{painted}") } else { format!("{painted}{padding}") }
}

fn joined(cells: impl Iterator<Item = String>) -> String {
    format!("{INDENT}{}", cells.collect::<Vec<_>>().join(GAP))
}

/// Lines, none of which ends in spaces.
fn ended(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{}\n", line.trim_end_matches(' '))).collect()
}

#[cfg(test)]
mod tests {
    use libchrony::ReportName;
    use libchrony::testing::{Address, Scenario, Source};

    use super::*;
    use crate::view::samples::{read, read_udp};
    use crate::view::section;

    const PIPE: Terminal = Terminal { width: None, has_color: false };

    fn shown(terminal: Terminal, scenario: Scenario, report: ReportName) -> String {
        let snapshot = read(scenario);
        let section = section(&snapshot, None, report).expect("a report");
        terminal.page(None, &[section], &[])
    }

    /// The text without the sequences that colour it.
    fn without_color(text: &str) -> String {
        let mut parts = text.split("\u{1b}[");
        let first = parts.next().unwrap_or_default().to_owned();
        first + &parts.filter_map(|part| Some(part.split_once('m')?.1)).collect::<String>()
    }

    /// A scenario with names of every kind.
    fn named() -> Scenario {
        let mut scenario = Scenario::synchronized();
        for (source, name) in scenario.sources.iter_mut().zip(["時計.example", "a\u{1b}[2Jb", "c"])
        {
            source.name = name.to_owned();
        }
        scenario
    }

    #[test]
    fn columns_stand_below_their_heads_whatever_the_names_are() {
        let text = shown(PIPE, named(), ReportName::Sources);
        let lines: Vec<_> = text.lines().collect();
        let at = |line: &str, word: &str| {
            let (before, _) = line.split_once(word).unwrap_or_else(|| panic!("{word}: {text}"));
            width(before)
        };
        let column = at(lines[2], "Mode");
        assert_eq!(lines.len(), 6, "{text}");
        for row in &lines[3..] {
            assert_eq!(at(row, "^ server"), column, "{text}");
            assert!(!row.contains('\u{1b}') && !row.ends_with(' '), "{text}");
        }
        let stratum = at(lines[2], "Stratum") + "Stratum".len();
        assert!(lines[3..].iter().all(|row| at(row, "2  1 m 4 s") + 1 == stratum), "{text}");
        assert!(text.contains("時計.example") && text.contains("[2Jb"), "{text}");
    }

    #[test]
    fn colour_changes_no_letter_and_only_where_it_is_wanted() {
        let colored = Terminal { has_color: true, ..PIPE };
        for report in ReportName::ALL.iter().filter(|report| **report != ReportName::RtcData) {
            let snapshot = read(Scenario::falseticker());
            let Ok(section) = section(&snapshot, None, *report) else { continue };
            let (plain, text) = (PIPE.section(&section), colored.section(&section));
            assert!(!plain.contains('\u{1b}') && text.contains('\u{1b}'), "{text}");
            assert_eq!(without_color(&text), plain);
        }
        let text = shown(colored, Scenario::falseticker(), ReportName::Sources);
        assert!(text.contains("\u{1b}[1;32m* selected\u{1b}[0m"), "{text}");
        assert!(text.contains("\u{1b}[31mx falseticker\u{1b}[0m"), "{text}");
    }

    #[test]
    fn a_value_that_is_not_as_it_should_be_says_so_in_words() {
        let mut scenario = Scenario::synchronized();
        (scenario.tracking.skew, scenario.tracking.frequency) = (9.0, -60.0);
        let text = shown(PIPE, scenario, ReportName::Tracking);
        let line = |label: &str| {
            let found = text.lines().find(|line| line.trim_start().starts_with(label));
            found.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        let skew = "Skew 9.000 ppm bad (normal: up to 1 ppm; bad above 5 ppm)";
        assert_eq!(line("Skew").as_deref(), Some(skew), "{text}");
        let rate =
            "Frequency \u{2212}60.000 ppm slow; warning (normal: up to 50 ppm; bad above 200 ppm)";
        assert_eq!(line("Frequency").as_deref(), Some(rate), "{text}");
    }

    #[test]
    fn no_line_is_longer_than_a_usual_terminal_and_nothing_is_left_out() {
        let mut scenario = Scenario::falseticker();
        scenario.sources.push(Source::unreachable(Address::V4([192, 0, 2, 99].into())));
        let snapshot = read(scenario);
        for wide in [60, 80, 100, 132] {
            let terminal = Terminal { width: Some(wide), has_color: false };
            for report in ReportName::ALL {
                let Ok(section) = section(&snapshot, None, *report) else { continue };
                let text = terminal.section(&section);
                for line in text.lines() {
                    assert!(width(line) <= wide, "{wide}: {line}");
                }
                let words = |text: &str| {
                    let mut words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
                    words.sort_unstable();
                    words.dedup();
                    words
                };
                assert_eq!(words(&text), words(&PIPE.section(&section)), "{wide}");
            }
        }
    }

    #[test]
    fn a_part_leaves_out_the_rows_that_have_nothing_to_say_there() {
        let mut scenario = Scenario::synchronized();
        scenario.sources.push(Source::unreachable(Address::V4([192, 0, 2, 99].into())));
        let terminal = Terminal { width: Some(80), has_color: false };
        let text = shown(terminal, scenario, ReportName::Sources);
        let (_, notes) = text.rsplit_once("\n\n").unwrap_or_else(|| panic!("one part: {text}"));
        assert!(notes.contains("192.0.2.99") && notes.contains("has not answered yet"), "{text}");
        assert!(notes.lines().all(|line| line.trim() != "a.time.example.net"), "{text}");
    }

    #[test]
    fn no_text_of_a_section_reaches_the_terminal_unescaped() {
        let hostile = || "a\u{1b}[2J\u{7}b\nc".to_owned();
        let cell = || Cell { text: hostile(), health: Health::Bad, is_chosen: true };
        let lines = vec![Line { label: "Label", value: cell(), note: hostile() }];
        let head = Head { label: "Source", is_number: false };
        let table = Table { heads: vec![head; 2], rows: vec![vec![cell(), cell()]], key: 0 };
        let section =
            |content| Section { name: "sources", tells: "", remarks: vec![hostile()], content };
        let sections = [section(Content::Lines(lines)), section(Content::Table(table))];
        let absent = Absent { name: "rtcdata", why: hostile(), error: None };
        for width in [None, Some(30)] {
            let terminal = Terminal { width, has_color: false };
            let text = terminal.page(Some(&hostile()), &sections, &[&absent]);
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
            assert!(!text.contains("b\nc"), "{text:?}");
        }
    }

    #[test]
    fn in_a_very_narrow_terminal_notes_stand_below() {
        let terminal = Terminal { width: Some(40), has_color: false };
        let text = shown(terminal, Scenario::synchronized(), ReportName::Tracking);
        assert!(text.lines().all(|line| width(line) <= 48), "{text}");
        assert!(text.lines().any(|line| line.starts_with(BELOW)), "{text}");
    }

    #[test]
    fn what_is_not_given_is_told_in_a_line_each() {
        let snapshot = read_udp(Scenario::synchronized());
        let absent: Vec<_> = [ReportName::SelectData, ReportName::RtcData]
            .map(|report| section(&snapshot, None, report).expect_err("it is closed"))
            .into();
        let text = PIPE.page(Some("chronyd"), &[], &absent.iter().collect::<Vec<_>>());
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((lines.len(), lines[0], lines[2]), (5, "chronyd", "Not given"), "{text}");
        assert!(lines[3].starts_with("  selectdata  chronyd does not give it over UDP. Ask "));
        assert!(lines[4].starts_with("  rtcdata     RTC tracking is not enabled. "), "{text}");
    }
}
