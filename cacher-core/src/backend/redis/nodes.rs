//! Walking through the keys of a server, or of the primaries of a cluster, one after the other.

use redis::{
    FromRedisValue, RedisResult, Value,
    cluster_async::ClusterConnection,
    cluster_routing::{RoutingInfo, SingleNodeRoutingInfo},
    cmd,
};

use super::{STEP, fault::fault, wire::Wire};
use crate::error::{Error, Kind, Result};

/// Where a walk is: at which primary, and where in its keys.
#[derive(Clone, Copy, Default)]
struct Place {
    node: u64,
    cursor: u64,
}

/// What a step has found.
type Found = (Vec<Vec<u8>>, Option<Vec<u8>>);

impl Place {
    fn read(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).ok();
        let numbers = text.and_then(|text| text.split_once(' '));
        let place =
            numbers.and_then(|(node, cursor)| Some(Self { node: node.parse().ok()?, cursor: cursor.parse().ok()? }));
        place.ok_or_else(|| Error::new(Kind::Invalid, "this is no place in a walk"))
    }

    fn write(self) -> Vec<u8> {
        format!("{} {}", self.node, self.cursor).into_bytes()
    }
}

/// Some keys that match, and where the next ones are.
pub(super) async fn scan(wire: Wire, pattern: &str, next: Option<&[u8]>) -> Result<Found> {
    let place = next.map_or_else(|| Ok(Place::default()), Place::read)?;
    let mut command = cmd("SCAN");
    command.arg(place.cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(STEP);
    match wire {
        Wire::One(mut one) => {
            let (cursor, keys): (u64, _) = command.query_async(&mut one).await.map_err(fault)?;
            Ok((keys, (cursor != 0).then(|| Place { cursor, ..place }.write())))
        }
        Wire::Cluster(mut cluster) => {
            let nodes = primaries(&mut cluster).await.map_err(fault)?;
            let Some((host, port)) = usize::try_from(place.node).ok().and_then(|at| nodes.get(at).cloned()) else {
                return Ok((Vec::new(), None));
            };
            let route = RoutingInfo::SingleNode(SingleNodeRoutingInfo::ByAddress { host, port });
            let answer = cluster.route_command(command, route).await.map_err(fault)?;
            let (cursor, keys): (u64, _) =
                FromRedisValue::from_redis_value(answer).map_err(|error| fault(error.into()))?;
            let next = if cursor == 0 { Place { node: place.node + 1, cursor } } else { Place { cursor, ..place } };
            let more = next.node < nodes.len() as u64;
            Ok((keys, more.then(|| next.write())))
        }
    }
}

/// The primaries of a cluster, in the order of their first slots.
async fn primaries(cluster: &mut ClusterConnection) -> RedisResult<Vec<(String, u16)>> {
    // Each is: first slot, last slot, the primary's address, then those of its replicas.
    let ranges: Vec<Vec<Value>> = cmd("CLUSTER").arg("SLOTS").query_async(cluster).await?;
    let mut found = Vec::new();
    for range in ranges {
        let Some(Value::Array(node)) = range.into_iter().nth(2) else { continue };
        let mut node = node.into_iter();
        if let (Some(host), Some(port)) = (node.next(), node.next()) {
            let address = (String::from_redis_value(host)?, u16::from_redis_value(port)?);
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    Ok(found)
}
