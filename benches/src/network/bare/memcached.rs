//! The meta protocol by hand, over some connections: there is no client that the store is made of.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    sync::Semaphore,
};

use super::{Answer, Bare, CONNECTIONS, Operation, entry, filled, name, names};

struct Client {
    turns: Semaphore,
    idle: Mutex<Vec<TcpStream>>,
}

struct Shared(Arc<Client>);

pub(in super::super) fn client(runtime: &Runtime, url: &str) -> Box<dyn Bare> {
    let address = url.trim_start_matches("memcached://");
    let connect = || {
        let stream = runtime.block_on(TcpStream::connect(address)).expect("a server");
        stream.set_nodelay(true).expect("a socket");
        stream
    };
    let idle = (0..CONNECTIONS).map(|_| connect()).collect();
    let client = Client { turns: Semaphore::new(CONNECTIONS as usize), idle: Mutex::new(idle) };
    filled(runtime, Shared(Arc::new(client)))
}

impl Client {
    /// Sends a message, and reads until an answer ends so.
    async fn ask(&self, message: &[u8], end: &[u8]) {
        let _turn = self.turns.acquire().await.expect("never closed");
        let mut stream = self.idle.lock().expect("no panic").pop().expect("one for each turn");
        stream.write_all(message).await.expect("written");
        let mut answer = Vec::with_capacity(16 * 1024);
        while !answer.ends_with(end) {
            stream.read_buf(&mut answer).await.expect("read");
        }
        self.idle.lock().expect("no panic").push(stream);
    }
}

impl Bare for Shared {
    fn call(&self, operation: Operation, key: u64) -> Answer {
        let client = Arc::clone(&self.0);
        Box::pin(async move {
            match operation {
                Operation::Get => client.ask(format!("mg {} v\r\n", name(key)).as_bytes(), b"\x07\r\n").await,
                Operation::Set => {
                    let entry = entry();
                    let mut message = format!("ms {} {} T0 MS\r\n", name(key), entry.len()).into_bytes();
                    message.extend(entry);
                    message.extend(b"\r\n");
                    client.ask(&message, b"HD\r\n").await;
                }
                Operation::GetMany => {
                    let lines =
                        names(key).into_iter().map(|name| ["mg ", &*name, " v\r\n"].concat()).collect::<Vec<_>>();
                    client.ask((lines.concat() + "mn\r\n").as_bytes(), b"MN\r\n").await;
                }
            }
        })
    }
}
