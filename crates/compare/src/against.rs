//! What a kernel breaks and mends compared with another.

use cowrace_report::cell::Change;
use cowrace_report::{Found, Report};

/// The comparison of all runs with the runs under one era.
#[derive(Debug)]
pub struct Against {
    /// The runs of the rows with a difference, including those under the era.
    pub rows: Vec<Report>,
    /// Cells that are violated and were not violated before.
    pub broken: usize,
    /// Cells that hold and were violated before.
    pub mended: usize,
    /// Cells that differ in another way.
    pub otherwise: usize,
    /// Cells with an unknown result, because a search did not finish.
    pub unknown: usize,
}

impl Against {
    /// Compares the runs with those whose era is `base`.
    pub fn new(base: &str, reports: &[Report]) -> Self {
        let row = |r: &Report| (r.scenario.clone(), r.variant.clone());
        let of_base = |r: &Report| reports.iter().find(|b| b.era == base && row(b) == row(r));
        let mut all = Self { rows: Vec::new(), broken: 0, mended: 0, otherwise: 0, unknown: 0 };
        let mut differing = Vec::new();
        for report in reports {
            let Some(before) = of_base(report) else { continue };
            match Change::of(Found::from(before), Found::from(report)) {
                Change::None => continue,
                Change::Broken => all.broken += 1,
                Change::Mended => all.mended += 1,
                Change::Other => all.otherwise += 1,
                Change::NotKnown => all.unknown += 1,
            }
            differing.push(row(report));
        }
        all.rows = reports.iter().filter(|r| differing.contains(&row(r))).cloned().collect();
        all
    }
}
