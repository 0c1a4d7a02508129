//! Servers of a test's own stop, start again, and go.
#![allow(clippy::unwrap_used, reason = "in what the tests share too")]

use std::{io::ErrorKind, net::TcpStream, path::PathBuf};

use cacher_servers::{
    MariaDb, Memcached, MongoDb, Postgres, Probe, Proxy, Redis, Reply, Resp, Server, memcached_stats,
};

fn ok() -> Reply {
    Reply::Bytes(b"OK".to_vec())
}

fn refused(server: &Server) -> bool {
    TcpStream::connect(server.address()).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// Killed, started and paused, it answers as it should; its directory is returned.
fn obeys(server: &Server, probe: Probe) -> PathBuf {
    probe.ask(&server.address()).unwrap();
    let port = server.port();
    server.stop();
    assert!(refused(server));
    server.start();
    assert_eq!(server.port(), port);
    probe.ask(&server.address()).unwrap();
    server.pause();
    let error = probe.ask(&server.address()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    server.resume();
    probe.ask(&server.address()).unwrap();
    assert!(server.home().exists());
    server.home().to_owned()
}

#[test]
fn redis() {
    let Some(server) = Redis::private() else { return };
    let mut client = server.client();
    assert_eq!(client.ask(&["SET", "key", "value"]), ok());
    let home = obeys(&server, Probe::Redis);
    assert_eq!(server.client().ask(&["GET", "key"]), Reply::Nil, "nothing is kept over a kill");
    let address = server.address();
    drop(server);
    assert!(!home.exists());
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn memcached() {
    let Some(server) = Memcached::private() else { return };
    let home = obeys(&server, Probe::Memcached);
    drop(server);
    assert!(!home.exists());
}

#[test]
fn postgres() {
    let Some(server) = Postgres::private() else { return };
    obeys(&server, Probe::Postgres);
}

#[test]
fn mariadb() {
    let Some(server) = MariaDb::private() else { return };
    obeys(&server, Probe::MariaDb);
}

#[test]
fn mongodb() {
    let Some(server) = MongoDb::private() else { return };
    obeys(&server, Probe::MongoDb);
}

#[test]
fn redis_takes_settings() {
    let Some(server) = Redis::private_with(&[("maxmemory", "6mb"), ("requirepass", "secret")]) else { return };
    assert!(
        matches!(Resp::connect(&server.address()).ask(&["GET", "key"]), Reply::Error(text) if text.starts_with("NOAUTH"))
    );
    assert_eq!(server.url(), format!("redis://:secret@{}", server.address()));
    let mut client = server.client();
    let value = vec![0; 1 << 20];
    let refusals = (0..8).filter(|n| client.ask(&[b"SET", n.to_string().as_bytes(), &value]) != ok()).count();
    assert!((1..8).contains(&refusals), "it is full after some: {refusals}");
}

#[test]
fn redis_counts_commands() {
    let Some(server) = Redis::private() else { return };
    let mut client = server.client();
    assert_eq!(client.calls("get"), 0);
    assert_eq!(client.ask(&["GET", "key"]), Reply::Nil);
    assert_eq!(client.ask(&["MGET", "key", "other"]), Reply::Array(vec![Reply::Nil, Reply::Nil]));
    assert_eq!((client.calls("get"), client.calls("mget"), client.calls("set")), (1, 1, 0));
}

#[test]
fn memcached_counts() {
    let Some(server) = Memcached::private() else { return };
    assert_eq!(server.stats()["curr_items"], "0");
    assert_eq!(memcached_stats(&server.url())["threads"], "4");
}

#[test]
fn a_proxy_stands_before_any() {
    let Some(server) = Redis::private() else { return };
    let proxy = Proxy::before(server.url());
    let mut client = Resp::connect(&proxy.address());
    assert_eq!(client.ask(&["SET", "key", "value"]), ok());
    assert_eq!(proxy.bytes_from_server(), 5);
    server.stop();
    server.start();
    assert_eq!(Resp::connect(&proxy.address()).ask(&["GET", "key"]), Reply::Nil);
}
