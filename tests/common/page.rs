//! A page as a person's browser holds it: parsed, its texts without superfluous space.

use scraper::{ElementRef, Html, Selector};

/// A parsed page.
pub(crate) struct Page(Html);

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|error| panic!("{css}: {error}"))
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What follows the id in the address of a source's page; `None` where it is no such, or where the id
/// holds characters that stand for something else.
fn after_source(href: &str) -> Option<&str> {
    let is_one = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-');
    let rest = href.strip_prefix("/sources/")?;
    let (id, after) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    (!id.is_empty() && id.chars().all(is_one)).then_some(after)
}

/// Whether it belongs to the outline of a shape: a letter of few, or part of a number.
fn is_drawing(c: char) -> bool {
    c.is_ascii_digit()
        || matches!(c, 'M' | 'L' | 'h' | 'v' | 'l' | 'H' | 'V' | 'z' | 'Z' | ' ' | '.' | ',' | '-')
}

impl Page {
    pub(crate) fn new(html: &str) -> Self {
        Self(Html::parse_document(html))
    }

    /// The texts of all elements that match.
    pub(crate) fn all(&self, css: &str) -> Vec<String> {
        self.0.select(&selector(css)).map(text).collect()
    }

    /// The text of the first element that matches.
    pub(crate) fn text(&self, css: &str) -> String {
        let all = self.all(css);
        all.into_iter().next().unwrap_or_else(|| panic!("no {css} on the page"))
    }

    /// The value of an attribute of each element that matches.
    pub(crate) fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let value = |element: ElementRef<'_>| element.value().attr(name).map(str::to_owned);
        self.0.select(&selector(css)).filter_map(value).collect()
    }

    /// The rows of a table, each as the texts of its cells.
    pub(crate) fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let cells = selector("th, td");
        let row = |row: ElementRef<'_>| row.select(&cells).map(text).collect();
        self.0.select(&selector(&format!("{table} tbody tr"))).map(row).collect()
    }

    /// Every element with its attributes, all that a browser acts on, without the texts it shows,
    /// without telling one source's page from another's, and without what moves on with the time in a
    /// chart: its marks of time, and where a line runs.
    pub(crate) fn skeleton(&self) -> Vec<String> {
        let element = |element: ElementRef<'_>| {
            let attribute = |(name, value): (&str, &str)| match name {
                "title" | "aria-label" | "datetime" | "data-age" | "data-key" | "data-name"
                | "data-from" => name.to_owned(),
                "d" if value.chars().all(is_drawing) => name.to_owned(),
                "href" => match after_source(value) {
                    Some(after) => format!("href=/sources/ID{after}"),
                    None => format!("href={value}"),
                },
                _ => format!("{name}={value}"),
            };
            let mut attributes: Vec<_> = element.value().attrs().map(attribute).collect();
            attributes.sort_unstable();
            format!("{} {}", element.value().name(), attributes.join(" "))
        };
        self.0.select(&selector("*:not(.chart-times text)")).map(element).collect()
    }

    /// The answer to the question: the one heading.
    pub(crate) fn verdict(&self) -> String {
        assert_eq!(self.all("h1").len(), 1, "a page has one h1");
        self.text("h1")
    }

    /// The row of the table of sources that names `source`.
    pub(crate) fn source(&self, source: &str) -> String {
        let rows = self.all(".sources tbody tr");
        let named = rows.iter().find(|row| row.split_whitespace().any(|word| word == source));
        named.unwrap_or_else(|| panic!("{source} is in no row of {rows:#?}")).clone()
    }
}

/// A number with its unit, as `−93.42 ns` or `± 4.257 µs`, in seconds or ppm, and its last digit.
pub(crate) fn quantity(text: &str) -> (f64, f64) {
    let (number, unit) =
        text.trim_start_matches("± ").split_once(' ').expect("a number and a unit");
    let scale = match unit {
        "s" | "ppm" => 1.0,
        "ms" => 1e-3,
        "µs" => 1e-6,
        "ns" => 1e-9,
        other => panic!("{other:?} of {text:?} is no unit"),
    };
    let digits = number.split_once('.').map_or(0, |(_, digits)| digits.len());
    let digits = i32::try_from(digits).expect("a few digits");
    let number: f64 = number.replace('\u{2212}', "-").parse().expect("a number");
    (number * scale, 10_f64.powi(-digits) * scale)
}
