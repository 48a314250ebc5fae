//! A file as it is written: words and their spans, before names are resolved.
//!
//! Two files are equal if their content is equal, wherever it stands.

use cowrace_machine::Arch;
use cowrace_mm::era::{Release, Toggle};
use cowrace_mm::world::{Backing, Environment, Modality, Populate};
use cowrace_report::Class;

use crate::diagnostic::Span;
use crate::expectation::Expectation;
use crate::lex::Name;
use crate::subject::Subject;
use crate::text::Text;

/// A whole file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) header: Header,
    pub(crate) grid: Grid,
    pub(crate) footer: Footer,
}

/// Everything above the columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Header {
    pub(crate) name: Option<Name>,
    pub(crate) title: Option<String>,
    pub(crate) subject: Option<Subject>,
    pub(crate) links: Vec<String>,
    pub(crate) from: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// All of them and the title, in the order of the file.
    pub(crate) quotes: Vec<Quote>,
    pub(crate) mms: Vec<MmDecl>,
    pub(crate) env: EnvDecl,
    pub(crate) variants: Vec<VariantDecl>,
    /// An mm could not be read, so that names that seem unknown below may be declared in it.
    pub(crate) damaged: bool,
}

/// `mm A { .. }` or `mm B = fork(A)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MmDecl {
    pub(crate) name: Name,
    pub(crate) parent: Option<Name>,
    pub(crate) areas: Vec<AreaText>,
}

/// An area as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AreaText {
    Read(AreaDecl),
    /// An area with words that variants replace.
    Words(Text),
}

/// One area.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AreaDecl {
    pub(crate) name: Name,
    /// Its kind, as it is written.
    pub(crate) kind: Name,
    pub(crate) backing: Backing,
    pub(crate) populate: Populate,
    pub(crate) attrs: Vec<Attr>,
    pub(crate) words: [u64; 2],
}

/// A word after the kind of an area.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attr {
    pub(crate) name: Name,
    /// Columns in parentheses; `None` without parentheses.
    pub(crate) columns: Option<Vec<Name>>,
}

/// All `env` lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct EnvDecl {
    pub(crate) environment: Environment,
    /// The words that stand for actors, for errors.
    pub(crate) actors: Vec<(&'static str, Span)>,
    /// The whole lines.
    pub(crate) lines: Vec<Span>,
}

impl PartialEq for EnvDecl {
    fn eq(&self, other: &Self) -> bool {
        self.environment == other.environment
    }
}

/// `variant NAME { $word = text; .. }`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VariantDecl {
    /// The whole statement.
    pub(crate) at: At,
    pub(crate) name: Name,
    pub(crate) words: Vec<(Name, Text)>,
}

/// The diagram.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Grid {
    pub(crate) columns: Vec<Head>,
    pub(crate) rows: Vec<Row>,
    /// Some cells could not be read, so that names that seem unknown elsewhere may be set in them.
    pub(crate) damaged: bool,
}

/// The head of a column.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) name: Name,
    pub(crate) mm: Option<Name>,
    /// The display column at which it starts.
    pub(crate) start: usize,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.mm == other.mm
    }
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) span: Span,
    pub(crate) what: RowKind,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.what == other.what
    }
}

/// What a row is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RowKind {
    Cells(Vec<RawCell>),
    /// Names as written, or nothing for `all`.
    Barrier(Vec<Name>),
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawCell {
    pub(crate) column: usize,
    pub(crate) shape: Shape,
    /// The text without braces, in canonical form, with words not yet replaced.
    pub(crate) text: Text,
    /// All of the cell.
    pub(crate) at: At,
}

/// A statement with a text in quotes. Its place makes no difference, and its text is compared elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Quote {
    pub(crate) at: Span,
    pub(crate) keyword: String,
    pub(crate) text: String,
}

impl PartialEq for Quote {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A position, which comparisons ignore.
#[derive(Clone, Debug)]
pub(crate) struct At(pub(crate) Span);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What a cell is, by its braces and those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Call,
    Open,
    Anchor,
    Close,
    /// A remark, not an operation.
    Remark,
}

/// Everything below the columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Footer {
    pub(crate) predicates: Vec<PredicateDecl>,
    pub(crate) promises: Vec<Text>,
    pub(crate) windows: Vec<Text>,
    pub(crate) expects: Vec<ExpectDecl>,
}

/// `always` or `never`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PredicateDecl {
    pub(crate) modality: Modality,
    pub(crate) text: Text,
    pub(crate) class: Class,
}

/// One `expect` statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExpectDecl {
    /// The whole statement.
    pub(crate) at: At,
    pub(crate) variant: Option<Name>,
    pub(crate) arch: Option<Arch>,
    pub(crate) cases: Vec<Case>,
    pub(crate) otherwise: Option<Expectation>,
}

/// One case of an expectation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) eras: Vec<EraSet>,
    pub(crate) toggles: Vec<Toggle>,
    pub(crate) outcome: Expectation,
    pub(crate) at: At,
}

/// Eras of a case.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum EraSet {
    /// A preset, or a release or version of the kernel.
    Kernel(String),
    /// The name of an era file, which is neither.
    Own(String),
    /// Releases of the mainline from one to another, both included.
    Range(Option<Release>, Option<Release>),
}
