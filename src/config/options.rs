//! The table of all options: keys, defaults, and what each is for.

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// Dotted, such as `limits.burst`.
    pub key: &'static str,
    /// In TOML.
    pub default: &'static str,
    /// What it is for, its unit and what is allowed; lines for the commented file.
    pub doc: &'static [&'static str],
}

/// All options; those without a table first, then table by table.
pub const OPTIONS: &[Opt] = &[
    opt(
        "redact",
        "\"secrets\"",
        &[
            "What is replaced by [REDACTED:<rule>] before anything is written:",
            "\"secrets\" (keys, tokens, card numbers, passwords) or \"off\".",
        ],
    ),
    opt(
        "tenants",
        "{}",
        &[
            "How much all keys of a tenant together may send, besides the limits of each key: a table",
            "[tenants.<name>] with requests_per_minute and events_per_second; 0 or nothing is no limit.",
        ],
    ),
    opt(
        "server.listen",
        "\"127.0.0.1:8000\"",
        &["Address and port for HTTP, gRPC and gRPC-Web. Port 0 takes a free one."],
    ),
    opt(
        "server.insecure",
        "false",
        &["Allow a non-loopback address without TLS."],
    ),
    opt(
        "server.tls_cert",
        "\"\"",
        &["PEM file with the certificate chain; empty for none."],
    ),
    opt(
        "server.tls_key",
        "\"\"",
        &["PEM file with the private key; empty for none."],
    ),
    opt(
        "server.allowed_hosts",
        "[]",
        &[
            "Further names (with or without port) that requests may carry in Host, besides loopback",
            "names and the listen address.",
        ],
    ),
    opt(
        "server.allowed_origins",
        "[]",
        &[
            "Web pages that may call, such as \"https://notes.example\". The server's own and those of",
            "browser extensions always may.",
        ],
    ),
    opt(
        "server.max_connections",
        "1024",
        &["Connections at once, 1 to 100000; more wait."],
    ),
    opt(
        "server.max_connections_per_peer",
        "256",
        &[
            "Connections at once from one address (IPv6: from one /64) other than loopback; more are",
            "closed. 0: no limit.",
        ],
    ),
    opt(
        "server.max_requests",
        "2048",
        &["Requests in flight at once, streams not counted, 1 to 100000; more get 503."],
    ),
    opt(
        "server.max_streams",
        "1024",
        &["Streams of batches at once, 1 to 100000; more get UNAVAILABLE."],
    ),
    opt(
        "server.max_body_buffer_bytes",
        "\"32 MiB\"",
        &[
            "What is read of requests and not yet handed on, but for the first 16 KiB of each: \"8 MiB\"",
            "to \"1 GiB\"; what goes beyond waits, then gets 503.",
        ],
    ),
    opt(
        "server.idle_seconds",
        "300",
        &["How long an HTTP/2 connection may have nothing in flight, at least 5."],
    ),
    opt(
        "server.max_connection_age_seconds",
        "3600",
        &[
            "After this a client is asked to make a new connection, at least 30; what is in flight on",
            "the old one goes on.",
        ],
    ),
    opt(
        "vault.dir",
        "\"\"",
        &["The vault of the key in .env, such as an existing Obsidian vault; empty for <home>/vault."],
    ),
    opt(
        "vault.timezone",
        "\"\"",
        &["IANA name, such as \"Europe/Madrid\"; empty for the machine's."],
    ),
    opt(
        "vault.day",
        "\"received\"",
        &[
            "Which day an event is filed under: \"received\" (when the server took it) or \"captured\"",
            "(its own timestamp).",
        ],
    ),
    opt(
        "vault.day_starts_at",
        "\"00:00\"",
        &["Local time at which a day begins, HH:MM."],
    ),
    opt(
        "vault.min_free",
        "\"64 MiB\"",
        &["Refuse to write when the vault's file system has less than this left."],
    ),
    opt(
        "limits.requests_per_minute",
        "60",
        &["Requests a minute for each key, JSON and unary gRPC together. 0: no limit."],
    ),
    opt(
        "limits.burst",
        "60",
        &["How many of them may come at once, at least 1."],
    ),
    opt(
        "limits.events_per_second",
        "0",
        &["Events a second on gRPC streams for each key; a faster client is slowed down. 0: no limit."],
    ),
    opt(
        "limits.max_body_bytes",
        "\"1 MiB\"",
        &["A JSON body, decompressed: \"1 KiB\" to \"4 MiB\"."],
    ),
    opt(
        "limits.failed_auth_per_minute",
        "20",
        &["Wrong keys a minute from one address before it gets 429. 0: no limit."],
    ),
    opt(
        "limits.max_in_flight_batches",
        "32",
        &["Batches of one stream that wait for their answer at once, 1 to 1024."],
    ),
    opt(
        "limits.max_in_flight_bytes",
        "\"32 MiB\"",
        &["Encoded batches in front of the vault's writer, all callers together: \"4 MiB\" to \"1 GiB\"."],
    ),
    opt(
        "registry.enforce",
        "\"off\"",
        &[
            "What happens to batches of plugins that are not installed: \"off\" (taken), \"warn\" (taken,",
            "counted, logged) or \"strict\" (refused).",
        ],
    ),
    opt(
        "log.level",
        "\"info\"",
        &[
            "\"error\", \"warn\", \"info\", \"debug\", \"trace\", or directives such as \"openclone=debug,info\".",
        ],
    ),
    opt("log.format", "\"pretty\"", &["\"pretty\" or \"json\"."]),
    opt(
        "telemetry.open_metrics",
        "true",
        &[
            "Whether programs on this machine read /metrics without a key (figures of tenants never);",
            "false where a proxy on it speaks for others.",
        ],
    ),
    opt(
        "telemetry.otlp_endpoint",
        "\"\"",
        &["Where traces go: an OTLP/gRPC collector, such as \"http://127.0.0.1:4317\"; empty for none."],
    ),
];

const fn opt(key: &'static str, default: &'static str, doc: &'static [&'static str]) -> Opt {
    Opt { key, default, doc }
}

/// The file that a first start writes: every option with its default, commented out.
pub fn commented_file() -> String {
    let mut out = String::from(
        "# OpenClone's options. Remove the # in front of a line to change it.\n\
         # A variable overrides a line: limits.burst is OPENCLONE_LIMITS__BURST. Flags override both.\n",
    );
    let mut table = "";
    for option in OPTIONS {
        let (section, name) = split(option.key);
        if section != table {
            out.push_str(&format!("\n[{section}]\n"));
            table = section;
        }
        out.push('\n');
        for line in option.doc {
            out.push_str(&format!("# {line}\n"));
        }
        out.push_str(&format!("# {name} = {}\n", option.default));
    }
    out
}

/// All defaults as one TOML document.
pub(crate) fn defaults() -> String {
    OPTIONS
        .iter()
        .map(|option| format!("{} = {}\n", option.key, option.default))
        .collect()
}

/// The variable that overrides a key.
pub(crate) fn variable(key: &str) -> String {
    format!("OPENCLONE_{}", key.replace('.', "__").to_uppercase())
}

/// Table (empty for none) and name.
pub(crate) fn split(key: &str) -> (&str, &str) {
    key.split_once('.').unwrap_or(("", key))
}
