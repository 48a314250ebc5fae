//! What a kernel breaks and mends in comparison with another.

use cowrace_render::table;
use cowrace_report::{Exit, Report, Verdict};

/// The comparison of all runs with those under one era.
#[derive(Debug)]
pub(crate) struct Against {
    /// Runs of the rows in which something differs, those under the era included.
    rows: Vec<Report>,
    broken: usize,
    mended: usize,
    otherwise: usize,
}

impl Against {
    /// Compares the runs with those whose era is `base`.
    pub(crate) fn new(base: &str, reports: &[Report]) -> Self {
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

    /// 10 if anything is broken.
    pub(crate) const fn exit(&self) -> Exit {
        if self.broken > 0 { Exit::Unexpected } else { Exit::Ok }
    }

    /// The rows that differ, as a table, and how many cells are broken, mended or changed otherwise.
    pub(crate) fn text(&self, base: &str, columns: Option<usize>) -> String {
        if self.rows.is_empty() {
            return format!("against {base}: no difference\n");
        }
        let Self { broken, mended, otherwise, .. } = self;
        format!(
            "{}\nagainst {base}: {broken} broken, {mended} mended, {otherwise} otherwise different\n",
            table(&self.rows, columns)
        )
    }
}
