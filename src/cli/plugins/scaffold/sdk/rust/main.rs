//! {{name}}: sends {{source_type}} events to OpenClone.

use std::{process::ExitCode, time::Duration};

use openclone_client::sdk::{Client, Error, Event, until_signal};

/// The exit status of a plugin that is off: it is not started again.
const NOT_ENABLED: u8 = 3;

/// Replace this by what your plugin captures. An event may also have the typed message of the source type.
fn capture() -> Vec<Event> {
    vec![Event::json(r#"{{data}}"#.to_owned()).raw_ref("hello-1")]
}

/// Captures once, unless the user has paused.
async fn run_once(client: &Client) -> Result<(), Error> {
    if client.is_paused() {
        return Ok(());
    }
    for event in capture() {
        client.send(event).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<ExitCode, Error> {
    let client = Client::from_manifest(None)?.open().await?;
    if let Some(reason) = client.why_disabled() {
        eprintln!("{reason}");
        return Ok(ExitCode::from(NOT_ENABLED));
    }
    let interval = client.config().and_then(|config| config["interval"].as_u64()).unwrap_or(60);
    let signal = until_signal();
    tokio::pin!(signal);
    loop {
        if let Err(error) = run_once(&client).await {
            eprintln!("{error}");
        }
        tokio::select! {
            _ = &mut signal => break,
            () = tokio::time::sleep(Duration::from_secs(interval)) => {}
        }
    }
    client.end().await;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use openclone_client::sdk::Memory;

    use super::*;

    #[tokio::test]
    async fn what_is_captured_is_stored_once() {
        let memory = Memory::default();
        let client = Client::from_manifest(None).unwrap().memory(memory.clone()).open().await.unwrap();
        run_once(&client).await.unwrap();
        run_once(&client).await.unwrap();
        client.close(Duration::from_secs(5)).await.unwrap();
        let events = memory.events();
        assert_eq!((events.len(), events[0].source_type.as_str()), (1, "{{source_type}}"));
    }
}
