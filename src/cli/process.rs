//! What the process asks of the system for itself: as many descriptors as it may have, files that nobody else reads, and
//! no core dumps, in which keys would stand.

use openclone_vault::Options;
use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use tracing::{debug, warn};

use crate::{app::open_files, config::ServerConfig};

/// Descriptors that are kept from connections for the database, which opens 256 of its files at most, and for directories;
/// daily files have theirs besides.
const OWN: u64 = 320;
/// Nobody needs more, and some systems have costs for each that is allowed.
const MOST: u64 = 1 << 16;
/// Linux dumps nothing at this size, neither to a file nor, as it would at 0, to a program.
const NO_CORE: u64 = 1;

/// Sets the limits, and lets in no more connections than there are descriptors for: without any, no event could be
/// written.
pub(super) fn prepare(server: &mut ServerConfig) {
    forbid_cores();
    make_private();
    let Some(descriptors) = raise_descriptors() else {
        return;
    };
    let own = OWN + (open_files(descriptors) * Options::DESCRIPTORS_A_FILE) as u64;
    let room = u32::try_from(descriptors.saturating_sub(own).max(64)).unwrap_or(u32::MAX);
    if server.max_connections > room {
        warn!(
            descriptors,
            max_connections = room,
            "fewer connections than server.max_connections, for want of descriptors; raise the limit (ulimit -n)"
        );
        server.max_connections = room;
    }
}

/// What is made from now on is its owner's alone, the database's files too, which have no modes of their own.
pub(super) fn make_private() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

fn forbid_cores() {
    let none = Rlimit {
        current: Some(NO_CORE),
        maximum: Some(NO_CORE),
    };
    let least = Rlimit {
        current: Some(0),
        maximum: getrlimit(Resource::Core).maximum,
    };
    // where even 1 is above what is allowed, it is 0
    if setrlimit(Resource::Core, none).is_err()
        && let Err(error) = setrlimit(Resource::Core, least)
    {
        warn!(%error, "cannot forbid core dumps");
    }
}

/// As many descriptors as there may be now; none if that has no limit.
fn raise_descriptors() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let now = current?;
    let wanted = maximum.map_or(MOST, |most| most.min(MOST));
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
            debug!(%error, "cannot raise the limit on descriptors");
            Some(now)
        }
    }
}
