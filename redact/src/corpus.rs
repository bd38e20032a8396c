//! Redaction as a whole: secrets planted in ordinary text, options, and properties over random text.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use crate::lines::LINES;
use crate::{ExtraRule, Mode, RedactConfig, RedactError, Redactor};

/// What people write and see, with much that only looks like a secret.
const ORDINARY: &[&str] = &[
    "We discussed the product roadmap for Q2 and the key results of the team.",
    "The token economy of the classroom worked; the secret is patience.",
    "Forgot password? Enter your e-mail and we will send you a link.",
    "Your password must have at least 8 characters, one digit and one symbol.",
    "Password: required. Confirm password: required.",
    "La contraseña es obligatoria. Cambia tu contraseña: hazlo hoy mismo.",
    "key: C major, tempo: 120, capo: 2",
    r#"secrets: ["password", "contrase\xF1a", "\u043F\u0430\u0440", "passcode"],"#,
    "Meeting id 845 1234 5678, passcode: see the invitation",
    "Call me at +49 151 23456789 or +44 20 7946 0958 or 4930 123 456 78",
    "IBAN DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX",
    "ISBN 978-3-16-148410-0, EAN 4006381333931, order 3000123456",
    "epoch 1708258800000 or 1708258800.123456 or 1708258800000000",
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b fixes the tokenizer",
    "device 550e8400-e29b-41d4-a716-446655440000 sent 500 events",
    "lat 40.41677540000001, lon -3.703790199999957",
    "https://example.org/watch?v=dQw4w9WgXcQ&list=PLx0sYbCqOb8TBPRdmBHs5Iftvv9TPboYG",
    "https://example.org/users/4111111111111111/status/1234567890123456789",
    "token: see RFC 6750; secrets: none; credentials: ask the office",
    "fn parse_token(token: &str) -> Token { tokenize(token) }",
    "export PWD=/home/ana/projects OLDPWD=/tmp",
    "password = os.environ and secret_key = settings.SECRET",
    "The basic idea: bearer bonds pay interest. Basic understanding suffices.",
    "asia, acacia, akiak; sk-learn; xoxo from us all; ghp is no word; oc_ is a prefix",
    "primary_key: id, foreign_key: user_id, key=value, sort_key: created_at",
    "日本語のテキスト、パスワードについて。 كلمة السر مهمة. Пароль: забыт",
    "eyJ is how a JSON object starts in base64; AKIA is how an AWS id does.",
];

fn redactor() -> Redactor {
    Redactor::new(&RedactConfig::default()).unwrap()
}

/// Every secret of the lines, between every two ordinary texts.
fn planted() -> impl Iterator<Item = (String, String)> {
    ORDINARY.iter().flat_map(|ordinary| {
        LINES.iter().map(move |(_, before, pieces, after, _)| {
            let secret = pieces.concat();
            (format!("{ordinary} {before}{secret}{after}\n{ordinary}"), secret)
        })
    })
}

#[test]
fn planted_secrets_are_found_and_ordinary_text_is_not() {
    let redactor = redactor();
    let (mut all, mut found) = (0, 0);
    for (text, secret) in planted() {
        all += 1;
        found += u32::from(!redactor.redact_str(&text).0.contains(&secret));
    }
    let mangled: Vec<_> = ORDINARY
        .iter()
        .map(|text| redactor.redact_str(text))
        .filter(|(_, n)| *n > 0)
        .collect();
    println!(
        "recall {found} of {all}; false positives {} of {}: {mangled:?}",
        mangled.len(),
        ORDINARY.len()
    );
    assert!(all > 1_000);
    assert_eq!(found, all);
    assert!(mangled.is_empty());
}

#[test]
fn secrets_side_by_side_are_all_found_once() {
    let redactor = redactor();
    let secrets: Vec<String> = LINES
        .iter()
        .map(|(_, before, pieces, after, _)| format!("{before}{}{after}", pieces.concat()))
        .collect();
    let text = secrets.join("\n");
    let (redacted, count) = redactor.redact_str(&text);
    assert_eq!(count as usize, LINES.len(), "{redacted}");
    for (rule, _, pieces, ..) in LINES {
        assert!(!redacted.contains(&pieces.concat()), "{rule}");
    }
}

#[test]
fn the_specific_rule_names_what_two_rules_find() {
    let redactor = redactor();
    let token = ["gh", "p_", "q7Zr2xW9kP4vN8tLm3Yb6Hc1Jd5Fg0Rs2Qa4"].concat();
    assert_eq!(
        redactor.redact_str(&format!("token={token}")).0,
        "token=[REDACTED:github]"
    );
    assert_eq!(
        redactor.redact_str(&format!("password: {token}")).0,
        "password: [REDACTED:github]"
    );
}

#[test]
fn a_false_marker_hides_nothing() {
    let token = ["gh", "p_", "q7Zr2xW9kP4vN8tLm3Yb6Hc1Jd5Fg0Rs2Qa4"].concat();
    let text = format!("[REDACTED:{token}]");
    assert_eq!(
        redactor().redact_str(&text),
        ("[REDACTED:[REDACTED:github]]".into(), 1)
    );
}

