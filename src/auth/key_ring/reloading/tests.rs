use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::*;
use crate::limit::TenantLimits;
use crate::{
    auth::{KeyRing, Need, NewKey, Scope},
    config::testing::limits,
};

struct Case {
    dir: TempDir,
    ring: KeyRing,
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ring = KeyRing::new([])
            .watch(
                dir.path().join("keys.toml"),
                dir.path().join("used.toml"),
                limits(),
                TenantLimits::default(),
            )
            .unwrap();
        Self { dir, ring }
    }

    fn change(&self, change: impl FnOnce(&mut KeysFile)) {
        KeysFile::change(&self.dir.path().join("keys.toml"), |file| {
            change(file);
            Ok(())
        })
        .unwrap();
    }

    fn add(&self) -> NewKey {
        let key = NewKey::generate();
        self.change(|file| {
            let hash = file.hash(key.secret.expose_secret().as_bytes());
            file.keys.push(KeyRecord {
                id: key.id.clone(),
                tenant: "ana".into(),
                label: "l".into(),
                scopes: vec![Scope::Ingest],
                plugin: None,
                requests_per_minute: Some(7),
                events_per_second: None,
                created_at: None,
                expires_at: None,
                revoked_at: None,
                hash,
            });
        });
        key
    }

    fn find(&self, key: &NewKey) -> Option<Principal> {
        self.ring.find(key.secret.expose_secret().as_bytes())
    }
}

fn wait() {
    std::thread::sleep(STAT_CACHE_TTL * 2);
}

#[test]
fn a_key_is_seen_at_once_and_a_revoked_one_is_not() {
    let case = Case::new();
    let (first, second) = (case.add(), case.add());
    let principal = case.find(&first).unwrap();
    assert_eq!((&*principal.tenant, principal.limits.config().burst), ("ana", 7));
    assert!(case.find(&second).is_some());
    let third = case.add();
    assert!(case.find(&third).is_some(), "without waiting");
    assert!(case.ring.renew(&principal).is_ok());
    case.change(|file| file.keys[0].revoked_at = Some(Timestamp::now()));
    wait();
    assert!(case.find(&first).is_none() && case.find(&second).is_some());
    assert!(matches!(
        case.ring.renew(&principal),
        Err(crate::error::IngestError::InvalidKey)
    ));
    assert_eq!(case.ring.state().keys, 2);
    fs::remove_file(case.dir.path().join("keys.toml")).unwrap();
    wait();
    assert!(case.find(&second).is_none());
}

#[test]
fn another_secret_under_a_known_id_is_rejected() {
    let case = Case::new();
    let key = case.add();
    let other = KeysFile::empty().hash(b"other");
    assert!(case.find(&key).is_some());
    let principal = case.find(&key).unwrap();
    case.change(|file| file.keys[0].hash = other);
    wait();
    assert!(case.find(&key).is_none() && case.ring.renew(&principal).is_err());
}

#[test]
fn a_broken_file_leaves_the_keys_and_is_told_of() {
    let case = Case::new();
    let key = case.add();
    assert!(case.find(&key).is_some());
    let path = case.dir.path().join("keys.toml");
    let good = fs::read_to_string(&path).unwrap();
    for broken in ["", "[[key", &good.replace("\"ingest\"", "\"everything\"")] {
        fs::write(&path, broken).unwrap();
        wait();
        assert!(case.find(&key).is_some(), "{broken}");
        assert!(
            case.ring.state().error.unwrap().contains("keys.toml: "),
            "{broken}"
        );
    }
    fs::write(&path, good).unwrap();
    wait();
    assert_eq!(case.ring.state(), RingState { keys: 1, error: None });
    fs::write(&path, "[[key").unwrap();
    let used = case.dir.path().join("used.toml");
    let started = KeyRing::new([]).watch(path, used, limits(), TenantLimits::default());
    assert!(started.is_err(), "a start has no keys from before");
}

#[test]
fn changed_scopes_hold_and_used_requests_stay_used() {
    let case = Case::new();
    let key = case.add();
    let principal = case.find(&key).unwrap();
    for _ in 0..7 {
        principal.limits.take().unwrap();
    }
    case.change(|file| file.keys[0].scopes = vec![Scope::Metrics]);
    wait();
    let renewed = case.ring.renew(&principal).unwrap();
    assert!(renewed.require(Need::AnyIngest, Timestamp::now).is_err());
    assert!(renewed.limits.take().is_err(), "the limit did not change");
}

#[test]
fn an_expired_key_is_no_key() {
    let case = Case::new();
    let key = case.add();
    let principal = case.find(&key).unwrap();
    case.change(|file| file.keys[0].expires_at = Some(Timestamp::now()));
    wait();
    assert!(case.find(&key).is_none() && case.ring.renew(&principal).is_err());
}
