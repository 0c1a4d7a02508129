//! A Redis that fails.

mod groups;
mod late;
mod leases;
mod nodes;
mod refusals;
mod servers;

use cacher_servers::Redis;

type Scene = crate::scene::Scene<Redis>;

impl Scene {
    /// `None` where there are no servers.
    fn new() -> Option<Self> {
        let server = Redis::private()?;
        let url = server.url();
        Some(Self::of(server, &url, ""))
    }
}
