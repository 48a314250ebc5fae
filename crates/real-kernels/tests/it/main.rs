//! The table, and its rows as scenarios.

mod scenarios;
mod table;
