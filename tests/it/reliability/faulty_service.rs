//! The service with a deliberately faulty store. The test program starts itself again, so the product does not contain one.
//!
//! Everything is the product except the store below its writer, which works in the wrong order
//! (`openclone_vault::testing::faulty_store`). `FAULTY_WRITER` selects the order; `FAULTY_LISTEN` is the address, a free loopback
//! port by default; `FAULTY_DELAY_MS` is the time between the two steps, 2 ms by default: the time of some groups, in which a
//! kill reveals the fault. `tests/faulty_store/serve` starts it from elsewhere.

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use openclone::{
    app::{App, Opener},
    config::{Config, Inputs, Layers, home::Home},
};
use openclone_vault::{
    OpenError, Options, Vault,
    fs::RealFs,
    testing::faulty_store::{FaultyStore, Order},
    writer::open_store,
};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use crate::process;
use openclone_test_support::scoreboard::Against;

const WRITER: &str = "FAULTY_WRITER";
const LISTEN: &str = "FAULTY_LISTEN";
const DELAY: &str = "FAULTY_DELAY_MS";

/// As `openclone serve` on a free port, after a line of shell that limits what it may use.
pub(crate) fn command(against: Against, home: &Path, limits: &str) -> Command {
    let program = env::current_exe().unwrap();
    let mut command = process::limited_program(&program, home, limits);
    command
        .args(["reliability::faulty_service::service", "--exact", "--nocapture"])
        .env(WRITER, against.name());
    command
}

#[test]
fn service() {
    let Ok(writer) = env::var(WRITER) else { return };
    let opener: Opener = match writer.as_str() {
        "id first" => |options| open(options, Order::IdFirst),
        "bytes first" => |options| open(options, Order::BytesFirst),
        _ => panic!("{WRITER}: {writer}"),
    };
    Runtime::new().unwrap().block_on(serve(opener));
    // Who started it reads no more, so the harness may not tell how it went.
    std::process::exit(0);
}

fn open(options: Options, order: Order) -> Result<Vault, OpenError> {
    let store = open_store(&options)?;
    let delay = env::var(DELAY).map_or(2, |millis| millis.parse().unwrap());
    let store = FaultyStore::new(store, order, Duration::from_millis(delay));
    Vault::open_on(options, Arc::new(RealFs::new()), Arc::new(store), [7; 16])
}

async fn serve(opener: Opener) {
    let home = Home::locate(env::var_os("OPENCLONE_HOME").map(PathBuf::from)).unwrap();
    let inputs = Inputs::gather(&home.config_file(), false).unwrap();
    let config = Config::read(&Layers::new(inputs).unwrap()).unwrap();
    let key = home.key(env::var("API_KEY").ok().as_deref()).unwrap();
    let key = home.prepare(key).unwrap();
    let address = env::var(LISTEN).unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut end = signal(SignalKind::terminate()).unwrap();
    let app = App::new(&config, &home, &key.secret)
        .unwrap()
        .opening_with(opener);
    let shutdown = async move { _ = end.recv().await };
    // Beside the harness, which has said something on this line.
    let ready = move || {
        let _ = write!(std::io::stdout(), "\nlistening on {url}\nvault\n");
    };
    app.run(listener, ready, shutdown).await.unwrap();
}
