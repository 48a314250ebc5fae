//! Renders traces and reports as text and JSON.
//!
//! This crate turns the plain data of [`cowrace_report`] into text. The diagram of a violation and the table of a
//! whole run are both text in columns, so both use [`Columns`]:
//!
//! ```
//! use cowrace_render::{Diagram, Row};
//!
//! let diagram = Diagram {
//!     header: vec!["race lost-read".into()],
//!     columns: vec!["thread0 @A".into(), "other".into()],
//!     rows: vec![
//!         Row::Cells(vec![(0, "r = buf[0]".into())]),
//!         Row::Barrier("all".into()),
//!         Row::Cells(vec![(1, "clear_refs(A)".into())]),
//!     ],
//!     footer: vec!["always r == 1".into()],
//!     comments: Vec::new(),
//!     tabs: false,
//! };
//! assert_eq!(diagram.to_string(), "\
//! race lost-read
//!
//! thread0 @A  other
//! ==========  =============
//! r = buf[0]
//! === all ===
//!             clear_refs(A)
//!
//! always r == 1
//! ");
//! ```

mod ablation;
mod access;
mod answer;
mod columns;
mod comment;
mod costs;
mod coverage;
mod diagnosis;
pub mod diagnostic;
mod diagram;
mod diff;
mod drawn;
mod effect;
mod engines;
mod explain;
mod find;
mod finding;
pub mod gate;
mod grid;
mod hunt;
mod lines;
mod mail;
mod markdown;
mod overlap;
pub mod page;
mod paint;
mod paragraph;
mod promise;
mod reason;
mod report;
mod row;
mod svg;
mod table;
mod walkthrough;
mod why;
mod word;

pub use ablation::ablations;
pub use access::{access, event};
pub use answer::answer;
pub use columns::Columns;
pub use comment::{Comment, without_comments};
pub use costs::{costs, costs_markdown};
pub use coverage::coverage;
pub use diagram::{Diagram, Row};
pub use diff::diff;
pub use drawn::as_drawn;
pub use effect::{ineffective, limit, no_effect};
pub use engines::engines;
pub use explain::explain;
pub use find::{by_kinds as family_by_kinds, family, title as family_title};
pub use finding::{finding, waits};
pub use hunt::{costlier, guided, hunted, hunting, level, witnessed};
pub use mail::{account, mail};
pub use markdown::markdown;
pub use paint::{Paint, Tone};
pub use paragraph::{fold, wrap};
pub use promise::{broken, broken_alone};
pub use reason::reason;
pub use report::{about, conditions, counts, figures, json, line, painted, summary, with_variant, within};
pub use svg::svg;
pub use table::{matrix, table};
pub use walkthrough::{Execution, Walkthrough};
pub use why::{commits_markdown, why, why_markdown};
pub use word::{maps, page, pte, references, value, word};
