//! The memory of this process.

use crate::Result;

/// Greatest resident size so far, in MiB (`VmHWM` of proc(5)).
///
/// # Errors
///
/// Only where there is no `/proc`.
pub fn peak_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmHWM in /proc/self/status")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
