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
