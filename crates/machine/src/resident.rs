//! How much memory the process has.

use std::fs;

/// Bytes of memory that the whole process has resident, where the system says so: on Linux, rounded to KiB. It
/// takes some ten microseconds, so do not ask for every execution.
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
        // The compiler is not to leave it out.
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = resident_memory().expect("Linux says it");
        assert!(after >= before + (32 << 20), "{before} {after} {}", block.len());
    }
}
