//! The scenario language: race diagrams as text.

mod anchors;
mod area;
mod cell;
mod diagnostic;
mod diagram;
mod expect;
mod expectation;
mod expr;
mod footer;
mod grammar;
mod grid;
mod header;
mod lex;
mod load;
mod lower;
mod nearest;
mod ops;
mod print;
mod scan;
mod scenario;
mod syntax;
mod text;

pub use diagnostic::{Diagnostic, Span};
pub use diagram::{AsWritten, Cell, CellKind, Column, Until};
pub use expectation::Expectation;
pub use load::{LoadError, MAX_BYTES, SUFFIX, Source, load};
pub use print::{environment, print};
pub use scenario::{Scenario, Variant, parse};
