//! The page at `/docs`: the OpenAPI description as plain HTML, without scripts or external resources.

use std::{fmt::Write, sync::LazyLock};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::Value;

use crate::openapi::{DOCUMENT, FIRST_REQUEST};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static PAGE: LazyLock<Bytes> = LazyLock::new(|| html(&DOCUMENT).into());

/// Serves the page.
pub(crate) async fn page() -> Response {
    response("text/html; charset=utf-8", PAGE.clone())
}

/// Serves its style sheet.
pub(crate) async fn style() -> Response {
    response(
        "text/css; charset=utf-8",
        Bytes::from_static(include_bytes!("docs/style.css")),
    )
}

fn response(content_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "max-age=300"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn html(document: &Value) -> String {
    let mut page = String::new();
    let info = &document["info"];
    let title = text(&info["title"]);
    put(
        &mut page,
        format_args!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/docs/style.css\"></head>\
         <body><main><h1>{title} <small>{}</small></h1><p class=\"lead\">{}</p><p>{}</p>\
         <p>As a file: <a href=\"/openapi.json\">openapi.json</a> (OpenAPI 3.1). The same service speaks gRPC, gRPC-Web and \
         reflection on this port.</p>",
            text(&info["version"]),
            text(&info["summary"]),
            text(&info["description"]),
        ),
    );
    first_request(&mut page);
    put(&mut page, format_args!("<h2 id=\"operations\">Operations</h2>"));
    for (path, methods) in members(&document["paths"]) {
        for (method, operation) in members(methods) {
            write_operation(&mut page, document, path, method, operation);
        }
    }
    put(&mut page, format_args!("<h2 id=\"schemas\">Fields</h2>"));
    for (name, schema) in members(&document["components"]["schemas"]) {
        write_schema(&mut page, name, schema);
    }
    page.push_str("</main></body></html>\n");
    page
}

fn first_request(page: &mut String) {
    put(
        page,
        format_args!(
            "<h2>Your first event</h2><pre><code>curl -X POST http://localhost:8000/api/v1/ingest \\\n  \
             -H \"Content-Type: application/json\" \\\n  -H \"X-API-Key: your-api-key\" \\\n  -d '{}'</code></pre>",
            escape(FIRST_REQUEST),
        ),
    );
}

fn write_operation(page: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    let id = text(&operation["operationId"]);
    let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
    put(
        page,
        format_args!(
            "<section id=\"{id}\"><h3><span class=\"method\">{}</span> <code>{}</code></h3><p><b>{}</b>{}</p><p>{}</p>",
            method.to_uppercase(),
            escape(path),
            text(&operation["summary"]),
            if is_open { " — no key needed" } else { "" },
            text(&operation["description"]),
        ),
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        put(
            page,
            format_args!(
                "<p><code>{}</code> ({}): {}</p>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                text(&parameter["description"]),
            ),
        );
    }
    page.push_str("<table class=\"responses\"><tr><th>Status</th><th>When</th><th>Body</th></tr>");
    for (status, response) in members(&operation["responses"]) {
        let shared = &document["components"]["responses"][status];
        let response = if response["$ref"].is_string() {
            shared
        } else {
            response
        };
        let content = &response["content"]["application/json"];
        let example = content
            .get("example")
            .map(ToString::to_string)
            .unwrap_or_default();
        put(
            page,
            format_args!(
                "<tr><td>{status}</td><td>{}</td><td>{} <code>{}</code></td></tr>",
                text(&response["description"]),
                schema_link(&content["schema"]),
                escape(&example),
            ),
        );
    }
    page.push_str("</table></section>");
}

fn write_schema(page: &mut String, name: &str, schema: &Value) {
    put(
        page,
        format_args!(
            "<section id=\"schema-{name}\"><h3>{name}</h3><p>{}</p>",
            text(&schema["description"])
        ),
    );
    if schema["properties"].is_null() {
        put(page, format_args!("<p>{}</p>", constraints(schema)));
    } else {
        page.push_str("<table><tr><th>Field</th><th>Type</th><th>Required</th><th>About</th></tr>");
    }
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    // The required ones are listed in documented order.
    let place = |field: &str| {
        required
            .iter()
            .position(|name| *name == field)
            .unwrap_or(required.len())
    };
    let mut fields: Vec<_> = members(&schema["properties"]).collect();
    fields.sort_by_key(|(field, _)| place(field));
    for (field, property) in fields {
        let is_required = if required.contains(&field.as_str()) {
            "yes"
        } else {
            "no"
        };
        put(
            page,
            format_args!(
                "<tr><td><code>{}</code></td><td>{}</td><td>{is_required}</td><td>{}</td></tr>",
                escape(field),
                constraints(property),
                text(&property["description"]),
            ),
        );
    }
    page.push_str(if schema["properties"].is_null() {
        "</section>"
    } else {
        "</table></section>"
    });
}

/// A schema in a few words: its type first.
fn constraints(schema: &Value) -> String {
    let mut words = schema_link(schema);
    for name in ["type", "enum"] {
        words.push_str(&escape(&names(&schema[name]).join(" · ")));
    }
    if !schema["items"].is_null() {
        put(&mut words, format_args!(" of {}", constraints(&schema["items"])));
    }
    let shown = [
        "$ref",
        "description",
        "type",
        "enum",
        "items",
        "properties",
        "required",
    ];
    for (name, value) in members(schema).filter(|(name, _)| !shown.contains(&name.as_str())) {
        put(
            &mut words,
            format_args!(" <small>{name} {}</small>", escape(&value.to_string())),
        );
    }
    words
}

/// One name or several.
fn names(value: &Value) -> Vec<&str> {
    let several = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    value
        .as_str()
        .into_iter()
        .chain(several)
        .filter(|name| !name.is_empty())
        .collect()
}

fn schema_link(schema: &Value) -> String {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    name.map(|name| format!("<a href=\"#schema-{name}\">{name}</a>"))
        .unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    let escaped = escape(value.as_str().unwrap_or_default());
    // Backquotes come in pairs; every second piece is code.
    let pieces = escaped.split('`').enumerate();
    pieces
        .map(|(at, piece)| {
            if at % 2 == 1 {
                format!("<code>{piece}</code>")
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

fn escape(plain: &str) -> String {
    plain
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    _ = page.write_fmt(text);
}
