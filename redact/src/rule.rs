//! The built-in rules. Each stands once more in `lines.rs`, with a secret that it must find and a near miss.
//!
//! Two properties keep redaction idempotent: a token begins at a word boundary, and eats every character that could
//! belong to it. So nothing that follows a secret becomes one when a marker takes the secret's place.

use super::strength::{has_digit, looks_random};

/// Finds one kind of secret.
pub(super) struct Rule {
    /// Stands in the marker.
    pub(super) name: &'static str,
    /// Only texts that contain one of these are looked at; ASCII case does not matter.
    pub(super) keywords: &'static [&'static str],
    /// How it is found.
    pub(super) find: Find,
}

/// How a secret is found.
pub(super) enum Find {
    /// By an expression, whose first group, if it has one, is the secret; and a check of that.
    Token(&'static str, fn(&str) -> bool),
    /// By its PEM armour.
    PrivateKey,
    /// As the value of a key that names a password.
    Password,
    /// As the value of a key that names some other secret.
    Secret,
}

const fn token(
    name: &'static str,
    keywords: &'static [&'static str],
    pattern: &'static str,
    check: fn(&str) -> bool,
) -> Rule {
    Rule {
        name,
        keywords,
        find: Find::Token(pattern, check),
    }
}

fn any(_: &str) -> bool {
    true
}

/// The name of the rule for card numbers, which are found by their digits and not by a keyword.
pub(super) const CARD: &str = "card";
/// The name of the rule for passwords.
pub(super) const PASSWORD: &str = "password";
/// The name of the rule for other secrets that are named by their keys.
pub(super) const SECRET: &str = "secret";

/// In order of precedence where two rules find the same characters.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    Rule { name: "private-key", keywords: &["private key"], find: Find::PrivateKey },
    token("age-key", &["age-secret-key-1"], r"(?-u:\b)AGE-SECRET-KEY-1[A-Z0-9]{50,}", any),
    token("anthropic", &["sk-ant-"], r"(?-u:\b)sk-ant-[A-Za-z0-9_-]{20,}", any),
    token("openai", &["sk-"], r"(?-u:\b)sk-(?:(?:proj|svcacct|admin|service|None|or-v1)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20,})", has_digit),
    token("openclone", &["oc_"], r"(?-u:\b)oc_[A-Za-z0-9_-]{16,}", no_name),
    token("aws-access-key", &["akia", "asia", "abia", "acca", "a3t"], r"(?-u:\b)((?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16})(?-u:\b)", any),
    token("aws-secret-key", &["secret"], r#"(?i)secret_?(?:access)?_?key[\\"']{0,3}\s{0,3}[:=]{1,2}>?\s{0,3}[\\"']{0,3}([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#, looks_random),
    token("azure", &["accountkey=", "sharedaccesskey="], r"(?i)(?:Account|SharedAccess)Key=([A-Za-z0-9+/]{40,}={0,2})", any),
    token("databricks", &["dapi"], r"(?-u:\b)dapi[a-f0-9]{32,}(?:-[0-9]+)?", any),
    token("digitalocean", &["dop_v1_", "doo_v1_", "dor_v1_"], r"(?-u:\b)do[opr]_v1_[a-f0-9]{40,}", any),
    token("discord-webhook", &["/api/webhooks/"], r"discord(?:app)?\.com/api/webhooks/([0-9]{10,}/[A-Za-z0-9_-]{40,})", any),
    token("docker", &["dckr_pat_"], r"(?-u:\b)dckr_pat_[A-Za-z0-9_-]{20,}", any),
    token("gcp-api-key", &["aiza"], r"(?-u:\b)AIza[A-Za-z0-9_-]{35,}", any),
    token("gcp-oauth", &["ya29.", "gocspx-"], r"(?-u:\b)(?:ya29\.|GOCSPX-)[A-Za-z0-9_-]{20,}", any),
    token("gcp-service-account", &["private_key_id"], r#"private_key_id[\\"']{0,3}\s{0,3}:\s{0,3}[\\"']{0,3}([0-9a-f]{32,})"#, any),
    token("github", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"], r"(?-u:\b)(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{36,})", any),
    token("gitlab", &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-", "glimt-", "gloas-", "glffct-"], r"(?-u:\b)gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas|ffct)-[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)*", any),
    token("groq", &["gsk_"], r"(?-u:\b)gsk_[A-Za-z0-9]{40,}", any),
    token("hashicorp-vault", &["hvs.", "hvb."], r"(?-u:\b)hv[sb]\.[A-Za-z0-9_-]{24,}", has_digit),
    token("huggingface", &["hf_"], r"(?-u:\b)hf_[A-Za-z0-9]{30,}", any),
    token("jwt", &["eyj"], r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}(?:\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?|(?:\.[A-Za-z0-9_-]*){4})", any),
    token("linear", &["lin_api_"], r"(?-u:\b)lin_api_[A-Za-z0-9]{32,}", any),
    token("npm", &["npm_"], r"(?-u:\b)npm_[A-Za-z0-9]{36,}", any),
    token("pypi", &["pypi-ag"], r"(?-u:\b)pypi-Ag[A-Za-z0-9_-]{50,}", any),
    token("sendgrid", &["sg."], r"(?-u:\b)SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{30,}", any),
    token("shopify", &["shpat_", "shpca_", "shppa_", "shpss_"], r"(?-u:\b)shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}", any),
    token("slack", &["xox", "xapp-"], r"(?-u:\b)(?:xox[abceoprs](?:\.xox[bp])?|xapp)-[A-Za-z0-9-]{10,}", has_digit),
    token("slack-webhook", &["hooks.slack.com"], r"hooks\.slack\.com/((?:services|workflows|triggers)/[A-Za-z0-9_/+-]{20,})", any),
    token("stripe", &["k_live_", "k_test_", "k_prod_", "whsec_"], r"(?-u:\b)(?:[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{24,}={0,2})", any),
    token("telegram", &[":aa"], r"(?-u:\b)[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}", any),
    token("url-password", &["://"], r#"://[^\s/:@?#"'<>]{0,64}:([^\s/@?#"'<>]{1,128})@"#, not_in_braces),
    token("authorization", &["bearer", "basic"], r"(?i)(?-u:\b)(?:bearer|basic)\s{1,4}([A-Za-z0-9._~+/-]{16,}=*)", looks_random),
    Rule { name: PASSWORD, keywords: &["passw", "passphrase", "passcode", "pwd", "contrase"], find: Find::Password },
    Rule { name: SECRET, keywords: &["key", "token", "secret", "credential"], find: Find::Secret },
];

/// A name in code has several words and no digits; a key without digits is one long word.
fn no_name(value: &str) -> bool {
    has_digit(value) || !value["oc_".len()..].contains('_')
}

/// A variable of a template is not a password.
fn not_in_braces(value: &str) -> bool {
    !value.starts_with(['{', '$', '<', '*'])
}
