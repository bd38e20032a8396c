use std::sync::atomic::AtomicU32;

use serde_json::json;

use super::*;
use crate::{
    sdk::Memory,
    v1::{Braindump, Music, Notes},
};

fn plugin(dir: &Path, conf: &str) {
    let manifest = json!({
        "id": "p", "name": "P", "version": "1.2.0", "source_types": ["braindump", "notes"], "sensitivity": "LOW",
        "config_schema": {"openclone.enabled": {"type": "boolean", "default": false}},
    });
    std::fs::write(dir.join("plugin.json"), manifest.to_string()).unwrap();
    std::fs::write(dir.join("openclone.conf"), conf).unwrap();
}

#[tokio::test]
async fn a_manifest_makes_a_client_of_several_source_types() {
    let directory = tempfile::tempdir().unwrap();
    plugin(directory.path(), "openclone.enabled = true\n");
    let memory = Memory::default();
    memory.reject("bad");
    let rejected = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&rejected);
    let client = Client::from_manifest(Some(directory.path()))
        .unwrap()
        .memory(memory.clone())
        .on_rejected(move |event| seen.lock().unwrap().push(event.raw_ref.clone()))
        .open()
        .await
        .unwrap();
    let temporary = client.temporary.clone().unwrap();
    let thought = Braindump {
        text: Some("a thought".to_owned()),
    };
    client.send(Event::new(thought).raw_ref("t")).await.unwrap();
    client
        .send(Event::new(Notes::default()).raw_ref("bad"))
        .await
        .unwrap();
    let json = Event::json(r#"{"n": 1}"#.to_owned());
    client
        .send(json.clone().source_type(SourceType::Notes).raw_ref("n"))
        .await
        .unwrap();
    for event in [
        json.clone(),
        json.source_type(SourceType::Music),
        Event::new(Music::default()),
    ] {
        assert_eq!(client.send(event).await.unwrap_err().name(), "InvalidEvent");
    }
    client.report_health(Health::Failing, "no sound");
    client.close(Duration::from_secs(10)).await.unwrap();
    let mut stored: Vec<_> = memory
        .events()
        .into_iter()
        .map(|event| (event.source_type, event.raw_ref, event.data))
        .collect();
    stored.sort_by(|a, b| a.1.cmp(&b.1));
    let expected = [
        ("notes".to_owned(), "n".to_owned(), json!({"n": 1})),
        (
            "braindump".to_owned(),
            "t".to_owned(),
            json!({"text": "a thought"}),
        ),
    ];
    assert_eq!(stored, expected);
    assert_eq!(*rejected.lock().unwrap(), ["bad"]);
    assert_eq!(memory.health(), [(Health::Failing, "no sound".to_owned())]);
    assert!(!temporary.exists(), "nothing is left on disk");
}

#[tokio::test]
async fn a_failure_that_was_reported_and_its_end_are_told_once() {
    let memory = Memory::default();
    memory.set_away(true);
    let counts = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
    let (failed, recovered) = (Arc::clone(&counts), Arc::clone(&counts));
    let client = Client::builder("p", "1.0.0", SourceType::Health)
        .memory(memory.clone())
        .retry_base(Duration::from_millis(1))
        .retry_cap(Duration::from_millis(2))
        .on_error(move |_| {
            failed.0.fetch_add(1, Ordering::Relaxed);
        })
        .on_recovered(move || {
            recovered.1.fetch_add(1, Ordering::Relaxed);
        })
        .open()
        .await
        .unwrap();
    client.send(Event::json("{}".to_owned())).await.unwrap();
    assert_eq!(
        client.flush(Duration::from_millis(200)).await.unwrap_err().name(),
        "Timeout"
    );
    while counts.0.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    memory.set_away(false);
    client.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(
        (counts.0.load(Ordering::Relaxed), counts.1.load(Ordering::Relaxed)),
        (1, 1)
    );
}
