//! The commands on the corpus, and what many crates have to do with.

mod arm64;
mod boundaries;
mod commits;
mod costs;
mod coverage;
mod documents;
mod examples;
mod merging;
mod metamorphic;
mod model;
mod printed;
mod robust;
mod safeguards;
mod searches;
mod second_opinions;
mod seed;
mod sharing;
mod stress;
mod why;
