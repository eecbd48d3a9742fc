//! View models to HTML, through the templates embedded in the binary.

use std::io::Write;

use serde::Serialize;
use tera::{Context, Tera};

use crate::assets;
use crate::view::{MARK, Page, Problem, SourcePage, TakeRows};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/templates.rs"));
}

/// Room for the dashboard without the rows of its tables, bytes.
const ROOM: usize = 49_152;

/// The compiled templates.
#[derive(Debug)]
pub(crate) struct Renderer {
    tera: Tera,
}

impl Renderer {
    /// Compiles the embedded templates; with `simulated` every page says that its data is. Links lead
    /// below `base`, a path without a slash at its end.
    ///
    /// # Errors
    /// A template that does not compile, which the tests exclude.
    pub(crate) fn new(simulated: bool, base: &str) -> Result<Self, tera::Error> {
        let mut tera = Tera::new();
        tera.autoescape_on([".html"]);
        tera.add_raw_templates(embedded::TEMPLATES.iter().copied())?;
        tera.global_context().insert("assets", &assets::urls(base));
        tera.global_context().insert("base", base);
        tera.global_context().insert("simulated", &simulated);
        Ok(Self { tera })
    }

    /// The dashboard as HTML.
    ///
    /// # Errors
    /// A template that names what the page does not hold, which the tests exclude, and those of `html`.
    pub(crate) fn dashboard(
        &self,
        page: &Page<'_>,
        html: &mut dyn Write,
    ) -> Result<(), tera::Error> {
        let mut frame = Vec::with_capacity(ROOM);
        self.fill("dashboard.html", ("page", page), &mut frame)?;
        // Of a thousand sources the rows are a megabyte of text, and as a template's data twenty: so they
        // are made a few at a time.
        for (place, part) in String::from_utf8(frame)?.split(MARK).enumerate() {
            if place % 2 == 0 {
                html.write_all(part.as_bytes())?;
            } else {
                page.give_rows(part, &mut Markup { renderer: self, html: &mut *html })?;
            }
        }
        Ok(())
    }

    /// The page of one source as HTML.
    ///
    /// # Errors
    /// As for [`Self::dashboard`].
    pub(crate) fn source(
        &self,
        page: &SourcePage,
        html: &mut dyn Write,
    ) -> Result<(), tera::Error> {
        self.fill("source.html", ("page", page), html)
    }

    /// The page of a failed request as HTML.
    ///
    /// # Errors
    /// As for [`Self::dashboard`].
    pub(crate) fn problem(&self, problem: &Problem) -> Result<Vec<u8>, tera::Error> {
        let mut html = Vec::new();
        self.fill("error.html", ("problem", problem), &mut html)?;
        Ok(html)
    }

    /// Writes what a template makes of a model. Were it generic, all that renders were in the binary for
    /// each kind of `html`.
    fn fill(
        &self,
        template: &str,
        (name, model): (&'static str, &(impl Serialize + ?Sized)),
        html: &mut dyn Write,
    ) -> Result<(), tera::Error> {
        let mut context = Context::new();
        context.insert_value(name, tera::Value::try_from_serializable(model)?);
        self.tera.render_to(template, &context, html)
    }
}

/// Rows of a table as HTML.
struct Markup<'a> {
    renderer: &'a Renderer,
    html: &'a mut dyn Write,
}

