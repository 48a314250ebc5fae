//! A scenario reduced: the same file without some of its parts.

use cowrace_mm::world::Environment;

use crate::diagnostic::{Report, Span};
use crate::lower;
use crate::scenario::Scenario;
use crate::syntax::{File, RowKind, Shape};

impl Scenario {
    /// The scenario without the cells at these spans of the file. Windows stay if all of them can still be
    /// resolved. `None` if the rest is not a scenario because it needs the cells.
    ///
    /// The texts of its parts are those of the whole file.
    #[must_use]
    pub fn without_cells(&self, cells: &[Span]) -> Option<Self> {
        let mut file = self.file.clone();
        // A remark is removed together with the cell above it in its column.
        let mut gone = vec![false; file.grid.columns.len()];
        for row in &mut file.grid.rows {
            if let RowKind::Cells(list) = &mut row.what {
                list.retain(|cell| {
                    let gone = &mut gone[cell.column];
                    if cell.shape != Shape::Remark {
                        *gone = cells.contains(&cell.at.0);
                    }
                    !*gone
                });
            }
        }
        self.lowered(file.clone()).or_else(|| {
            file.footer.windows.clear();
            self.lowered(file)
        })
    }

    /// The scenario without assertions, and without windows, which assert nothing about single executions.
    /// Predicates about costs stay: costs are not visible to user space, so the specification does not judge them.
    #[must_use]
    pub fn without_assertions(&self) -> Option<Self> {
        let mut file = self.file.clone();
        // Variants have the predicates of the file, in the same order.
        let predicates = &self.variants().first()?.world().predicates;
        let mut costs = predicates.iter().map(|predicate| predicate.expr.counts_copies());
        file.footer.predicates.retain(|_| costs.next().unwrap_or(false));
        file.footer.windows.clear();
        self.lowered(file)
    }

    /// The scenario with an environment that does nothing.
    #[must_use]
    pub fn without_environment(&self) -> Option<Self> {
        let mut file = self.file.clone();
        file.header.env.environment = Environment::default();
        file.header.env.actors.clear();
        self.lowered(file)
    }

    fn lowered(&self, file: File) -> Option<Self> {
        let mut report = Report::default();
        let variants = lower::lower(&file, &mut report);
        report.is_empty().then(|| self.with(file, variants))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Scenario, parse};

    const TEXT: &str = "race r\nmm A { buf: anon }\nenv lru_drain\n\n\
        a @A                                 b @A\n\
        ===================================  ==========\n\
        h = get_user_pages(buf, FOLL_WRITE)  x = buf[1]\n\
        dma_write(h[0], 1)\n\
        r = buf[0]                           buf[1] = 2\n\n\
        always r == 1\nnever copies(A) > 0\nwindow b.buf[1] < a.buf[0]\n";

    fn without(scenario: &Scenario, texts: &[&str]) -> Option<Scenario> {
        let cells = scenario.variants()[0].cells().iter().filter(|cell| texts.contains(&&*cell.text));
        scenario.without_cells(&cells.map(|cell| cell.span.clone()).collect::<Vec<_>>())
    }

    #[test]
    fn cells_that_others_need_stay() {
        let whole = parse(TEXT).expect("a scenario");
        assert!(
            without(&whole, &["h = get_user_pages(buf, FOLL_WRITE)"]).is_none(),
            "the device needs the handle"
        );
        assert!(without(&whole, &["r = buf[0]"]).is_none(), "a predicate needs the variable");
        let less = without(&whole, &["h = get_user_pages(buf, FOLL_WRITE)", "dma_write(h[0], 1)"])
            .expect("a scenario");
        let calls = less.variants()[0].cells().iter().map(|cell| cell.text.as_str());
        assert_eq!(calls.collect::<Vec<_>>(), ["x = buf[1]", "r = buf[0]", "buf[1] = 2"]);
        assert_eq!(less.variants()[0].world().windows.len(), 1);
    }

    #[test]
    fn windows_go_with_the_calls_that_they_name() {
        let whole = parse(TEXT).expect("a scenario");
        let less = without(&whole, &["x = buf[1]", "buf[1] = 2"]).expect("a scenario");
        assert!(less.variants()[0].world().windows.is_empty());
    }

    #[test]
    fn what_is_said_of_costs_is_no_assertion() {
        let whole = parse(TEXT).expect("a scenario");
        let bare = whole.without_assertions().expect("a scenario");
        let predicates = &bare.variants()[0].world().predicates;
        assert_eq!(predicates.iter().map(|p| p.text.as_str()).collect::<Vec<_>>(), ["copies(A) > 0"]);
    }

    #[test]
    fn an_environment_that_does_nothing_has_no_actors() {
        let whole = parse(TEXT).expect("a scenario");
        let quiet = whole.without_environment().expect("a scenario");
        let actors = |scenario: &Scenario| scenario.variants()[0].world().actors.len();
        assert_eq!((actors(&whole), actors(&quiet)), (3, 2));
    }
}
