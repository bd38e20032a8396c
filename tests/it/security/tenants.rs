//! Tenant isolation under random interleavings: all tenants send the same references from the same plugins over all
//! transports, and each gets the responses that it would get alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Instant,
};

use openclone_client::v1::{
    GetAccessRequest, IngestBatchRequest, IngestRequest, event::Data, ingest_response::Outcome,
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::record;
use crate::{
    app::{KEY, TestApp, http},
    batches::{add_key, batch, json, with},
    process::{Serve, command},
};
use openclone_test_support::scoreboard::env_number;

const TENANTS: [&str; 3] = ["default", "ana", "an"];
const REQUESTS: usize = 4;

/// One batch: whose, at which transport, which references.
type Step = (usize, usize, Vec<u8>);

struct World {
    app: TestApp,
    gateway: Serve,
    keys: [String; 3],
    /// What each tenant has stored.
    stored: [BTreeSet<String>; 3],
    skipped: [u64; 3],
}

#[test]
fn tenants_are_isolated_in_any_order() {
    let began = Instant::now();
    let cases = env_number("OPENCLONE_TENANT_CASES").unwrap_or(24);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut world = runtime.block_on(World::new());
    let seed = [7; 32];
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let config = Config {
        cases: u32::try_from(cases).unwrap(),
        failure_persistence: None,
        // a case changes the world, so that it cannot be tried again
        max_shrink_iters: 0,
        ..Config::default()
    };
    let steps = prop::collection::vec(
        (
            0..TENANTS.len(),
            0..REQUESTS,
            prop::collection::vec(0_u8..12, 1..6),
        ),
        1..12,
    );
    let world = std::cell::RefCell::new(&mut world);
    let case = std::cell::Cell::new(0);
    TestRunner::new_with_rng(config, rng)
        .run(&steps, |steps| {
            case.set(case.get() + 1);
            runtime.block_on(world.borrow_mut().play(case.get(), steps));
            Ok(())
        })
        .unwrap();
    runtime.block_on(world.borrow().assert_apart());
    record(
        "Tenants are apart",
        "random batches of three tenants with the same references, over four transports; an response, file or figure that tells of another",
        cases,
        "7…7".to_owned(),
        began,
    );
}

impl World {
    async fn new() -> Self {
        let app = TestApp::start("limits.requests_per_minute = 100000\nlimits.burst = 100000").await;
        let keys = [
            KEY.to_owned(),
            add_key(&app.home(), TENANTS[1], &["ingest", "plugins:read"], None),
            add_key(&app.home(), TENANTS[2], &["ingest", "plugins:read"], None),
        ];
        let mut gateway = command(&app.home().join("../gateway"));
        let upstream = format!("http://{}", app.address);
        gateway.args(["gateway", "--upstream", &upstream, "--listen", "127.0.0.1:0"]);
        Self {
            app,
            gateway: Serve::spawn(&mut gateway, 2),
            keys,
            stored: Default::default(),
            skipped: [0; 3],
        }
    }

    async fn play(&mut self, case: u32, steps: Vec<Step>) {
        for (tenant, transport, references) in steps {
            let names: Vec<_> = references.iter().map(|n| format!("c{case}r{n}-")).collect();
            let before = self.stored[tenant].len();
            self.stored[tenant].extend(names.iter().cloned());
            let stored = (self.stored[tenant].len() - before) as u64;
            let skipped = names.len() as u64 - stored;
            self.skipped[tenant] += skipped;
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let outcome = self.send(tenant, transport, &names).await;
            assert_eq!(
                outcome,
                (stored, skipped),
                "{} at transport {transport}: {names:?}",
                TENANTS[tenant]
            );
        }
    }

    /// Sends a batch whose texts name their tenant; how many are stored and skipped.
    async fn send(&self, tenant: usize, transport: usize, names: &[&str]) -> (u64, u64) {
        let key = self.keys[tenant].as_str();
        let text = format!("private to {} ", TENANTS[tenant]);
        let mut batch = batch(names);
        for event in &mut batch.events {
            if let Some(Data::Braindump(data)) = &mut event.data {
                data.text = Some(text.clone());
            }
        }
        let batch = Some(batch);
        match transport {
            0 | 1 => {
                let address = match transport {
                    0 => self.app.address,
                    _ => self.gateway.url.strip_prefix("http://").unwrap().parse().unwrap(),
                };
                let body = json(names).replace("thought ", &text);
                let key = format!("X-API-Key: {key}");
                let lines = [key.as_str(), "Content-Type: application/json"];
                let response = http(address, "POST", "/api/v1/ingest", &lines, &body).await;
                let outcome: serde_json::Value = serde_json::from_str(&response.body).unwrap();
                (
                    outcome["stored"].as_u64().unwrap(),
                    outcome["skipped"].as_u64().unwrap(),
                )
            }
            2 => {
                let call = with(key, IngestBatchRequest { batch });
                let response = self.app.ingest_client().ingest_batch(call).await.unwrap();
                let outcome = response.into_inner().result.unwrap();
                (outcome.stored.into(), outcome.skipped.into())
            }
            _ => {
                let requests = tokio_stream::iter([IngestRequest { sequence: 1, batch }]);
                let responses = self
                    .app
                    .ingest_client()
                    .ingest(with(key, requests))
                    .await
                    .unwrap();
                match responses.into_inner().message().await.unwrap().unwrap().outcome {
                    Some(Outcome::Result(outcome)) => (outcome.stored.into(), outcome.skipped.into()),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    async fn assert_apart(&self) {
        for (n, tenant) in TENANTS.iter().enumerate() {
            self.assert_files(n);
            let process_stats = self.process_stats(n).await;
            assert!(process_stats > 0, "{tenant} has requests left");
        }
        for n in [1, 2] {
            self.assert_figures(n).await;
        }
        self.assert_rates_are_apart().await;
    }

    /// Everything of its own once, and nothing of anyone else.
    fn assert_files(&self, tenant: usize) {
        let dir = match tenant {
            0 => self.app.home().join("vault"),
            n => self.app.home().join("tenants").join(TENANTS[n]).join("vault"),
        };
        let text = markdown(&dir);
        for name in &self.stored[tenant] {
            assert_eq!(
                text.matches(&format!("[ref:: {name}]")).count(),
                1,
                "{} {name}",
                TENANTS[tenant]
            );
        }
        assert_eq!(text.matches(" ^oc-").count(), self.stored[tenant].len());
        for other in TENANTS.iter().filter(|other| **other != TENANTS[tenant]) {
            assert!(!text.contains(&format!("private to {other} ")), "{other}");
        }
    }

    /// Figures name no other tenant, and are its own.
    async fn assert_figures(&self, tenant: usize) {
        let own = TENANTS[tenant];
        for path in ["/metrics", "/api/v1/tenants", "/api/v1/plugins"] {
            let response = self.get(&self.keys[tenant], path).await;
            for other in TENANTS.iter().filter(|other| **other != own) {
                let named = [format!("\"{other}\""), format!("tenants/{other}/")];
                assert!(
                    !named.iter().any(|name| response.contains(name)),
                    "{path} for {own}: {response}"
                );
            }
        }
        let outcome: serde_json::Value =
            serde_json::from_str(&self.get(&self.keys[tenant], "/api/v1/tenants").await).unwrap();
        assert_eq!(outcome["tenants"].as_array().unwrap().len(), 1);
        assert_eq!(
            outcome["tenants"][0]["events"]["stored"],
            self.stored[tenant].len()
        );
        assert_eq!(outcome["tenants"][0]["events"]["duplicate"], self.skipped[tenant]);
    }

    /// Who has used up its requests has used up nobody else's.
    async fn assert_rates_are_apart(&self) {
        let poor = add_key(&self.app.home(), "poor", &["ingest"], Some(1));
        let before: BTreeMap<_, _> =
            [(1, self.process_stats(1).await), (2, self.process_stats(2).await)].into();
        let line = format!("X-API-Key: {poor}");
        let lines = [line.as_str(), "Content-Type: application/json"];
        let mut last = 0;
        for n in 0..5 {
            let body = json(&[&format!("poor-{n}")]);
            last = http(self.app.address, "POST", "/api/v1/ingest", &lines, &body)
                .await
                .status;
        }
        assert_eq!(last, 429);
        for (tenant, remaining) in before {
            assert!(self.process_stats(tenant).await >= remaining);
            assert_eq!(self.send(tenant, 0, &["after-poor"]).await, (1, 0));
        }
    }

    async fn get(&self, key: &str, path: &str) -> String {
        let line = format!("X-API-Key: {key}");
        http(self.app.address, "GET", path, &[&line], "").await.body
    }

    /// Requests left.
    async fn process_stats(&self, tenant: usize) -> u32 {
        let call = with(&self.keys[tenant], GetAccessRequest {});
        let access = self
            .app
            .access_client()
            .get_access(call)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(access.tenant, TENANTS[tenant]);
        access.limits.unwrap().remaining
    }
}

fn markdown(dir: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all += &markdown(&path);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            all += &fs::read_to_string(path).unwrap();
        }
    }
    all
}
