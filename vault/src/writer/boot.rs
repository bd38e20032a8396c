//! Which boot of the machine this is.

use crate::writer::record::BootId;

/// The kernel's id of this boot. Where there is none, a random one: every start then counts as one after a power loss,
/// which is slower but never wrong.
pub(crate) fn boot_id() -> BootId {
    kernel_boot_id().unwrap_or_else(rand::random)
}

#[cfg(target_os = "linux")]
fn kernel_boot_id() -> Option<BootId> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}

#[cfg(not(target_os = "linux"))]
fn kernel_boot_id() -> Option<BootId> {
    None
}
