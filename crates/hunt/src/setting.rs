//! What random choices are made from: a stage, how scenarios begin on it, and the calls by their kinds.

use std::collections::BTreeMap;

use crate::alphabet::{Alphabet, Template};
use crate::kind::Kind;
use crate::stage::{Beginning, beginnings};
use crate::step::Runner;

/// A stage with all that can be chosen on it.
#[derive(Debug)]
pub struct Setting {
    pub(crate) runner: Runner,
    pub(crate) alphabet: Alphabet,
    pub(crate) beginnings: Vec<Beginning>,
    /// The calls of each kind.
    pub(crate) kinds: Vec<(Kind, Vec<Template>)>,
}

impl Setting {
    /// What can be chosen of these calls.
    #[must_use]
    pub fn new(runner: Runner, alphabet: Alphabet) -> Self {
        let mut kinds: BTreeMap<Kind, Vec<Template>> = BTreeMap::new();
        for template in alphabet.templates() {
            kinds.entry(Kind::of(template)).or_default().push(*template);
        }
        let beginnings = beginnings(&runner.stage);
        Self { runner, alphabet, beginnings, kinds: kinds.into_iter().collect() }
    }
}
