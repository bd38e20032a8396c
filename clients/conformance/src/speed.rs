//! Events a second of each SDK: from the first `send` to the end of `flush`, 500 a batch, over the gRPC stream, without a
//! proxy in between.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::{
    Arguments,
    driver::{Driver, Transcript},
    report::{tell_left_out, write_line},
    sdk::{self, Sdk},
    service::{KEY, Service},
};

/// Events before the measurement, so that what is compiled as it runs is compiled.
const WARM_UP: u64 = 20_000;
const LIMIT: Duration = Duration::from_secs(300);

/// Measures all SDKs that are wanted. Gives whether none was left out that is required.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let found = sdk::find(&arguments.clients, &arguments.sdk)?;
    write_line("| SDK | Events | Seconds | Events/s |\n|---|---|---|---|")?;
    for sdk in &found.sdks {
        let seconds = measure(sdk, arguments).await.with_context(|| sdk.name)?;
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let rate = arguments.events as f64 / seconds;
        write_line(&format!(
            "| {} | {} | {seconds:.2} | {rate:.0} |",
            sdk.name, arguments.events
        ))?;
    }
    tell_left_out(&found, arguments.require_all)
}

async fn measure(sdk: &Sdk, arguments: &Arguments) -> anyhow::Result<f64> {
    let directory = tempfile::tempdir()?;
    let binary = arguments
        .binary
        .canonicalize()
        .context("cannot find the service's binary")?;
    let mut service = Service::start(&binary, directory.path(), &BTreeMap::new()).await?;
    let mut driver = Driver::start(&sdk.driver, directory.path(), &Transcript::default())?;
    let options = json!({
        "endpoint": format!("http://{}", service.address), "api_key": KEY, "plugin_id": "speed", "plugin_version": "1.0.0",
        "source_type": "braindump", "platform": "linux", "state_dir": directory.path().join("state"),
        "max_batch_events": 500, "transport": "grpc",
    });
    ask(&mut driver, &json!({"do": "open", "options": options})).await?;
    send(&mut driver, "warm", WARM_UP).await?;
    let seconds = send(&mut driver, "event", arguments.events).await?;
    let stored = driver.stats().await?["stored"].as_u64();
    if stored != Some(WARM_UP + arguments.events) {
        bail!("stored {stored:?} of {} events", WARM_UP + arguments.events);
    }
    driver.kill().await?;
    service.stop().await?;
    Ok(seconds)
}

/// Seconds until all were acknowledged.
async fn send(driver: &mut Driver, prefix: &str, count: u64) -> anyhow::Result<f64> {
    let start = Instant::now();
    ask(
        driver,
        &json!({"do": "generate", "prefix": prefix, "count": count}),
    )
    .await?;
    ask(driver, &json!({"do": "flush", "timeout": LIMIT.as_secs()})).await?;
    Ok(start.elapsed().as_secs_f64())
}

async fn ask(driver: &mut Driver, command: &Value) -> anyhow::Result<()> {
    let response = driver.ask(command, LIMIT).await?;
    match response["ok"] == true {
        true => Ok(()),
        false => bail!("acknowledged {response}"),
    }
}
