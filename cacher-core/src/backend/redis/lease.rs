//! Leases: a string beside the entry, in the same slot of a cluster, that says who loads it.

use std::time::{Duration, SystemTime};

use redis::{Cmd, cmd};

use super::milliseconds;

/// The names of a lease, and of the number that its tokens grow by.
struct Names {
    lease: String,
    number: String,
}

impl Names {
    /// What stands in braces decides about the slot; there are none in the key itself.
    fn of(key: &str) -> Self {
        Self { lease: format!("{{{key}}}|lease"), number: format!("{{{key}}}|number") }
    }
}

/// Whether a key is that of a lease, of a key with this prefix.
pub(super) fn is_within(prefix: &str, key: &[u8]) -> bool {
    let leased = key.strip_prefix(b"{").filter(|key| key.starts_with(prefix.as_bytes()));
    leased.is_some_and(|key| key.ends_with(b"}|lease"))
}

/// Nobody else has it: then it is ours, under the next number. A day is longer than any lease.
const TAKE: &str = "
local held = redis.call('GET', KEYS[1])
if held then
    if string.sub(held, 1, #ARGV[1]) == ARGV[1] then return held end
    return false
end
local token = ARGV[1] .. redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], 86400000)
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
return token";

const PUT: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if ARGV[3] == '' then
    redis.call('SET', KEYS[2], ARGV[2])
else
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
return 1";

const END: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end";

fn eval(script: &str, keys: &[&str]) -> Cmd {
    let mut eval = cmd("EVAL");
    eval.arg(script).arg(keys.len()).arg(keys);
    eval
}

/// Takes the lease of a key.
pub(super) fn take(key: &str, owner: &str, life: Duration) -> Cmd {
    let Names { lease, number } = Names::of(key);
    let mut take = eval(TAKE, &[&lease, &number]);
    take.arg(format!("{owner} ")).arg(u64::try_from(life.as_millis()).unwrap_or(u64::MAX).clamp(1, 86_400_000));
    take
}

/// Puts an entry, if the lease still holds, and ends it.
pub(super) fn put(key: &str, entry: &[u8], expires: Option<SystemTime>, token: &str) -> Cmd {
    let life = expires.map_or_else(String::new, |expires| milliseconds(expires).max(1).to_string());
    let mut put = eval(PUT, &[&Names::of(key).lease, key]);
    put.arg(token).arg(entry).arg(life);
    put
}

/// Ends a lease, or whichever there is.
pub(super) fn end(key: &str, token: Option<&str>) -> Cmd {
    let lease = Names::of(key).lease;
    let Some(token) = token else {
        let mut unlink = cmd("UNLINK");
        unlink.arg(lease);
        return unlink;
    };
    let mut end = eval(END, &[&lease]);
    end.arg(token);
    end
}
