//! What the process asks of the system for itself: as many descriptors as it may have, files that nobody else reads, and
//! no core dumps, in which keys would stand.

use openclone_vault::Options;
use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use tracing::{debug, warn};

use crate::{app::open_files, config::ServerConfig};

/// Descriptors reserved for the database, which opens at most 256 files, and for directories; daily files have their reserved.
const RESERVED: u64 = 320;
/// More are not needed, and some systems have a cost per allowed descriptor.
const MAX_DESCRIPTORS: u64 = 1 << 16;
/// At this size Linux writes no core dump, neither to a file nor, as it would at 0, to a program.
const NO_CORE: u64 = 1;

/// Sets the limits of the process, and bounds connections so that descriptors remain for writing events.
pub(super) fn prepare(server: &mut ServerConfig) {
    disable_core_dumps();
    make_private();
    let Some(descriptors) = raise_descriptors() else {
        return;
    };
    let reserved = RESERVED + (open_files(descriptors) * Options::DESCRIPTORS_A_FILE) as u64;
    let room = u32::try_from(descriptors.saturating_sub(reserved).max(64)).unwrap_or(u32::MAX);
    if server.max_connections > room {
        warn!(
            descriptors,
            max_connections = room,
            "not enough file descriptors for server.max_connections; raise the limit (ulimit -n)"
        );
        server.max_connections = room;
    }
}

/// Makes new files private to their owner, including those of the database, which have no mode of their reserved.
pub(super) fn make_private() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

fn disable_core_dumps() {
    let none = Rlimit {
        current: Some(NO_CORE),
        maximum: Some(NO_CORE),
    };
    let least = Rlimit {
        current: Some(0),
        maximum: getrlimit(Resource::Core).maximum,
    };
    // the hard limit is 0, which is just as good
    if setrlimit(Resource::Core, none).is_err()
        && let Err(error) = setrlimit(Resource::Core, least)
    {
        warn!(%error, "cannot disable core dumps");
    }
}

/// Raises the limit of file descriptors; `None` if there is no limit.
fn raise_descriptors() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let now = current?;
    let wanted = maximum.map_or(MAX_DESCRIPTORS, |most| most.min(MAX_DESCRIPTORS));
    if wanted <= now {
        return Some(now);
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => Some(wanted),
        Err(error) => {
            debug!(%error, "cannot raise the limit of file descriptors");
            Some(now)
        }
    }
}
