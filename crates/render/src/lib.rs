//! Traces and reports as text columns and JSON.
