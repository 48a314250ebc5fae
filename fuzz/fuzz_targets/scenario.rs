//! Any bytes as a scenario file: errors point into it, and a valid scenario survives printing.
#![no_main]

use cowrace_testkit::properties::scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = scenario::reads(&String::from_utf8_lossy(data));
});
