//! What must be true at the end.

use cowrace_report::Class;

use super::errno::Errno;
use super::ids::{MmId, VarId};
use super::operand::Target;

/// Must it be true, or must it not?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// True at the end of every execution.
    Always,
    /// True at the end of none.
    Never,
}

/// A predicate on the end of an execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate {
    /// As it was written.
    pub text: String,
    /// Always or never.
    pub modality: Modality,
    /// What is asked.
    pub expr: Expr,
    /// The damage if it fails.
    pub class: Class,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// A term of a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// A number.
    Number(u64),
    /// A failure.
    Errno(Errno),
    /// A variable.
    Variable(VarId),
    /// A word as its owner would load it at the end.
    Memory {
        /// Where.
        target: Target,
        /// The word.
        word: u8,
    },
    /// Copies that write faults of an mm made of pages that no other mm mapped.
    Copies(MmId),
}

/// A predicate.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A comparison. Terms that were never set make it neither true nor false: it is not judged.
    Compare(Term, Relation, Term),
    /// Both.
    And(Box<Expr>, Box<Expr>),
    /// Either.
    Or(Box<Expr>, Box<Expr>),
    /// Not.
    Not(Box<Expr>),
}

impl Expr {
    /// Whether it asks for a number of copies: what the model must count then, and what user space cannot see.
    #[must_use]
    pub fn counts_copies(&self) -> bool {
        match self {
            Self::Compare(left, _, right) => [left, right].iter().any(|term| matches!(term, Term::Copies(_))),
            Self::And(a, b) | Self::Or(a, b) => a.counts_copies() || b.counts_copies(),
            Self::Not(a) => a.counts_copies(),
        }
    }
}
