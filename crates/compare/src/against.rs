//! What a kernel breaks and mends in comparison with another.

use cowrace_report::{Report, Verdict};

/// The comparison of all runs with those under one era.
#[derive(Debug)]
pub struct Against {
    /// Runs of the rows in which something differs, those under the era included.
    pub rows: Vec<Report>,
    /// Cells that are violated, and were not.
    pub broken: usize,
    /// Cells that hold, and were violated.
    pub mended: usize,
    /// Cells that differ in another way.
    pub otherwise: usize,
}

impl Against {
    /// Compares the runs with those whose era is `base`.
    pub fn new(base: &str, reports: &[Report]) -> Self {
        let row = |r: &Report| (r.scenario.clone(), r.variant.clone());
        let of_base = |r: &Report| reports.iter().find(|b| b.era == base && row(b) == row(r));
        let mut all = Self { rows: Vec::new(), broken: 0, mended: 0, otherwise: 0 };
        let mut differing = Vec::new();
        for report in reports {
            let Some(before) = of_base(report) else { continue };
            if (before.verdict, before.class) == (report.verdict, report.class) {
                continue;
            }
            match (before.verdict, report.verdict) {
                (Verdict::NotApplicable, _) | (Verdict::Violated, Verdict::Violated) => all.otherwise += 1,
                (_, Verdict::Violated) => all.broken += 1,
                (Verdict::Violated, Verdict::Holds) => all.mended += 1,
                _ => all.otherwise += 1,
            }
            differing.push(row(report));
        }
        all.rows = reports.iter().filter(|r| differing.contains(&row(r))).cloned().collect();
        all
    }
}
