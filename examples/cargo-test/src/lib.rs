//! A crate that checks races with `cargo test`: `tests/questions.rs` asks one thing a test, `tests/races.rs` runs every scenario
//! of `races/` under every kernel.
