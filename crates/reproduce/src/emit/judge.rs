//! What decides whether the damage was seen.

use cowrace_mm::world::{Errno, Expr, Modality, Relation, Term};
use cowrace_report::Seen;

use super::{Emitter, for_comment};
use crate::calls::PROBE;
use crate::judge::Judge;
use crate::value::{Kept, Slot};
impl Emitter<'_> {
    pub(super) fn judge(&self, judge: &Judge) -> String {
        let (told, condition) = match judge {
            Judge::Predicate { modality, expr, text } => {
                let (word, bad) = match modality {
                    Modality::Always => ("always", "IS_FALSE"),
                    Modality::Never => ("never", "IS_TRUE"),
                };
                (format!("{word} {text}"), format!("{} == {bad}", self.expr(expr)))
            }
            Judge::Variable { variable, seen } => (
                format!("{} is not what was promised", self.world.variables[*variable]),
                seen_is(*variable, seen),
            ),
            Judge::Call { call, fails, .. } => {
                let slot = self.plan.slot(Kept::Result(*call)).unwrap_or_default();
                let is = if *fails { "" } else { "!" };
                let told = format!(
                    "{} {}",
                    self.task.variant.call_text(*call),
                    if *fails { "fails" } else { "does not fail" }
                );
                (told, format!("{is}has_failed({slot})"))
            }
            Judge::Memory { target, word, seen } => {
                let slot = self.plan.slot(Kept::AtTheEnd(*target, *word)).unwrap_or_default();
                (
                    format!("{} is {seen}", self.kept(Kept::AtTheEnd(*target, *word))),
                    format!("is({slot}, {seen}ULL)"),
                )
            }
            Judge::CutOff { owner_stores, .. } => {
                let slot = self.plan.slot(Kept::OtherSide).unwrap_or_default();
                let told = match owner_stores {
                    true => "the device does not see what the owner stores",
                    false => "the owner does not see what the device writes",
                };
                let store = self.plan.slot(Kept::OwnersStore).unwrap_or_default();
                (told.to_owned(), format!("!has_failed({store}) && !is({slot}, {PROBE}ULL)"))
            }
        };
        format!("\t/* {} */\n\tif ({condition})\n\t\treturn true;\n", for_comment(&told))
    }

    fn expr(&self, expr: &Expr) -> String {
        match expr {
            Expr::Compare(left, relation, right) => {
                let relation = match relation {
                    Relation::Equal => "==",
                    Relation::NotEqual => "!=",
                    Relation::Less => "<",
                    Relation::LessEqual => "<=",
                    Relation::Greater => ">",
                    Relation::GreaterEqual => ">=",
                };
                let known: Vec<String> = [left, right]
                    .into_iter()
                    .filter_map(|term| self.slot(*term).map(|slot| format!("shared->values[{slot}].set")))
                    .collect();
                let known = if known.is_empty() { "true".to_owned() } else { known.join(" && ") };
                format!("compare({known}, {} {relation} {})", self.term(*left), self.term(*right))
            }
            Expr::And(a, b) => format!("both({}, {})", self.expr(a), self.expr(b)),
            Expr::Or(a, b) => format!("either({}, {})", self.expr(a), self.expr(b)),
            Expr::Not(a) => format!("opposite({})", self.expr(a)),
        }
    }

    /// The slot of a term that may not be set. Copies are counted from 0.
    fn slot(&self, term: Term) -> Option<Slot> {
        match term {
            Term::Number(_) | Term::Errno(_) | Term::Copies(_) => None,
            Term::Variable(variable) => Some(variable),
            Term::Memory { target, word } => self.plan.slot(Kept::AtTheEnd(target, word)),
        }
    }

    fn term(&self, term: Term) -> String {
        match term {
            Term::Number(number) => format!("{number}ULL"),
            Term::Errno(errno) => failure(errno.name()),
            Term::Copies(mm) => {
                format!("shared->values[{}].is", self.plan.slot(Kept::Copies(mm)).unwrap_or_default())
            }
            Term::Variable(_) | Term::Memory { .. } => {
                format!("shared->values[{}].is", self.slot(term).unwrap_or_default())
            }
        }
    }
}

/// The condition that a value is what was seen.
fn seen_is(slot: Slot, seen: &Seen) -> String {
    match seen {
        Seen::Number(number) => format!("is({slot}, {number}ULL)"),
        Seen::Errno(errno) => format!("is({slot}, {})", failure(errno)),
        Seen::Handle | Seen::Child => format!("shared->values[{slot}].set && !has_failed({slot})"),
        Seen::Nothing | Seen::Unmapped => format!("!shared->values[{slot}].set"),
        Seen::OwnerStores(_) | Seen::DeviceStores(_) => "false".to_owned(),
    }
}

fn failure(errno: &str) -> String {
    if errno == Errno::Sigsegv.name() { "FAILED_BY_SIGNAL".to_owned() } else { format!("FAILED({errno})") }
}
