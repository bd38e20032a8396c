//! Secrets that stand alone, by issuer.

use super::{AUTHORIZATION, Tail, Token, URL_PASSWORD};
use crate::words::{
    has_digit, is_state, looks_random, mixes_cases_and_digits, reads_as_identifier, turns, varied,
};

/// A token that begins with its keyword at the edge of a word, with enough different characters for a secret.
const fn token(name: &'static str, keywords: &'static [&'static str], pattern: &'static str) -> Token {
    Token {
        name,
        keywords,
        back: 0,
        pattern,
        tail: Tail::Word,
        check: varied,
        edge: true,
    }
}

impl Token {
    const fn tail(self, tail: Tail) -> Self {
        Self { tail, ..self }
    }

    const fn check(self, check: fn(&str) -> bool) -> Self {
        Self { check, ..self }
    }

    /// The keyword is `back` bytes behind the token's start.
    const fn back(self, back: usize) -> Self {
        Self { back, ..self }
    }

    /// The keyword introduces the secret, wherever it is.
    const fn anywhere(self) -> Self {
        Self { edge: false, ..self }
    }
}

/// A name in code has several words and no digits; a key without digits is one long word.
fn is_no_name(value: &str) -> bool {
    has_digit(value) || !value["oc_".len()..].contains('_')
}

fn any(_: &str) -> bool {
    true
}

fn varied_with_digit(value: &str) -> bool {
    has_digit(value) && varied(value)
}

/// A variable of a template is not a password.
fn is_no_variable(value: &str) -> bool {
    let port = value.trim_start_matches(|c: char| c.is_ascii_digit());
    let query = port.len() < value.len() && port.starts_with(['?', '#']);
    !query && !value.starts_with(['{', '$', '<', '*', '%', '[']) && !is_state(value)
}

/// The value of a header, if it is not the word that stands for one.
fn is_credential(value: &str) -> bool {
    let mixed = has_digit(value) || turns(value).case >= 2;
    mixed && varied(value) && !reads_as_identifier(value)
}

/// In order of precedence where two rules find the same characters.
#[rustfmt::skip]
pub(crate) const TOKENS: &[Token] = &[
    token("openclone", &["oc_"], r"oc_[A-Za-z0-9_-]{16}").check(is_no_name),
    token("1password", &["a3-"], r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}"),
    token("1password", &["ops_eyj"], r"ops_eyJ[A-Za-z0-9+/]{100}").tail(Tail::Base64),
    token("adobe", &["p8e-"], r"p8e-[A-Za-z0-9]{32}"),
    token("age-key", &["age-secret-key-1"], r"AGE-SECRET-KEY-1[A-Z0-9]{50}").check(any),
    token("airtable", &["pat"], r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    token("alibaba", &["ltai"], r"LTAI[A-Za-z0-9]{20}"),
    token("anthropic", &["sk-ant-"], r"sk-ant-[A-Za-z0-9_-]{20}"),
    token("artifactory", &["akcp"], r"AKCp[A-Za-z0-9]{69}"),
    token("artifactory", &["cmvmd"], r"cmVmd[A-Za-z0-9]{59}(?-u:\b)").tail(Tail::None),
    token("atlassian", &["atatt3", "atctt3"], r"AT[AC]TT3[A-Za-z0-9_=-]{60}").tail(Tail::Base64),
    token("authress", &["sc_", "ext_", "scauth_", "authress_"], r"(?:sc|ext|scauth|authress)_(?i:[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[a-z0-9+/_=-]{30})").tail(Tail::Base64),
    token("aws-access-key", &["akia", "asia", "abia", "acca", "a3t"], r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}(?-u:\b)").tail(Tail::None),
    token("aws-bedrock", &["absk"], r"ABSK[A-Za-z0-9+/]{109}").tail(Tail::Base64),
    token("aws-bedrock", &["bedrock-api-key-"], r"bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t").tail(Tail::Base64),
    token("aws-secret-key", &["secret"], r#"(?i:secret_?(?:access)?_?key)[\\"']{0,3}\s{0,3}[:=]{1,2}>?\s{0,3}[\\"']{0,3}([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#).tail(Tail::None).check(looks_random).anywhere(),
    token("azure", &["accountkey=", "sharedaccesskey="], r"(?i:accountkey|sharedaccesskey)=([A-Za-z0-9+/]{40})").tail(Tail::Base64).anywhere(),
    token("azure", &["0q~", "1q~", "2q~", "3q~", "4q~", "5q~", "6q~", "7q~", "8q~", "9q~"], r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}").back(3).check(varied_with_digit),
    token("clickhouse", &["4b1d"], r"4b1d[A-Za-z0-9]{38}(?-u:\b)").tail(Tail::None),
    token("clojars", &["clojars_"], r"(?i:clojars_[a-z0-9]{60})"),
    token("cloudflare", &["v1.0-"], r"v1\.0-[a-f0-9]{24}-[a-f0-9]{100}"),
    token("databricks", &["dapi"], r"dapi[a-f0-9]{32}"),
    token("defined-networking", &["dnkey-"], r"dnkey-[a-z0-9=_-]{26}-[a-z0-9=_-]{52}").tail(Tail::Base64),
    token("digitalocean", &["dop_v1_", "doo_v1_", "dor_v1_"], r"(?i:do[opr]_v1_[a-f0-9]{40})"),
    token("discord-webhook", &["/api/webhooks/"], r"/api/webhooks/([0-9]{10,24}/[A-Za-z0-9_-]{40})").anywhere(),
    token("docker", &["dckr_pat_"], r"dckr_pat_[A-Za-z0-9_-]{20}"),
    token("doppler", &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."], r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40}"),
    token("dropbox", &["sl."], r"sl\.[A-Za-z0-9_=-]{130}").tail(Tail::Base64),
    token("duffel", &["duffel_"], r"duffel_(?:test|live)_[A-Za-z0-9_=-]{43}").tail(Tail::Base64),
    token("dynatrace", &["dt0c01.", "dt0s01.", "dt0s16."], r"dt0[a-z][0-9]{2}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}"),
    token("easypost", &["ezak", "eztk"], r"EZ[AT]K[A-Za-z0-9]{54}"),
    token("facebook", &["eaa"], r"EAA[A-Z][A-Za-z0-9]{100}"),
    token("facebook", &["facebook"], r"(?i:facebook)[^0-9\n]{0,40}([0-9]{15,16}[|%][A-Za-z0-9_-]{27,40})").anywhere(),
    token("figma", &["figd_"], r"figd_[A-Za-z0-9_-]{40}"),
    token("flutterwave", &["flwseck", "flwpubk"], r"FLW(?:SECK|PUBK)(?:_TEST)?-[A-Za-z0-9]{12}"),
    token("fly", &["fo1_"], r"fo1_[A-Za-z0-9_-]{43}"),
    token("fly", &["fm1a_", "fm1r_", "fm2_"], r"fm(?:1[ar]|2)_[A-Za-z0-9+/]{100}").tail(Tail::Base64),
    token("frameio", &["fio-u-"], r"fio-u-[A-Za-z0-9_=-]{64}").tail(Tail::Base64),
    token("gcp-api-key", &["aiza"], r"AIza[A-Za-z0-9_-]{35}"),
    token("gcp-oauth", &["ya29.", "gocspx-"], r"(?:ya29\.|GOCSPX-)[A-Za-z0-9_-]{20}"),
    token("gcp-service-account", &["private_key_id"], r#"private_key_id[\\"']{0,3}\s{0,3}:\s{0,3}[\\"']{0,3}([0-9a-f]{32})"#).anywhere(),
    token("github", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"gh[pousr]_[A-Za-z0-9]{36}"),
    token("github", &["github_pat_"], r"github_pat_[A-Za-z0-9_]{36}"),
    token("gitlab", &["glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-", "glimt-", "gloas-", "glffct-"], r"gl(?:pat|dt|rtr?|cbt|ptt|ft|soat|agent|imt|oas|ffct)-[A-Za-z0-9_-]{20}").tail(Tail::Dotted),
    token("gitlab", &["gr1348941"], r"GR1348941[A-Za-z0-9_-]{20}"),
    token("gitlab", &["_gitlab_session="], r"_gitlab_session=([0-9a-z]{32})").anywhere(),
    token("grafana", &["eyjrijoi"], r"(?i:eyJrIjoi)[A-Za-z0-9]{70}").tail(Tail::Base64),
    token("grafana", &["glc_"], r"(?i:glc_)[A-Za-z0-9+/]{32}").tail(Tail::Base64).check(varied_with_digit),
    token("grafana", &["glsa_"], r"(?i:glsa_)[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    token("groq", &["gsk_"], r"gsk_[A-Za-z0-9]{40}"),
    token("harness", &["pat.", "sat."], r"[ps]at\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    token("hashicorp-terraform", &[".atlasv1."], r"(?i:[a-z0-9]{14}\.atlasv1\.[a-z0-9_=-]{60})").back(14).tail(Tail::Base64),
    token("hashicorp-vault", &["hvs.", "hvb.", "hvr."], r"hv[sbr]\.[A-Za-z0-9_-]{24}").check(varied_with_digit),
    token("hashicorp-vault", &["s.0", "s.1", "s.2", "s.3", "s.4", "s.5", "s.6", "s.7", "s.8", "s.9", "s.a", "s.b", "s.c", "s.d", "s.e", "s.f", "s.g", "s.h", "s.i", "s.j", "s.k", "s.l", "s.m", "s.n", "s.o", "s.p", "s.q", "s.r", "s.s", "s.t", "s.u", "s.v", "s.w", "s.x", "s.y", "s.z"], r"s\.[A-Za-z0-9]{24}(?-u:\b)").tail(Tail::None).check(mixes_cases_and_digits),
    token("heroku", &["hrku-"], r"HRKU-[A-Za-z0-9_-]{58}"),
    token("huggingface", &["hf_", "api_org_"], r"(?:hf|api_org)_[A-Za-z0-9]{34,40}(?-u:\b)").tail(Tail::None),
    token("infracost", &["ico-"], r"ico-[A-Za-z0-9]{32}"),
    token("intra42", &["s-s4t2ud-", "s-s4t2af-"], r"s-s4t2(?:ud|af)-(?i:[a-f0-9]{64})"),
    token("jwt", &["eyj"], r"eyJ[A-Za-z0-9_-]{8,600}(?:\.ey[A-Za-z0-9_\\/-]{8}|(?:\.[A-Za-z0-9_-]{0,600}){4})").tail(Tail::Dotted),
    token("jwt", &["ewo", "eya", "eyi"], r"(?:ewo|eyA|eyI)[A-Za-z0-9]{14,600}\.ey[A-Za-z0-9_\\/-]{17}[A-Za-z0-9_\\/-]{0,800}\.[A-Za-z0-9_\\/-]{0,100}").tail(Tail::Dotted),
    token("jwt", &["zxlk"], r"ZXlK[A-Za-z0-9/\\_+-]{50}").tail(Tail::Base64),
    token("linear", &["lin_api_", "lin_oauth_"], r"lin_(?:api|oauth)_[A-Za-z0-9]{32}"),
    token("mailgun", &["key-"], r"key-[a-f0-9]{32}(?-u:\b)").tail(Tail::None).check(varied_with_digit),
    token("mapbox", &["sk.eyj", "pk.eyj", "tk.eyj"], r"[spt]k\.eyJ[A-Za-z0-9_-]{20,400}\.[A-Za-z0-9_-]{20}"),
    token("maxmind", &["_mmk"], r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk(?-u:\b)").back(36).tail(Tail::None),
    token("microsoft-teams", &[".webhook.office.com/"], r"(?i:\.webhook\.office\.com)/(webhookb2/[A-Za-z0-9@/-]{40,240})").anywhere(),
    token("new-relic", &["nrak-", "nrii-", "nrjs-", "nraa-"], r"NR(?:AK|II|JS|AA)-(?i:[a-z0-9-]{19})"),
    token("netlify", &["nfp_"], r"nfp_[A-Za-z0-9]{36}"),
    token("notion", &["ntn_"], r"ntn_[0-9]{11}[A-Za-z0-9]{35}"),
    token("notion", &["secret_"], r"secret_[A-Za-z0-9]{43}(?-u:\b)").tail(Tail::None).check(mixes_cases_and_digits),
    token("npm", &["npm_"], r"(?i:npm_)[A-Za-z0-9]{36}"),
    token("octopus-deploy", &["api-"], r"API-[A-Z0-9]{26}(?-u:\b)").tail(Tail::None).check(varied_with_digit),
    token("openai", &["sk-"], r"sk-(?:(?:proj|svcacct|admin|service|None|or-v1)-[A-Za-z0-9_-]{20}|[A-Za-z0-9]{20})").check(varied_with_digit),
    token("openshift", &["sha256~"], r"sha256~[A-Za-z0-9_-]{43}"),
    token("perplexity", &["pplx-"], r"pplx-[A-Za-z0-9]{48}"),
    token("plaid", &["access-sandbox-", "access-development-", "access-production-"], r"access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    token("planetscale", &["pscale_tkn_", "pscale_oauth_", "pscale_pw_"], r"(?i:pscale_(?:tkn|oauth|pw)_)[A-Za-z0-9_=.-]{32}").tail(Tail::Dotted),
    token("postman", &["pmak-"], r"PMAK-(?i:[a-f0-9]{24}-[a-f0-9]{34})"),
    token("prefect", &["pnu_", "pnb_"], r"pn[ub]_[A-Za-z0-9]{36}"),
    token("pulumi", &["pul-"], r"pul-[a-f0-9]{40}"),
    token("pypi", &["pypi-ag"], r"pypi-Ag[A-Za-z0-9_-]{50}"),
    token("readme", &["rdme_"], r"rdme_[a-z0-9]{70}"),
    token("replicate", &["r8_"], r"r8_[A-Za-z0-9]{37}"),
    token("rubygems", &["rubygems_"], r"rubygems_[a-f0-9]{48}"),
    token("scalingo", &["tk-us-"], r"tk-us-[A-Za-z0-9_-]{48}"),
    token("sendgrid", &["sg."], r"SG\.(?:[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{30}|[A-Za-z0-9=_.-]{66})").tail(Tail::Dotted),
    token("sendinblue", &["xkeysib-"], r"xkeysib-[a-f0-9]{64}-(?i:[a-z0-9]{16})"),
    token("sentry", &["sntrys_"], r"sntrys_eyJ[A-Za-z0-9+/=_-]{30}").tail(Tail::Base64),
    token("sentry", &["sntryu_"], r"sntryu_[a-f0-9]{64}"),
    token("settlemint", &["sm_aat_", "sm_pat_", "sm_sat_"], r"sm_[aps]at_[A-Za-z0-9]{16}"),
    token("shippo", &["shippo_"], r"shippo_(?:live|test)_[A-Fa-f0-9]{40}"),
    token("shopify", &["shpat_", "shpca_", "shppa_", "shpss_"], r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    token("sidekiq", &["contribsys__com"], r#"(?i:contribsys__com)[\w"'\s:=,?.>|)(]{0,24}(?-u:\b)([a-f0-9]{8}:[a-f0-9]{8})(?-u:\b)"#).tail(Tail::None).check(any).anywhere(),
    token("slack", &["xox", "xapp-"], r"(?i:(?:xox[bceops](?:\.xox[bp])?|xapp)-[0-9][A-Za-z0-9-]{9}|xox[ar]-[A-Za-z0-9-]{10})").check(has_digit),
    token("slack-webhook", &["hooks.slack.com"], r"hooks\.slack\.com/((?:services|workflows|triggers)/[A-Za-z0-9_/+-]{20})").tail(Tail::Base64).anywhere(),
    token("sourcegraph", &["sgp_", "slk_"], r"(?i:sgp_(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}|slk_[a-f0-9]{64})"),
    token("sourcegraph", &["sourcegraph"], r"(?i:sourcegraph)[^\n]{0,40}?(?-u:\b)([A-Fa-f0-9]{40})(?-u:\b)").tail(Tail::None).anywhere(),
    token("square", &["sq0atp-", "sq0csp-", "eaaa"], r"(?:EAAA|sq0(?:at|cs)p-)[A-Za-z0-9_-]{22}").check(varied_with_digit),
    token("stripe", &["sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_"], r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10}"),
    token("stripe", &["whsec_"], r"whsec_[A-Za-z0-9+/]{24}").tail(Tail::Base64),
    token("supabase", &["sbp_"], r"sbp_[a-f0-9]{40}"),
    token("tailscale", &["tskey-"], r"tskey-[a-z]{3,9}-[A-Za-z0-9-]{16}").check(varied_with_digit),
    token("telegram", &[":aa"], r"[0-9]{8}:AA[A-Za-z0-9_-]{32}").back(8),
    token("telegram", &[":aa"], r"[0-9]{9}:AA[A-Za-z0-9_-]{32}").back(9),
    token("telegram", &[":aa"], r"[0-9]{10}:AA[A-Za-z0-9_-]{32}").back(10),
    token("twilio", &["sk0", "sk1", "sk2", "sk3", "sk4", "sk5", "sk6", "sk7", "sk8", "sk9", "ska", "skb", "skc", "skd", "ske", "skf"], r"SK[0-9a-fA-F]{32}(?-u:\b)").tail(Tail::None),
    token("typeform", &["tfp_"], r"tfp_[A-Za-z0-9_.=-]{40}").tail(Tail::Dotted),
    token("yandex", &["aqvn"], r"AQVN[A-Za-z0-9_-]{35}"),
    token("yandex", &["t1."], r"t1\.[A-Za-z0-9_-]{1,400}={0,2}\.[A-Za-z0-9_-]{86}").tail(Tail::Base64),
    token(URL_PASSWORD, &["://"], r#"://[^\s/:@?#"'<>]{0,64}:([^\s/@"'<>]{1,128})@"#).tail(Tail::None).check(is_no_variable).anywhere(),
    token(AUTHORIZATION, &["authorization"], r#"(?i:authorization)[\\"']{0,3}\s{0,4}[:=]\s{0,4}[\\"']{0,3}(?i:(?:basic|bearer|digest|token|api-?token|api-?key|key|bot)\s{1,4})?([A-Za-z0-9._~+/@=-]{8,512})"#).tail(Tail::Base64).check(is_credential).anywhere(),
    token(AUTHORIZATION, &["bearer", "basic"], r"(?i:bearer|basic)\s{1,4}([A-Za-z0-9._~+/-]{16,512}=*)").tail(Tail::Base64).check(looks_random),
];
