//! A line for each built-in rule: a secret that it finds, in its surroundings, and a near miss that it leaves alone.
//! The secrets are put together from pieces, so that no scanner takes this file for a leak.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use crate::rules::{CARD, PASSWORD, PRIVATE_KEY, SECRET, TOKENS};
use crate::{RedactConfig, Redactor};

/// Rule, text before, the secret's pieces, text after, near miss.
pub(crate) type Line = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015";
const ALNUM: &str = "q7Zr2xW9kP4vN8tLm3Yb6Hc1Jd5Fg0Rs2Qa4";
const ALNUM_20: &str = "x7Bq2Lw9Kd4Vn8Ts3Yc6";
const UPPER: &str = "QZ7XW2KPNV4TLMYB";

#[rustfmt::skip]
pub(crate) const LINES: &[Line] = &[
    ("private-key", "key:\n", &["-----BEGIN RSA PRIV", "ATE KEY-----\nMIIEpAIBAAKCAQEA7bq9\nabcd==\n-----END RSA PRIV", "ATE KEY-----"], "\nbye", "paste the -----BEGIN PUBLIC KEY----- part"),
    ("private-key", "cut: ", &["-----BEGIN PRIV", "ATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0B\\nAQEFAASCBKcwggSj\\nAgEAAoIB9w"], " and more", "-----BEGIN PRIVATE KEY----- is how it starts"),
    ("age-key", "", &["AGE-SECRET", "-KEY-1", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"], "", "AGE-SECRET-KEY-1 is the prefix"),
    ("anthropic", "use ", &["sk-", "ant-api03-", ALNUM, "_", HEX], " now", "sk-ant-colony simulation"),
    ("openai", "use ", &["sk-", "proj-", ALNUM, "-", ALNUM_20], ".", "sk-project-without-any-numbers"),
    ("openai", "use ", &["sk-", ALNUM, "abcd"], ".", "the task-q7Zr2xW9kP4vN8tLm3Yb is done"),
    ("openclone", "x-api-key: ", &["oc", "_k3f9a2mz_", ALNUM, "_c0ffee"], "", "the oc_configuration_of_the_service"),
    ("aws-access-key", "id ", &["AK", "IA", UPPER], ",", "ASIA IS A LARGE CONTINENT"),
    ("aws-secret-key", "AWS_SECRET_ACCESS_KEY = ", &[ALNUM, "/9x+"], "\n", "secret key = see the wiki for it"),
    ("azure", "DefaultEndpointsProtocol=https;AccountKey=", &[ALNUM, HEX, "abcd+/12", "=="], ";EndpointSuffix=x", "AccountKey=none"),
    ("databricks", "", &["da", "pi", HEX], "", "dapippercorn"),
    ("digitalocean", "", &["do", "p_v1_", HEX, HEX], "", "dop_v1_short"),
    ("discord-webhook", "https://discord.com/api/webhooks/", &["1234567890123/", ALNUM, ALNUM_20], "", "https://discord.com/api/webhooks/docs"),
    ("docker", "", &["dckr", "_pat_", ALNUM], "", "dckr_pat_ is the prefix"),
    ("gcp-api-key", "key=", &["AI", "za", ALNUM], "&x=1", "AIzaawa is a name"),
    ("gcp-oauth", "", &["ya", "29.", ALNUM], "", "chapter ya29. And then"),
    ("gcp-oauth", "", &["GOC", "SPX-", ALNUM], "", "GOCSPX-short"),
    ("gcp-service-account", "\"private_key_id\": \"", &[HEX, "a1b2c3d4"], "\"", "\"private_key_id\": \"none\""),
    ("github", "git clone https://", &["gh", "p_", ALNUM], "@x", "ghp_short"),
    ("github", "", &["github", "_pat_11ABCDE0", ALNUM, "_", ALNUM], "", "github_pat_tern"),
    ("gitlab", "", &["gl", "pat-", ALNUM_20, ".01.0a1b2c3d4"], "", "glpat-short"),
    ("groq", "", &["gs", "k_", ALNUM, ALNUM_20], "", "gsk_short"),
    ("hashicorp-vault", "", &["hv", "s.CAESI", ALNUM], "", "hvs.abcdefghijklmnopqrstuvwxyz"),
    ("huggingface", "", &["h", "f_", ALNUM], "", "hf_hub_download"),
    ("jwt", "Cookie: s=", &["ey", "JhbGciOiJIUzI1NiJ9.ey", "JzdWIiOiIxMjM0NTY3ODkwIn0.", ALNUM], "; x", "eyJust a word.eyJ"),
    ("jwt", "", &["ey", "JlbmMiOiJBMjU2R0NNIn0..", ALNUM, ".", HEX, ".", ALNUM_20], "", "eyJournal.of.the.day"),
    ("linear", "", &["lin", "_api_", ALNUM, "abcd"], "", "lin_api_docs"),
    ("npm", "//r/:_x ", &["np", "m_", ALNUM], "", "npm_config_registry"),
    ("pypi", "", &["py", "pi-AgEIcHlwaS5vcmc", ALNUM, ALNUM], "", "pypi-agenda"),
    ("sendgrid", "", &["S", "G.", ALNUM_20, "ab.", ALNUM, "abcdefg"], "", "SG.1 is a sedan"),
    ("shopify", "", &["shp", "at_", HEX], "", "shpat_short"),
    ("slack", "", &["xo", "xb-1234567890-", ALNUM_20], "", "xoxo-love-you-always"),
    ("slack-webhook", "https://hooks.slack.com/", &["services/T0", "A1B2C3D/B0A1B2C3D/", ALNUM_20], "", "https://hooks.slack.com/services/ is the base"),
    ("stripe", "", &["sk", "_live_", ALNUM], "", "pk_live_51H is public"),
    ("stripe", "", &["rk", "_test_", ALNUM_20], "", "task_test_runner"),
    ("telegram", "bot ", &["110201543", ":AAHdqTcvCH1vGWJxfSeofSAs0K5", "PALDsaw"], "", "10:AAA batteries"),
    ("url-password", "postgres://app:", &["s3cr3t", "pw"], "@db:5432/x", "http://example.org:8080/a@b"),
    ("authorization", "Authorization: Bearer ", &[ALNUM], "", "a bearer of extraordinarily good news"),
    ("authorization", "authorization: basic ", &["YWxhZGRpbjpv", "cGVuc2VzYW1l"], "", "basic internationalisation rules"),
    ("password", "password: ", &["hun", "ter2"], "", "password: the one you know"),
    ("secret", "api_key=", &[ALNUM_20], "", "api_key=your-key-goes-here"),
    ("card", "paid with ", &["4111 1111", " 1111 1111"], " today", "at 1708258800000, order 4111 1111 1111 1112"),
];

fn redactor() -> Redactor {
    Redactor::new(&RedactConfig::default()).unwrap()
}

#[test]
fn every_rule_finds_its_secret_and_spares_its_near_miss() {
    let redactor = redactor();
    for &(rule, before, pieces, after, miss) in LINES {
        let secret = pieces.concat();
        let text = format!("{before}{secret}{after}");
        let expected = format!("{before}[REDACTED:{rule}]{after}");
        assert_eq!(redactor.redact_str(&text), (expected.into(), 1), "{rule}");
        assert_eq!(redactor.redact_str(miss), (miss.into(), 0), "{rule}");
    }
}

#[test]
fn every_rule_of_long_standing_has_a_line() {
    let lines: BTreeSet<&str> = LINES.iter().map(|line| line.0).collect();
    let rules: BTreeSet<&str> = TOKENS
        .iter()
        .map(|token| token.name)
        .chain([CARD, PASSWORD, SECRET, PRIVATE_KEY])
        .collect();
    assert!(lines.is_subset(&rules), "{lines:?}");
}

#[test]
fn every_rule_has_a_name_of_the_right_form_and_keywords() {
    for token in TOKENS {
        assert!(
            token
                .name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
            "{}",
            token.name
        );
        assert!(
            token.keywords.iter().all(|word| word.len() >= 3),
            "{}",
            token.name
        );
    }
}
