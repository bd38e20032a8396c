use super::*;

fn good() -> Builder {
    Builder::new("my-plugin", "1.0.0", SourceType::Braindump)
        .api_key("oc_secret".to_owned())
        .endpoint(ENDPOINT.to_owned())
}

fn option(builder: &Builder) -> &'static str {
    match builder.check() {
        Err(Error::InvalidOptions { option, .. }) => option,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_option_that_breaks_a_rule_is_named() {
    assert!(good().check().is_ok());
    for endpoint in ["", "127.0.0.1:8000", "ftp://x", "http://", "/path"] {
        assert_eq!(
            option(&good().endpoint(endpoint.to_owned())),
            "endpoint",
            "{endpoint}"
        );
    }
    assert_eq!(option(&good().max_batch_events(0)), "max_batch_events");
    assert_eq!(option(&good().max_batch_events(501)), "max_batch_events");
    assert_eq!(option(&good().heartbeat(Duration::from_secs(59))), "heartbeat");
    assert_eq!(option(&good().platform(Platform::Unspecified)), "platform");
    let mut bad = good();
    bad.plugin_id = "Not Kebab".to_owned();
    assert_eq!(option(&bad), "plugin_id");
    bad = good();
    bad.plugin_version = "one".to_owned();
    assert_eq!(option(&bad), "plugin_version");
    bad = good();
    bad.source_types = vec![SourceType::Notes, SourceType::Unspecified];
    assert_eq!(option(&bad), "source_type");
}

#[test]
fn the_key_is_not_shown() {
    assert!(!format!("{:?}", good()).contains("oc_secret"));
    let error = super::super::key::Key::new(&good().api_key("oc_secret\n".to_owned()).key).unwrap_err();
    assert!(!error.to_string().contains("oc_secret"));
}
