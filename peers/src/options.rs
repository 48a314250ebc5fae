//! The command line.

use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Runs our checker and others on the common problem, and prints one table.
#[derive(Debug, Parser)]
#[command(name = "peers")]
pub(crate) struct Options {
    /// Run only stateright and our checker, on scenarios of the corpus that hold.
    #[arg(long, conflicts_with_all = ["actors", "put_page", "twice", "only"])]
    pub(crate) scenarios: bool,

    /// The time after which a run is given up; on scenarios 120 by default.
    #[arg(long, default_value_t = 10, default_value_if("scenarios", "true", "120"))]
    seconds: u64,

    /// The number of runs of each, of which the median is shown; on scenarios, the fastest.
    #[arg(long, default_value_t = 3)]
    pub(crate) runs: usize,

    /// Sizes of the problem.
    #[arg(long, value_delimiter = ',', default_values_t = [3, 4, 5],
        value_parser = clap::value_parser!(u8).range(3..=5))]
    pub(crate) actors: Vec<u8>,

    /// What put_page does.
    #[arg(long, default_value = "both")]
    pub(crate) put_page: PutPage,

    /// The child writes twice (with 5 actors).
    #[arg(long)]
    pub(crate) twice: bool,

    /// In addition to explore, run only tools whose name contains this; may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// The versions of put_page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PutPage {
    /// It decrements the count.
    Adds,
    /// It decrements the count, tests whether the result is zero, and frees the page then.
    Frees,
    /// One after the other.
    Both,
}

impl Options {
    pub(crate) fn limit(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// The versions to ask about: whether put_page frees.
    pub(crate) fn frees(&self) -> &[bool] {
        match self.put_page {
            PutPage::Adds => &[false],
            PutPage::Frees => &[true],
            PutPage::Both => &[false, true],
        }
    }

    pub(crate) fn wants(&self, tool: &str) -> bool {
        let tool = tool.to_lowercase();
        self.only.is_empty() || self.only.iter().any(|name| tool.contains(&name.to_lowercase()))
    }
}
