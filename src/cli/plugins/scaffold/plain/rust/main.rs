//! {{name}}: sends {{source_type}} events to OpenClone. Needs Rust 1.70 or later and nothing else.
//!
//! The standard library speaks plain HTTP, which is fine on the same machine. For HTTPS, send with an HTTP client.

use std::{
    collections::hash_map::RandomState,
    env,
    error::Error,
    fs,
    hash::{BuildHasher, Hasher},
    io::{Read, Write},
    net::TcpStream,
    thread::sleep,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Replace this by what your plugin captures: events in JSON, separated by commas.
fn capture() -> String {
    let data = r#"{{data}}"#;
    format!(r#"{{"timestamp": {}, "raw_ref": "hello-1", "data": {data}}}"#, now())
}

fn main() -> Outcome<()> {
    let settings = fs::read_to_string("openclone.conf").map_err(|_| "run it in the plugin's directory")?;
    let is_enabled = settings.lines().any(|line| line.replace(' ', "") == "openclone.enabled=true");
    if !is_enabled {
        println!("{{id}} is off: set openclone.enabled = true in openclone.conf");
        return Ok(());
    }
    println!("{}", send(&batch(&capture())?)?);
    Ok(())
}

fn batch(events: &str) -> Outcome<String> {
    let platform = match env::consts::OS {
        known @ ("macos" | "windows") => known,
        _ => "linux",
    };
    Ok(format!(
        r#"{{"source_type": "{{source_type}}", "platform": "{platform}", "device_id": "{}", "plugin_id": "{{id}}",
        "plugin_version": "{}", "timestamp": {}, "events": [{events}]}}"#,
        device_id()?,
        env!("CARGO_PKG_VERSION"),
        now()
    ))
}

/// The answer. Tries again, later and later, when OpenClone is busy or away: nothing is stored twice.
fn send(batch: &str) -> Outcome<String> {
    let mut problem = String::new();
    for attempt in 0..5 {
        if attempt > 0 {
            sleep(Duration::from_millis(500 << attempt));
        }
        match post(batch) {
            Ok((200, text)) => return Ok(text),
            Ok((status, text)) => {
                problem = format!("{status} {text}");
                if ![429, 500, 503].contains(&status) {
                    break;
                }
            }
            Err(error) => problem = error.to_string(),
        }
    }
    Err(problem.into())
}

fn post(body: &str) -> Outcome<(u16, String)> {
    let endpoint = env::var("OPENCLONE_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:8000".into());
    let address = endpoint.strip_prefix("http://").ok_or("OPENCLONE_ENDPOINT must begin with http://")?;
    let address = address.trim_end_matches('/');
    let key = env::var("API_KEY").unwrap_or_default();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "POST /api/v1/ingest HTTP/1.0\r\nHost: {address}\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, text) = answer.split_once("\r\n\r\n").ok_or("the answer was cut off")?;
    let status = head.split(' ').nth(1).ok_or("the answer is not HTTP")?;
    Ok((status.parse()?, text.to_owned()))
}

/// The same for all events from this device.
fn device_id() -> Outcome<String> {
    if let Ok(known) = fs::read_to_string("device-id") {
        return Ok(known.trim().to_owned());
    }
    let (a, b) = (random(), random());
    let id = format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        (b >> 48) & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff
    );
    fs::write("device-id", &id)?;
    Ok(id)
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Unix seconds.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
