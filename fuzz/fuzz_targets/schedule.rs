//! Any bytes as a schedule: a valid schedule survives printing.
#![no_main]

use cowrace_testkit::properties::schedule;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = schedule::reads(&String::from_utf8_lossy(data));
});