#[test]
fn off_keeps_everything() {
    let redactor = Redactor::new(&RedactConfig {
        mode: Mode::Off,
        ..RedactConfig::default()
    })
    .unwrap();
    assert_eq!(
        redactor.redact_str("password: hunter2"),
        ("password: hunter2".into(), 0)
    );
}

fn extra(name: &str, regex: &str, keywords: &[&str]) -> ExtraRule {
    let keywords = keywords.iter().map(|&word| word.to_owned()).collect();
    ExtraRule {
        name: name.to_owned(),
        regex: regex.to_owned(),
        keywords,
    }
}

fn with(rules: Vec<ExtraRule>, allow: &[&str]) -> Result<Redactor, RedactError> {
    let allow = allow.iter().map(|&pattern| pattern.to_owned()).collect();
    Redactor::new(&RedactConfig {
        mode: Mode::Secrets,
        rules,
        allow,
    })
}

#[test]
fn rules_and_allowances_of_the_configuration() {
    let rules = vec![
        extra("badge", "badge ([0-9]{6})", &["BADGE"]),
        extra("room", r"room-[a-z]+", &[]),
    ];
    let redactor = with(rules, &["hunter[0-9]", "4111 1111 1111 1111"]).unwrap();
    let redacted = |text| redactor.redact_str(text).0.into_owned();
    assert_eq!(
        redacted("badge 123456 in room-blue"),
        "badge [REDACTED:badge] in [REDACTED:room]"
    );
    assert_eq!(
        redacted("password: hunter2, password: hunter22"),
        "password: hunter2, password: [REDACTED:password]"
    );
    assert_eq!(redacted("4111 1111 1111 1111"), "4111 1111 1111 1111");
}

#[test]
fn a_bad_rule_is_named() {
    let why = |rule| with(vec![rule], &[]).unwrap_err().to_string();
    assert!(why(extra("Badge", "x", &[])).contains("\"Badge\": a name is"));
    assert!(why(extra("card", "x", &[])).contains("\"card\": the name is taken"));
    assert!(why(extra("a", "x", &[""])).contains("\"a\": a keyword is empty"));
    assert!(why(extra("a", "(", &[])).contains("\"a\": regex parse error"));
    assert!(why(extra("a", "x*", &[])).contains("\"a\": the regex matches the empty text"));
    assert!(why(extra("a", r"\w{1000}{1000}", &[])).contains("\"a\""));
    assert!(
        with(vec![], &["("])
            .unwrap_err()
            .to_string()
            .contains("allow \"(\"")
    );
}

/// Pieces of secrets, their surroundings and other text, so that random strings have something to find.
fn pieces() -> impl Strategy<Value = String> {
    let lines = proptest::sample::select(LINES);
    let piece = prop_oneof![
        3 => lines.prop_map(|(_, before, pieces, after, _)| format!("{before}{}{after}", pieces.concat())),
        1 => proptest::sample::select(vec!["[REDACTED:card]", "[REDACTED:", "password: ", "token=", "\"", "4", "-", " ", "_", "\n"])
            .prop_map(str::to_owned),
        2 => "\\PC{0,12}",
        1 => proptest::sample::select(LINES).prop_map(|(_, _, pieces, ..)| pieces[0].to_owned()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn twice_is_once(text in pieces()) {
        let redactor = redactor_once();
        let (once, _) = redactor.redact_str(&text);
        let (twice, count) = redactor.redact_str(&once);
        prop_assert_eq!(count, 0);
        prop_assert_eq!(&twice, &once);
    }

    #[test]
    fn any_text_is_survived_and_ordinary_text_borrowed(text in any::<String>()) {
        let redactor = redactor_once();
        let (redacted, count) = redactor.redact_str(&text);
        prop_assert_eq!(matches!(redacted, std::borrow::Cow::Borrowed(_)), count == 0);
    }
}

/// Compiling the rules for each case would take most of the time.
fn redactor_once() -> &'static Redactor {
    static REDACTOR: std::sync::OnceLock<Redactor> = std::sync::OnceLock::new();
    REDACTOR.get_or_init(redactor)
}

#[test]
fn own_keys_are_redacted_in_every_mode_and_form() {
    let own = ["correct horse battery".to_owned(), "k3y-of-mine".to_owned()];
    for mode in [Mode::Secrets, Mode::SecretsAndPersonal, Mode::Off] {
        let config = RedactConfig {
            mode,
            ..RedactConfig::default()
        };
        let redactor = Redactor::with_own_keys(&config, &own).unwrap();
        let oc = ["oc", "_k3f9a2mz_x7Bq2Lw9Kd4Vn8Ts3Yc6_c0ffee"].concat();
        for key in [own[0].as_str(), own[1].as_str(), oc.as_str()] {
            let text = format!("it is {key} here");
            assert_eq!(
                redactor.redact_str(&text),
                ("it is [REDACTED:openclone] here".into(), 1)
            );
        }
        assert_eq!(redactor.redact_str("it is K3Y-OF-MINE here").1, 0);
    }
}
