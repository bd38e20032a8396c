//! The ways in which programs and files write a name and a secret.

/// `{p}` is the issuer's prefix, `{P}` the same in capitals, `{s}` the secret.
pub(crate) const WAYS: &[&str] = &[
    "{p}Token=\"{s}\"",
    "{p}Token = \"{s}\"",
    "{p}Token={s}",
    "{p}Token = {s}",
    "{\n  \"{p}_token\": \"{s}\"\n}",
    "{\"app.ini\": \"{P}_TOKEN={s}\\nDEBUG=false\"}",
    "<{p}Token>\n  {s}\n</{p}Token>",
    "<{p}Token>{s}</{p}Token>",
    "{p}_token: {s}",
    "{p}_token: '{s}'",
    "{p}_token: \"{s}\"",
    "string {p}Token = \"{s}\";",
    "var {p}Token string = \"{s}\"",
    "{p}Token := \"{s}\"",
    "{p}Token := `{s}`",
    "String {p}Token = \"{s}\";",
    "val {p}Token = \"{s}\"",
    "let {p}Token: string = \"{s}\";",
    "${p}Token .= \"{s}\"",
    "{p}Token = '{s}'",
    "System.setProperty(\"{P}_TOKEN\", \"{s}\")",
    "  \"{p}Token\" => \"{s}\",",
    "{p}_TOKEN = \"{s}\"",
    "{p}_TOKEN := \"{s}\"",
    "{p}_TOKEN ::= \"{s}\"",
    "{p}_TOKEN :::= \"{s}\"",
    "{p}_TOKEN ?= \"{s}\"",
    "export {P}_TOKEN={s}",
    "curl -H \"Authorization: Token {s}\" https://api.example.org/v1",
    "{p}_api_token = \"{s}\"",
];

/// `way` with its places filled in.
pub(crate) fn fill(way: &str, prefix: &str, secret: &str) -> String {
    way.replace("{p}", prefix)
        .replace("{P}", &prefix.to_uppercase())
        .replace("{s}", secret)
}
