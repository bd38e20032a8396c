//! A `keys.toml` with a key for each of many tenants. Its form is that of the service's `auth::keys_file` and
//! `auth::token`; making it with `openclone keys add` would take a process a key.

use std::{fmt::Write as _, fs, path::Path};

use data_encoding::BASE32_NOPAD;

/// Writes the file; the keys, in the order of the tenants.
pub(super) fn write(path: &Path, tenants: usize) -> anyhow::Result<Vec<String>> {
    let hash_key = *blake3::hash(b"for measuring only").as_bytes();
    let mut text = format!("hash_key = \"{}\"\n", blake3::Hash::from_bytes(hash_key).to_hex());
    let mut keys = Vec::with_capacity(tenants);
    for tenant in 0..tenants {
        let (id, key) = key(tenant);
        let hash = blake3::keyed_hash(&hash_key, key.as_bytes()).to_hex();
        write!(
            text,
            "\n[[key]]\nid = \"{id}\"\ntenant = \"tenant-{tenant}\"\nlabel = \"bench\"\nscopes = [\"ingest\"]\nrequests_per_minute = 0\nhash = \"{hash}\"\n"
        )?;
        keys.push(key);
    }
    fs::write(path, text)?;
    Ok(keys)
}

/// Id and key of a tenant: nothing to guess is wanted on loopback.
fn key(tenant: usize) -> (String, String) {
    let digest = blake3::hash(format!("tenant {tenant}").as_bytes());
    let letters = BASE32_NOPAD.encode(digest.as_bytes()).to_lowercase();
    let (id, secret) = (&letters[..8], &letters[8..40]);
    let body = format!("oc_{id}_{secret}");
    let checksum = BASE32_NOPAD
        .encode(&blake3::hash(body.as_bytes()).as_bytes()[..5])
        .to_lowercase();
    (id.to_owned(), format!("{body}_{}", &checksum[..6]))
}
