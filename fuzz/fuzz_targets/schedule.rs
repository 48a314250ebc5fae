//! Any bytes as a schedule: what is right survives printing.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/report/tests/properties/mod.rs"]
mod properties;

fuzz_target!(|data: &[u8]| {
    let _ = properties::reads(&String::from_utf8_lossy(data));
});
