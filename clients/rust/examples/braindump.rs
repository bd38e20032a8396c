//! A whole plugin: every line that is typed becomes an event.

use std::{error::Error, time::Duration};

use openclone_client::{
    sdk::{Client, Event},
    v1::{Braindump, SourceType},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // OPENCLONE_ENDPOINT and API_KEY say where to and by which key.
    let client = Client::builder("line-braindump", "1.0.0", SourceType::Braindump)
        .max_batch_age(Duration::from_secs(5))
        .open()
        .await?;
    // What is typed is on disk before the next line is read: Ctrl-C loses nothing, the next start sends it.
    for line in std::io::stdin().lines() {
        client.send(Event::new(Braindump { text: Some(line?) })).await?;
    }
    client.close(Duration::from_secs(10)).await?;
    Ok(())
}
