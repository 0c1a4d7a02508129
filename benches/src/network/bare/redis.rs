//! The client that the store is made of.

use redis::{aio::MultiplexedConnection, cmd};
use tokio::runtime::Runtime;

use super::{Answer, Bare, Operation, entry, filled, name, names};

struct Client(MultiplexedConnection);

pub(in super::super) fn client(runtime: &Runtime, url: &str) -> Box<dyn Bare> {
    let client = redis::Client::open(url).expect("a URL");
    let connection = runtime.block_on(client.get_multiplexed_async_connection()).expect("a connection");
    filled(runtime, Client(connection))
}

impl Bare for Client {
    fn call(&self, operation: Operation, key: u64) -> Answer {
        let mut connection = self.0.clone();
        Box::pin(async move {
            let asked = match operation {
                Operation::Get => {
                    cmd("GET").arg(name(key)).query_async::<Option<Vec<u8>>>(&mut connection).await.map(drop)
                }
                Operation::Set => cmd("SET").arg(name(key)).arg(entry()).query_async(&mut connection).await,
                Operation::GetMany => {
                    let mut get = cmd("MGET");
                    get.arg(names(key)).query_async::<Vec<Option<Vec<u8>>>>(&mut connection).await.map(drop)
                }
            };
            asked.expect("an answer");
        })
    }
}
