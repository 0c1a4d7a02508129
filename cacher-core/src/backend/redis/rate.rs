//! Rates: for each a string beside the entries, which says when its next call is due, by the clock of the server.

use redis::{Cmd, cmd};

use super::super::Pace;

/// Takes a call that may come, and says 0, or else how many microseconds it is early. What is over is as if it never was.
const TAKE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, tolerance, furthest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = tonumber(redis.call('GET', KEYS[1]) or '0')
if due > now + furthest then due = now end
if due > now + tolerance then return due - tolerance - now end
due = math.max(due, now) + interval
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
return 0";

/// Asks for a call of the rate that is called so.
pub(super) fn take(key: &str, pace: Pace) -> Cmd {
    let mut take = cmd("EVAL");
    // In braces it is no entry, as there are none in the key itself.
    take.arg(TAKE).arg(1).arg(format!("{{{key}}}|rate")).arg(&pace.numbers()[..]);
    take
}
