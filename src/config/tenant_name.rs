//! Validates names of tenants.

/// The longest name, in bytes.
const LONGEST: usize = 64;

/// Names that Windows reserves for devices; a vault may be synced to Windows.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Checks the name of a tenant: 1 to 64 of `[a-z0-9-]`. It becomes the name of a directory.
///
/// # Errors
/// A short description of the problem.
pub fn check(tenant: &str) -> Result<(), &'static str> {
    if tenant.is_empty() || tenant.len() > LONGEST {
        return Err("a tenant name has 1 to 64 characters");
    }
    if !tenant
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return Err("a tenant name consists of a-z, 0-9 and hyphens");
    }
    let numbered = |name| {
        let digits = tenant.strip_prefix(name);
        digits.is_some_and(|rest: &str| rest.len() == 1 && rest != "0")
    };
    if DEVICES.contains(&tenant)
        || ((numbered("com") || numbered("lpt")) && tenant.ends_with(|c: char| c.is_ascii_digit()))
    {
        return Err("this name is reserved for a device on Windows");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_names_pass() {
        for fine in [
            "default",
            "a",
            "ana-2",
            "com",
            "com10",
            "comx",
            "0",
            "console",
            &"x".repeat(64),
        ] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "CON",
            "con",
            "nul",
            "com1",
            "lpt9",
            "Ana",
            "a_b",
            "ñ",
            "a b",
            "a\0",
            &"x".repeat(65),
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
