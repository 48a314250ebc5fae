//! How a hunt tells what it finds: as it goes, or on a page when it has ended.

use cowrace_render::page::{Explained, Page};
use cowrace_report::hunt::Family;
use serde::Serialize;

use crate::args::PageFormat;
use crate::cmd::pages;
use crate::cmd::printing::json_line;
use crate::{Failure, Out};

/// Tells what is found.
#[derive(Debug)]
pub(crate) struct Teller<'t, 'w> {
    out: &'t mut Out<'w>,
    format: PageFormat,
    page: Page,
    /// What the page says in words.
    said: String,
}

impl<'t, 'w> Teller<'t, 'w> {
    /// Tells in a format.
    pub(crate) fn new(out: &'t mut Out<'w>, format: PageFormat) -> Self {
        Self { out, format, page: pages::page("cowrace hunt"), said: String::new() }
    }

    /// Whether all that is told goes to a page.
    pub(super) fn makes_page(&self) -> bool {
        self.format == PageFormat::Html
    }

    /// Says something that is not for machines.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Failure> {
        match self.format {
            PageFormat::Text => self.out.text(text),
            PageFormat::Json => Ok(()),
            PageFormat::Html => {
                self.said.push_str(text);
                Ok(())
            }
        }
    }

    /// Tells something: a line of JSON, or text.
    pub(crate) fn tell<T: Serialize>(&mut self, told: &T, text: fn(&T) -> String) -> Result<(), Failure> {
        match self.format {
            PageFormat::Json => self.out.text(&json_line(told)?),
            PageFormat::Text | PageFormat::Html => self.say(&text(told)),
        }
    }

    /// Adds a family to the page, with the explanation of its smallest scenario.
    pub(super) fn family(&mut self, family: &Family, explained: Option<Explained>) {
        let link = explained.map(|explained| self.page.explain(explained));
        self.page.family(family, link);
    }

    /// Prints the page, if there is one.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        if !self.makes_page() {
            return Ok(());
        }
        self.page.text("In words", &self.said);
        self.out.text(&self.page.html())
    }
}
