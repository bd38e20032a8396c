//! How an item of each source type looks.

use openclone_vault::SourceType;

use super::batch::Setting;

fn render(source_type: SourceType, events: &[&str]) -> String {
    let setting = Setting::new(source_type);
    events.iter().map(|json| setting.item_of(json)).collect()
}

macro_rules! looks {
    ($name:ident, $source_type:ident, $($json:expr),+ $(,)?) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(render(SourceType::$source_type, &[$($json),+]));
        }
    };
}

looks!(
    audio_system,
    AudioSystem,
    r#"{"text":"We discussed the product roadmap for Q2.","duration":60,"app_name":"Google Meet","confidence":0.95}"#,
    r#"{"duration":1.5}"#
);
looks!(
    audio_mic,
    AudioMic,
    r#"{"text":"Recordar comprar café ☕\ny pan.","duration":12.5,"confidence":0.8}"#
);
looks!(
    screen_ocr,
    ScreenOcr,
    r#"{"text":"Inbox (3)\n\n  Ada Lovelace   Re: engine\n# Not a heading\n1. Not a list","app_name":"Safari","window_title":"Mail — Inbox","url":"https://mail.example.com/inbox?folder=a b"}"#,
    r#"{"text":"fn main() {}","app_name":"Terminal"}"#,
    r#"{"text":"Bare page","url":"https://example.com/"}"#
);
looks!(
    journal,
    Journal,
    r#"{"text":"Hoy fue un buen día. 😀\nمرحبا بالعالم","duration":31}"#
);
looks!(
    web_browsing,
    WebBrowsing,
    r#"{"url":"https://example.com/articles/rust_2026?ref=home","title":"What's new in Rust | Example","domain":"example.com","reading_time":184.2}"#,
    r#"{"url":"javascript:alert(1)","title":"Not a page"}"#
);
looks!(
    music,
    Music,
    r#"{"track":"Entre dos aguas","artist":"Paco de Lucía","album":"Fuente y caudal","duration":364}"#,
    r#"{"track":"Untitled","album":"Live"}"#,
    r#"{"artist":"Someone"}"#
);
looks!(
    health,
    Health,
    r#"{"steps":8042,"heart_rate":62.0,"sleep_hours":7.5}"#,
    r#"{"steps":12,"weight_kg":72.4,"hrv_ms":48,"mood":"fine"}"#
);
looks!(
    calendar,
    Calendar,
    r#"{"title":"Planning","start":"2026-02-26T16:00:00+01:00","end":"2026-02-26T17:30:00+01:00","attendees":["Ada","Grace <grace@example.com>"],"location":"Room 4"}"#,
    r#"{"title":"Night train 📅","start":"2026-02-27T22:00","end":"2026-02-28T07:15"}"#,
    r#"{"title":"Holiday","start":"2026-03-02","end":"2026-03-06"}"#,
    r#"{"title":"Call","start":"2026-02-26T15:00:00Z"}"#,
    r#"{"title":"Vague","start":"tomorrow","end":"later"}"#
);
looks!(
    notes,
    Notes,
    r##"{"title":"Ideas","text":"First: write it down.\n- then act","tags":["work","#life"]}"##
);
looks!(
    gps,
    Gps,
    r#"{"lat":40.4168,"lon":-3.7038,"accuracy":5,"place_name":"Puerta del Sol"}"#,
    r#"{"lat":-0.5,"lon":12.0}"#
);
looks!(
    photos,
    Photos,
    r#"{"filename":"IMG_2041.HEIC","location":"Madrid","timestamp":1772112600}"#
);
looks!(
    email,
    Email,
    r#"{"subject":"Re: [team] numbers","from":"Ada <ada@example.com>","to":["grace@example.com"],"date":"Thu, 26 Feb 2026 14:00:00 +0100"}"#
);
looks!(
    messaging,
    Messaging,
    r#"{"platform":"signal","from":"Ada","preview":"See you at 8?\nhttps://example.com/menu"}"#
);
looks!(
    activity,
    Activity,
    r#"{"app_name":"Xcode","duration":1800,"category":"work"}"#
);
looks!(
    braindump,
    Braindump,
    r#"{"text":"Hello!"}"#,
    r#"{"text":"Hello!","mood":1.0,"Zeta":true,"alpha":null,"nested":{"b":[1,2.50],"a":"x"},"odd key":1,"ref":"x","9":12345678901234567890}"#,
    r#"{"text":"","empty":"","blank":" \n "}"#,
    r#"{}"#
);

/// A text with everything in each of the formats.
#[test]
fn formats() {
    use openclone_vault::{FieldSelection, Format, Metadata};

    let json = r##"{"text":"if a:\n\treturn a_b\n\n\n  # done $5","app_name":"C# [x]","window_title":"100%% *sure*","url":"https://e.com/a_b"}"##;
    let formats = [
        (Metadata::Html, FieldSelection::All),
        (Metadata::Html, FieldSelection::Essential),
        (Metadata::Comment, FieldSelection::All),
        (Metadata::Visible, FieldSelection::Essential),
    ];
    let items: Vec<String> = formats
        .into_iter()
        .map(|(metadata, fields)| {
            let mut setting = Setting::new(SourceType::ScreenOcr);
            setting.format = Format {
                metadata,
                fields,
                ..Format::default()
            };
            setting.item_of(json)
        })
        .collect();
    insta::assert_snapshot!(items.concat());
}
