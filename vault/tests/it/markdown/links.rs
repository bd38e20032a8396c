//! The links that items may hold.

use openclone_vault::SourceType;

use super::{
    attacks,
    batch::Setting,
    dataview,
    parsers::{Piece, parse},
};

fn destinations(item: &str) -> Vec<String> {
    let link = |piece: Piece| match piece {
        Piece::Open(name) => name.strip_prefix("link ").map(str::to_owned),
        _ => None,
    };
    parse(item).into_iter().filter_map(link).collect()
}

fn web(url: &str, title: &str) -> String {
    let json = serde_json::json!({"url": url, "title": title});
    Setting::new(SourceType::WebBrowsing).item_of(&json.to_string())
}

#[test]
fn a_page_is_a_link_and_its_address_stands_there_as_well() {
    let item = web("https://example.com/a_b?c=1&d=ñ#e", "A [page]");
    let expected = "- **14:30** [A \\[page\\]](https://example.com/a_b?c=1&d=ñ#e) \
        <!-- [title:: A [page]] [url:: https://example.com/a_b?c=1&d=ñ#e] ";
    assert!(item.starts_with(expected), "{item}");
    assert_eq!(destinations(&item), ["https://example.com/a_b?c=1&d=ñ#e"]);
}

#[test]
fn nothing_behind_an_address_gets_out_of_its_link() {
    for attack in attacks::all() {
        for url in [
            format!("https://e.com/{attack}"),
            format!("https://e.com?{attack}"),
            format!("https://{attack}"),
        ] {
            let item = web(&url, &attack);
            let found = destinations(&item);
            assert!(found.len() <= 1, "{item}");
            assert!(
                found
                    .iter()
                    .all(|to| to.starts_with("https://") && !to.contains([' ', '<', '"', '(', '\n'])),
                "{item}"
            );
            let keys: Vec<String> = dataview::fields(&item).into_iter().map(|(key, _)| key).collect();
            let known = ["title", "url", "at", "ref", "via", "device"];
            assert!(keys.iter().all(|key| known.contains(&key.as_str())), "{item}");
            assert_eq!(dataview::acted_on(&item), [""; 0], "{item}");
        }
    }
}

#[test]
fn other_addresses_are_text() {
    for url in [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "obsidian://open",
        "https://a@b.c/",
        "//e.com",
        "data:text/html,x",
    ] {
        assert_eq!(destinations(&web(url, "t")), [""; 0], "{url}");
    }
}

#[test]
fn only_addresses_in_the_documented_field_are_links() {
    let url = r#"{"url":"https://e.com","text":"https://e.com","title":"page","window_title":"page"}"#;
    let with_link = [SourceType::WebBrowsing, SourceType::ScreenOcr];
    for source_type in SourceType::ALL {
        let found = destinations(&Setting::new(source_type).item_of(url)).len();
        assert_eq!(
            found,
            usize::from(with_link.contains(&source_type)),
            "{source_type:?}"
        );
    }
}

#[test]
fn a_place_is_a_geo_link() {
    let gps = |json: &str| destinations(&Setting::new(SourceType::Gps).item_of(json));
    assert_eq!(
        gps(r#"{"lat":40.4168,"lon":-3.7038,"place_name":"](http://e) x"}"#),
        ["geo:40.4168,-3.7038"]
    );
    assert_eq!(gps(r#"{"lat":40.0,"lon":-3.0}"#), ["geo:40,-3"]);
    assert_eq!(gps(r#"{"lat":91,"lon":0}"#), [""; 0]);
    assert_eq!(gps(r#"{"lat":"1)[x](http://e)","lon":0}"#), [""; 0]);
}
