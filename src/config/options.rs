//! The table of all options: keys, defaults and documentation.

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// The dotted key, such as `limits.burst`.
    pub key: &'static str,
    /// The default, in TOML.
    pub default: &'static str,
    /// Purpose, unit and allowed values; lines of the commented file.
    pub doc: &'static [&'static str],
}

/// All options; those without a table first, then table by table.
pub const OPTIONS: &[Opt] = &[
    opt(
        "redact",
        "\"secrets\"",
        &[
            "Replaced by [REDACTED:<rule>] before anything is written:",
            "\"secrets\" (keys, tokens, card numbers, passwords), \"secrets+personal\" (also bank accounts,",
            "national ids and telephone numbers) or \"off\" (only the service's own keys).",
        ],
    ),
    opt(
        "tenants",
        "{}",
        &[
            "Limits of all keys of a tenant together, in addition to those of each key: a table",
            "[tenants.<name>] with requests_per_minute and events_per_second; 0 or unset means no limit.",
        ],
    ),
    opt(
        "server.listen",
        "\"127.0.0.1:8000\"",
        &["Address and port for HTTP, gRPC and gRPC-Web. Port 0 selects a free port."],
    ),
    opt(
        "server.insecure",
        "false",
        &["Allow a non-loopback address without TLS."],
    ),
    opt(
        "server.tls_cert",
        "\"\"",
        &["PEM file with the certificate chain; empty for no TLS."],
    ),
    opt(
        "server.tls_key",
        "\"\"",
        &["PEM file with the private key; empty for no TLS."],
    ),
    opt(
        "server.allowed_hosts",
        "[]",
        &[
            "Names (with or without port) that requests may have in Host, in addition to loopback",
            "names and the listen address.",
        ],
    ),
    opt(
        "server.allowed_origins",
        "[]",
        &[
            "Origins of web pages that may send requests, such as \"https://notes.example\". The server's",
            "own origin and browser extensions are always allowed.",
        ],
    ),
    opt(
        "server.max_connections",
        "1024",
        &["Concurrent connections, 1 to 100000; further ones wait."],
    ),
    opt(
        "server.max_connections_per_peer",
        "256",
        &[
            "Concurrent connections per address (IPv6: per /64), without loopback; further ones are",
            "closed. 0: no limit.",
        ],
    ),
    opt(
        "server.max_requests",
        "2048",
        &["Requests in flight, without streams, 1 to 100000; further ones get 503."],
    ),
    opt(
        "server.max_streams",
        "1024",
        &["Concurrent streams of batches, 1 to 100000; further ones get UNAVAILABLE."],
    ),
    opt(
        "server.max_body_buffer_bytes",
        "\"32 MiB\"",
        &[
            "Memory for request bodies that are being processed, without the first 16 KiB of each: \"8 MiB\"",
            "to \"1 GiB\". Bodies beyond it wait, then get 503.",
        ],
    ),
    opt(
        "server.idle_seconds",
        "300",
        &["Seconds that an HTTP/2 connection may be idle, at least 5."],
    ),
    opt(
        "server.max_connection_age_seconds",
        "3600",
        &[
            "Seconds after which a client is asked to reconnect, at least 30; requests in flight on the",
            "old connection continue.",
        ],
    ),
    opt(
        "vault.dir",
        "\"\"",
        &["Vault of the key in .env, such as an existing Obsidian vault; empty for <home>/vault."],
    ),
    opt(
        "vault.timezone",
        "\"\"",
        &["IANA name, such as \"Europe/Madrid\"; empty for that of the system."],
    ),
    opt(
        "vault.day",
        "\"received\"",
        &[
            "The day under which an event is filed: \"received\" (when the service received it) or",
            "\"captured\" (its own timestamp).",
        ],
    ),
    opt(
        "vault.day_starts_at",
        "\"00:00\"",
        &["Local time at which a day starts, HH:MM."],
    ),
    opt(
        "vault.metadata",
        "\"html\"",
        &[
            "How the fields of an entry are hidden: \"html\" (in an HTML comment, which only the editor shows),",
            "\"comment\" (in a %% comment, which only Obsidian hides) or \"visible\".",
        ],
    ),
    opt(
        "vault.fields",
        "\"all\"",
        &["\"all\", or \"essential\": leave out the fields whose value the entry's text shows literally."],
    ),
    opt(
        "vault.headings",
        "true",
        &["Write a heading for each hour in Audio, Screen, Web, Activity, Location and Messages."],
    ),
    opt(
        "vault.min_free",
        "\"64 MiB\"",
        &["Reject batches while the file system of the vault has less free space than this."],
    ),
    opt(
        "wal.keep_for",
        "\"7 days\"",
        &["How long segments of the write-ahead log are kept after their events reached the vault."],
    ),
    opt(
        "wal.keep_bytes",
        "\"256 MiB\"",
        &[
            "How much of such segments is kept at most, and never more than 1 % of the free space at",
            "start. 0: none.",
        ],
    ),
    opt(
        "limits.requests_per_minute",
        "60",
        &["Requests per minute for each key, JSON and unary gRPC together. 0: no limit."],
    ),
    opt(
        "limits.burst",
        "60",
        &["Requests that may be sent at once, at least 1."],
    ),
    opt(
        "limits.events_per_second",
        "0",
        &["Events per second on gRPC streams for each key; faster clients are slowed down. 0: no limit."],
    ),
    opt(
        "limits.max_body_bytes",
        "\"1 MiB\"",
        &["Largest decompressed JSON body: \"1 KiB\" to \"4 MiB\"."],
    ),
    opt(
        "limits.failed_auth_per_minute",
        "20",
        &["Invalid keys per minute from one address before it gets 429. 0: no limit."],
    ),
    opt(
        "limits.max_in_flight_batches",
        "32",
        &["Batches of one stream that may wait for their response, 1 to 1024."],
    ),
    opt(
        "limits.max_in_flight_bytes",
        "\"32 MiB\"",
        &["Encoded batches that wait for the writer, all callers together: \"4 MiB\" to \"1 GiB\"."],
    ),
    opt(
        "registry.enforce",
        "\"off\"",
        &[
            "Batches from plugins that are not installed: \"off\" (accept), \"warn\" (accept, count and log)",
            "or \"strict\" (reject).",
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
            "Allow programs on this machine to read /metrics without a key (never metrics of tenants);",
            "set false behind a proxy on the same machine.",
        ],
    ),
    opt(
        "telemetry.otlp_endpoint",
        "\"\"",
        &["OTLP/gRPC collector for traces, such as \"http://127.0.0.1:4317\"; empty for none."],
    ),
];

const fn opt(key: &'static str, default: &'static str, doc: &'static [&'static str]) -> Opt {
    Opt { key, default, doc }
}

/// The config file that a first start writes: every option with its default, commented out.
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