impl TakeRows for Markup<'_> {
    type Error = tera::Error;

    fn take(&mut self, table: &str, rows: &[impl Serialize]) -> Result<(), tera::Error> {
        let template = format!("partials/rows/{table}.html");
        self.renderer.fill(&template, ("rows", rows), self.html)
    }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Scenario, Source, Time};
    use libchrony::{Connection, Error, Snapshot};

    use super::*;
    use crate::document;
    use crate::history::{Change, Window};
    use crate::view::samples::{self, about, read, read_udp, window};
    use crate::view::{About, Range};

    fn rendered(reading: Result<&Snapshot, &Error>) -> String {
        rendered_with(reading, &Window::default())
    }

    fn rendered_with(reading: Result<&Snapshot, &Error>, window: &Window) -> String {
        let renderer = Renderer::new(false, "").unwrap();
        written(|html| renderer.dashboard(&Page::new(reading, &about(), window), html))
    }

    fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), tera::Error>) -> String {
        let mut html = Vec::new();
        write(&mut html).unwrap();
        String::from_utf8(html).unwrap()
    }

    #[test]
    fn every_state_renders_with_one_heading_and_every_section() {
        let mut bad = Scenario::synchronized();
        bad.tracking.current_correction = 3.0;
        bad.tracking.reference_time = Time::seconds_ago(86_400);
        let mut odd = Scenario::synchronized();
        odd.sources.push(Source { state: 9, mode: 7, ..Source::default() });
        let scenarios = [
            Scenario::synchronized(),
            Scenario::unsynchronized(),
            Scenario::no_sources(),
            Scenario::only_unreachable(),
            Scenario::local(),
            Scenario::leap_insert(),
            Scenario::leap_delete(),
            Scenario::gps_and_pps(),
            Scenario::rtc(),
            Scenario::smoothing(),
            Scenario::many_sources(40),
            Scenario::nts(),
            Scenario::falseticker(),
            Scenario::unresolved(),
            bad,
            odd,
        ];
        let mut pages: Vec<String> = scenarios
            .into_iter()
            .flat_map(|scenario| [read(scenario.clone()), read_udp(scenario)])
            .map(|snapshot| rendered(Ok(&snapshot)))
            .collect();
        for error in [
            samples::not_running(),
            samples::denied(),
            samples::denied_and_udp_closed(),
            samples::timed_out(),
        ] {
            pages.push(rendered(Err(&error)));
            pages.push(rendered_with(Err(&error), &window(86_400, 12)));
        }
        let snapshot = read(Scenario::synchronized());
        for (seconds, sources) in [(3_600, 0), (3_600, 1), (86_400, 5), (31 * 86_400, 40)] {
            pages.push(rendered_with(Ok(&snapshot), &window(seconds, sources)));
        }
        for page in pages {
            assert_eq!(page.matches("<h1").count(), 1);
            for section in [
                "verdict",
                "boxes",
                "doctor",
                "history",
                "events",
                "tracking",
                "sources",
                "sourcestats",
                "selectdata",
                "ntpdata",
                "authdata",
                "activity",
                "serverstats",
                "smoothing",
                "rtcdata",
                "access",
            ] {
                let opening = [
                    format!("<section class=\"{section}\""),
                    format!("<section class=\"{section} "),
                ];
                let count =
                    opening.iter().map(|tag| page.matches(tag.as_str()).count()).sum::<usize>();
                assert_eq!(count, 1, "{section}");
            }
            for placeholder in ["NaN", "4294967295", "None", "{{", "{%", "&amp;lt;", "&amp;#39;"] {
                assert!(!page.contains(placeholder), "{placeholder}");
            }
        }
    }

    #[test]
    fn charts_are_small() {
        let page = rendered_with(Ok(&read(Scenario::synchronized())), &window(86_400, 5));
        let (_, history) = page.split_once("<section class=\"history\"").unwrap();
        let (history, _) = history.split_once("</section>").unwrap();
        assert_eq!(history.matches("<figure").count(), 4);
        assert!(history.len() < 22_000, "{} bytes", history.len());
    }

    /// HTML, style and script of the dashboard of `--demo`, which has 7 sources and 24 clients,
    /// when its history is full.
    #[test]
    fn the_page_with_a_full_history_stays_within_its_budget() {
        let chronyd = crate::demo::start().unwrap();
        let address: libchrony::Address = chronyd.address().parse().unwrap();
        let mut connection = Connection::builder().address(address).build();
        let (snapshot, clients) = (connection.snapshot().unwrap(), connection.clients_within(256));
        let urls = assets::urls("");
        let is_counted = |url: &&String| !url.ends_with(".svg");
        let assets = || urls.values().filter(is_counted).filter_map(|url| assets::at(url));
        let fixed: usize = assets().map(|asset| asset.body.len()).sum();
        let fixed_packed: usize = assets().map(|asset| asset.gzip.len()).sum();
        for (seconds, range) in
            [(3_600, Range::Hour), (86_400, Range::Day), (31 * 86_400, Range::All)]
        {
            let mut window = window(seconds, 5);
            window.events = window.events.iter().cycle().take(40).cloned().collect();
            let page = Page::new(Ok(&snapshot), &About { range, ..about() }, &window)
                .with_clients(Some(clients.as_ref()));
            let renderer = Renderer::new(true, "").unwrap();
            let page = written(|html| renderer.dashboard(&page, html));
            assert_eq!(page.matches("<figure").count(), 4);
            let packed = document::gzip(page.as_bytes()).len();
            let what = format!(
                "{seconds} s: {} + {fixed} bytes, as gzip {packed} + {fixed_packed}",
                page.len()
            );
            println!("{what}");
            assert!(page.len() + fixed <= 100_000, "{what}");
            assert!(packed + fixed_packed <= 30_000, "{what}");
        }
    }

    fn assert_unique_ids(page: &str) {
        let mut ids: Vec<_> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn every_id_is_unique() {
        assert_unique_ids(&rendered_with(Ok(&read(Scenario::rtc())), &window(3_600, 5)));
    }

    #[test]
    fn the_page_of_every_source_renders_with_one_heading_and_no_placeholder() {
        let renderer = Renderer::new(false, "").unwrap();
        let mut odd = Scenario::synchronized();
        odd.sources.push(Source { state: 9, mode: 7, ..Source::default() });
        let mut pages = 0;
        for scenario in [
            Scenario::unsynchronized(),
            Scenario::only_unreachable(),
            Scenario::gps_and_pps(),
            Scenario::nts(),
            Scenario::falseticker(),
            Scenario::unresolved(),
            odd,
        ] {
            for snapshot in [read(scenario.clone()), read_udp(scenario)] {
                for source in snapshot.sources.as_ref().unwrap() {
                    let past = samples::source_window(&window(3_600, 1));
                    let page = SourcePage::new(&snapshot, &source.id, &about(), |_| None).unwrap();
                    let page = page.with_history(&snapshot, &about(), Some(&past), None);
                    let page = written(|html| renderer.source(&page, html));
                    assert_eq!(page.matches("<h1").count(), 1);
                    for report in ["sourcestats", "selectdata", "ntpdata", "authdata"] {
                        let section = format!("<section class=\"{report}\"");
                        assert_eq!(page.matches(&section).count(), 1, "{report}");
                    }
                    for placeholder in ["NaN", "4294967295", "None", "{{", "{%", "{#", "&amp;lt;"] {
                        assert!(!page.contains(placeholder), "{placeholder} of {}", source.id);
                    }
                    assert_unique_ids(&page);
                    pages += 1;
                }
            }
        }
        assert_eq!(pages, 48);
    }

    #[test]
    fn the_tables_link_to_the_page_of_each_source() {
        let page = rendered(Ok(&read(Scenario::nts())));
        // sources, sourcestats, selectdata, ntpdata, authdata.
        for id in ["192.0.2.11", "2001:db8::13"] {
            assert_eq!(page.matches(&format!("<a href=\"/sources/{id}\">")).count(), 5, "{id}");
        }
    }

    #[test]
    fn hostile_names_are_text_and_nothing_else() {
        let hostile = "\"><script>alert('1')</script>&\u{1b}[2J\n\r\t<b onmouseover=x>";
        let mut snapshot = read(Scenario::synchronized());
        for source in snapshot.sources.as_mut().unwrap() {
            source.name = Some(hostile.to_owned());
        }
        snapshot.passed_over = vec![hostile.to_owned()];
        let mut about = about();
        about.host = hostile.to_owned();
        let renderer = Renderer::new(false, "").unwrap();
        let mut window = window(3_600, 12);
        let usual = read(Scenario::synchronized());
        let page = Page::new(Ok(&usual), &samples::about(), &window);
        let clean = written(|html| renderer.dashboard(&page, html));
        for source in &mut window.sources {
            source.name = hostile.to_owned();
        }
        for event in &mut window.events {
            event.change = Change::Lost { reason: hostile.to_owned() };
        }
        let page = Page::new(Ok(&snapshot), &about, &window);
        let page = written(|html| renderer.dashboard(&page, html));
        assert!(!page.contains("<script>") && !page.contains("<b onmouseover"));
        assert!(!page.contains('\u{1b}'));
        assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"));
        let quotes = |page: &str| page.matches('"').count() % 2;
        assert_eq!(quotes(&page), quotes(&clean));
        let past = samples::source_window(&window);
        let source = SourcePage::new(&snapshot, "192.0.2.11", &about, |_| None).unwrap();
        let source = source.with_history(&snapshot, &about, Some(&past), Some(hostile.to_owned()));
        let source = written(|html| renderer.source(&source, html));
        assert!(!source.contains("<script>") && !source.contains('\u{1b}'));
        assert!(source.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"));
        let problem = Problem {
            status: 404,
            title: hostile.to_owned(),
            text: hostile.to_owned(),
            hint: hostile.to_owned(),
        };
        let page = String::from_utf8(renderer.problem(&problem).unwrap()).unwrap();
        assert!(!page.contains("<script>") && page.contains("404"));
    }

    #[test]
    fn templates_hold_no_inline_script_or_style_and_nothing_of_another_host() {
        for (name, text) in embedded::TEMPLATES {
            let lower = text.to_lowercase();
            for forbidden in
                ["style=", "<style", "<script>", "javascript:", "http:", "https:", "| safe"]
            {
                assert!(!lower.contains(forbidden), "{name}: {forbidden}");
            }
            let handlers = lower.split_whitespace().filter(|word| {
                word.starts_with("on")
                    && word.split_once('=').is_some_and(|(name, _)| name.len() > 2)
            });
            assert_eq!(handlers.count(), 0, "{name}");
        }
    }

    #[test]
    fn templates_only_place_words() {
        for (name, text) in embedded::TEMPLATES {
            for tag in text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
                for operator in [" + ", " * ", " - ", "|", " ~ "] {
                    assert!(!tag.contains(operator), "{name}: {tag}");
                }
            }
            for tag in text.split("{%").skip(1).filter_map(|rest| rest.split("%}").next()) {
                for operator in [" == ", " > ", " < ", " >= ", " <= ", "|", " set "] {
                    assert!(!tag.contains(operator), "{name}: {tag}");
                }
            }
        }
    }

    #[test]
    fn without_data_the_page_gives_the_commands() {
        let page = rendered(Err(&samples::not_running()));
        assert!(page.contains("<code>sudo systemctl start chrony</code>"));
        assert!(page.contains("Connection failed"));
    }
}
