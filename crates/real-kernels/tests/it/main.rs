//! The table, and its rows as scenarios.

mod cow;
mod scenarios;
mod table;
