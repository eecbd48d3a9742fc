//! View models to HTML, through the templates embedded in the binary.

use serde::Serialize;
use tera::{Context, Tera};

use crate::assets;
use crate::view::{Page, Problem};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/templates.rs"));
}

/// The compiled templates.
#[derive(Debug)]
pub(crate) struct Renderer(Tera);

impl Renderer {
    /// Compiles the embedded templates.
    ///
    /// # Errors
    /// A template that does not compile, which the tests exclude.
    pub(crate) fn new() -> Result<Self, tera::Error> {
        let mut tera = Tera::new();
        tera.autoescape_on([".html"]);
        tera.add_raw_templates(embedded::TEMPLATES.iter().copied())?;
        tera.global_context().insert("assets", &assets::urls());
        Ok(Self(tera))
    }

    /// The dashboard as HTML.
    ///
    /// # Errors
    /// A template that names what the page does not hold, which the tests exclude.
    pub(crate) fn dashboard(&self, page: &Page) -> Result<String, tera::Error> {
        self.render("dashboard.html", "page", page)
    }

    /// The page of a failed request as HTML.
    ///
    /// # Errors
    /// As for [`Self::dashboard`].
    pub(crate) fn problem(&self, problem: &Problem) -> Result<String, tera::Error> {
        self.render("error.html", "problem", problem)
    }

    fn render(
        &self,
        template: &str,
        name: &'static str,
        model: &impl Serialize,
    ) -> Result<String, tera::Error> {
        let mut context = Context::new();
        context.insert_value(name, tera::Value::try_from_serializable(model)?);
        self.0.render(template, &context)
    }
}
