//! The JSON schema of what commands print with `--format json`: of each line that a command prints.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema, json_schema};

use crate::ablation::Ablation;
use crate::difference::{Difference, NewLines};
use crate::hunt::{Costlier, Family, Guided, Hunted, Level, Witnessed};
use crate::{Course, Replayed, Report};

/// A command that prints one object a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `cowrace check`.
    Check,
    /// `cowrace matrix`.
    Matrix,
    /// `cowrace diff`.
    Diff,
    /// `cowrace ablate`.
    Ablate,
    /// `cowrace replay`.
    Replay,
    /// `cowrace hunt`.
    Hunt,
    /// `witness`.
    Witness,
}

impl Command {
    /// Every command.
    pub const ALL: [Self; 7] =
        [Self::Check, Self::Matrix, Self::Diff, Self::Ablate, Self::Replay, Self::Hunt, Self::Witness];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Matrix => "matrix",
            Self::Diff => "diff",
            Self::Ablate => "ablate",
            Self::Replay => "replay",
            Self::Hunt => "hunt",
            Self::Witness => "witness",
        }
    }

    /// The schema of each line that it prints, as JSON over several lines.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON.
    pub fn schema(self) -> Result<String, serde_json::Error> {
        let lines: &[Line] = match self {
            Self::Check => &[line::<Report>],
            Self::Matrix => &[line::<Report>, line::<Course>],
            Self::Diff => &[line::<Difference>, line::<NewLines>],
            Self::Ablate => &[line::<Ablation>],
            Self::Replay => &[line::<Replayed>],
            Self::Hunt => &[line::<Level>, line::<Guided>, line::<Family>, line::<Costlier>, line::<Hunted>],
            Self::Witness => &[line::<Witnessed>],
        };
        let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let lines: Vec<Schema> = lines.iter().map(|line| line(&mut generator)).collect();
        let schema = json_schema!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": format!("a line of `cowrace {} --format json`", self.name()),
            "anyOf": lines,
            "$defs": generator.take_definitions(true),
        });
        Ok(serde_json::to_string_pretty(&schema)? + "\n")
    }
}

/// The schema of one kind of line; what it refers to becomes a definition of the generator.
type Line = fn(&mut SchemaGenerator) -> Schema;

fn line<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
