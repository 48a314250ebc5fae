//! A crate that checks races with `cargo test`: `tests/questions.rs` has one question per test, and
//! `tests/races.rs` runs every scenario of `races/` under every kernel.
