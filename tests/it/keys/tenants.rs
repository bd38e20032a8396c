//! Tenants are isolated from each other.

use openclone_client::v1::{GetAccessRequest, ingest_response::Outcome};
use serde_json::Value;

use super::calls::{add, braindump, markdown, post, stream, unary, with};
use crate::app::{KEY, TestApp, http};

#[tokio::test(flavor = "multi_thread")]
async fn tenants_share_nothing_on_any_transport() {
    let app = TestApp::start("").await;
    let (ana, ben) = (
        add(&app, "ana", &["ingest"], |_| {}),
        add(&app, "ben", &["ingest", "plugins:read"], |_| {}),
    );
    for (key, name) in [(ana.as_str(), "ana"), (&ben, "ben"), (KEY, "operator")] {
        let json = post(&app, key, &format!("json of {name}"), "same-1").await;
        assert!(
            json.status == 200 && json.body.contains("\"stored\":1"),
            "{json:?}"
        );
        let result = unary(&app, key, braindump(&format!("unary of {name}"), "same-2"))
            .await
            .unwrap();
        assert_eq!(
            (result.stored, result.skipped),
            (1, 0),
            "the ids of tenants are apart"
        );
        let Outcome::Result(result) = stream(&app, key, braindump(&format!("stream of {name}"), "same-3"))
            .await
            .unwrap()
        else {
            panic!("rejected")
        };
        assert_eq!(result.stored, 1);
        let again = unary(&app, key, braindump("again", "same-3")).await.unwrap();
        assert_eq!((again.stored, again.skipped), (0, 1));
    }
    for (name, dir) in [
        ("ana", "tenants/ana/vault"),
        ("ben", "tenants/ben/vault"),
        ("operator", "vault"),
    ] {
        let text = markdown(&app.home().join(dir));
        for way in ["json", "unary", "stream"] {
            assert_eq!(
                text.matches(&format!("{way} of ")).count(),
                1,
                "{name} has only its own:\n{text}"
            );
            assert!(text.contains(&format!("{way} of {name}")), "{text}");
        }
    }
    let mut access = app.access_client();
    let seen = access
        .get_access(with(&ana, GetAccessRequest {}))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (seen.tenant.as_str(), &seen.scopes[..]),
        ("ana", &["ingest".to_owned()][..])
    );
    figures_are_apart(&app, &ana, &ben).await;
    app.stop().await;
}

async fn figures_are_apart(app: &TestApp, ana: &str, ben: &str) {
    let seen = |key: String| async move {
        let response = http(
            app.address,
            "GET",
            "/api/v1/tenants",
            &[&format!("X-API-Key: {key}")],
            "",
        )
        .await;
        let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
        let tenants = body["tenants"].as_array().cloned().unwrap_or_default();
        let names: Vec<_> = tenants
            .iter()
            .map(|one| one["tenant"].as_str().unwrap().to_owned())
            .collect();
        (response.status, names, tenants)
    };
    let (_, names, tenants) = seen(ana.to_owned()).await;
    assert_eq!(names, ["ana"]);
    assert_eq!(
        (
            &tenants[0]["events"]["stored"],
            &tenants[0]["events"]["duplicate"]
        ),
        (&3.into(), &1.into())
    );
    let on_disk = markdown(&app.home().join("tenants/ana/vault/Braindump")).len();
    assert_eq!(
        (&tenants[0]["bytes"], &tenants[0]["files"]),
        (&on_disk.into(), &1.into())
    );
    assert!(
        tenants[0]["last_seen"].is_string() && tenants[0]["journal"]["bytes"].as_u64() > Some(100),
        "{tenants:?}"
    );
    assert_eq!(seen(ben.to_owned()).await.1, ["ben"]);
    assert_eq!(seen(KEY.to_owned()).await.1, ["ana", "ben", "default"]);
    assert_eq!(seen("invalid".to_owned()).await.0, 401);
    let text = app.get("/metrics").await.body;
    for line in [
        "openclone_tenant_events_total{tenant=\"ana\",outcome=\"stored\"} 3",
        "openclone_tenant_events_total{tenant=\"ben\",outcome=\"duplicate\"} 1",
        "openclone_keys 2",
        "openclone_keys_file_broken 0",
    ] {
        assert!(
            text.lines().any(|known| known == line),
            "{line} is missing in\n{text}"
        );
    }
}
