//! The resident memory of the process.

use std::fs;

/// The resident memory of the whole process in bytes, if the system tells it: on Linux, rounded to KiB. Reading it
/// takes some ten microseconds, so do not do it for every execution.
#[must_use]
pub fn resident_memory() -> Option<u64> {
    // Not statm, although it is shorter: it counts pages, and their size cannot be asked for without libc.
    let status = fs::read_to_string("/proc/self/status").ok()?;
    parse(&status)
}

fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_units_become_bytes() {
        assert_eq!(parse("Name:\tx\nVmHWM:\t    9 kB\nVmRSS:\t    1204 kB\n"), Some(1204 * 1024));
        assert_eq!(parse("Name:\tx\n"), None);
        assert_eq!(parse("VmRSS:\tmuch kB\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_allocated_and_used_is_seen() {
        let before = resident_memory().expect("Linux says it");
        // This keeps the compiler from removing the allocation.
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = resident_memory().expect("Linux says it");
        assert!(after >= before + (32 << 20), "{before} {after} {}", block.len());
    }
}
