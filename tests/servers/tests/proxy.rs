//! What a proxy does, in front of a server that says everything again.
#![allow(clippy::unwrap_used, reason = "in what the tests share too")]

use std::{
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use cacher_servers::Proxy;

/// Long beside a loopback, short beside a patience.
const MOMENT: Duration = Duration::from_millis(150);

fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || std::io::copy(&mut &client, &mut &client));
        }
    });
    address
}

fn client(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// What comes back before the connection ends, of up to so many bytes.
fn said_again(stream: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    stream.write_all(text).unwrap();
    let mut answer = Vec::new();
    // What came before an error counts too.
    let _ = stream.take(text.len() as u64).read_to_end(&mut answer);
    answer
}

fn ended(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 1]) {
        Ok(length) => length == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn everything_passes_and_is_counted() {
    let proxy = Proxy::before(echo());
    let text = vec![7; 100_000];
    let (mut one, mut other) = (client(&proxy), client(&proxy));
    let sender = thread::spawn({
        let (text, mut one) = (text.clone(), one.try_clone().unwrap());
        move || one.write_all(&text).unwrap()
    });
    let mut answer = vec![0; text.len()];
    one.read_exact(&mut answer).unwrap();
    sender.join().unwrap();
    assert_eq!(answer, text);
    assert_eq!(said_again(&mut other, b"abc"), b"abc");
    assert_eq!((proxy.connections(), proxy.bytes_to_server(), proxy.bytes_from_server()), (2, 100_003, 100_003));
}

#[test]
fn an_answer_is_cut() {
    let proxy = Proxy::before(echo());
    let mut stood = client(&proxy);
    assert_eq!(said_again(&mut stood, b"before"), b"before");
    proxy.cut_after(4);
    assert_eq!(said_again(&mut stood, b"0123456789"), b"0123");
    assert!(ended(&mut stood));
    let mut new = client(&proxy);
    assert_eq!(said_again(&mut new, b"abc"), b"abc", "less than that passes");
    assert_eq!(said_again(&mut new, b"defg"), b"d", "and is counted");
    proxy.pass();
    assert_eq!(said_again(&mut client(&proxy), b"0123456789"), b"0123456789");
}

#[test]
fn answers_come_later() {
    let proxy = Proxy::before(echo());
    let mut stream = client(&proxy);
    proxy.delay(MOMENT);
    let began = Instant::now();
    assert_eq!(said_again(&mut stream, b"abc"), b"abc");
    assert!(began.elapsed() >= MOMENT);
}

#[test]
fn what_is_held_comes_when_it_may_pass() {
    let proxy = Proxy::before(echo());
    let mut stood = client(&proxy);
    proxy.hold();
    let mut new = client(&proxy);
    for stream in [&mut stood, &mut new] {
        stream.set_read_timeout(Some(MOMENT)).unwrap();
        assert_eq!(said_again(stream, b"abc"), b"");
    }
    assert_eq!(proxy.bytes_to_server(), 0);
    proxy.pass();
    for stream in [&mut stood, &mut new] {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut answer = [0; 3];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"abc");
    }
}

#[test]
fn new_connections_are_refused_and_old_ones_go_on() {
    let proxy = Proxy::before(echo());
    let mut stood = client(&proxy);
    assert_eq!(said_again(&mut stood, b"abc"), b"abc");
    proxy.refuse();
    assert_eq!(TcpStream::connect(proxy.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(said_again(&mut stood, b"def"), b"def");
    proxy.pass();
    assert_eq!(said_again(&mut client(&proxy), b"ghi"), b"ghi");
    assert_eq!(proxy.connections(), 2);
}

#[test]
fn all_connections_are_dropped_also_when_held() {
    let proxy = Proxy::before(echo());
    let (mut one, mut other) = (client(&proxy), client(&proxy));
    assert_eq!(said_again(&mut one, b"abc"), b"abc");
    assert_eq!(said_again(&mut other, b"abc"), b"abc");
    proxy.hold();
    other.write_all(b"lost").unwrap();
    proxy.drop_all();
    assert!(ended(&mut one) && ended(&mut other));
    proxy.pass();
    assert_eq!(said_again(&mut client(&proxy), b"abc"), b"abc");
}

#[test]
fn a_server_that_is_down_ends_the_connection() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::before(nobody.to_string());
    assert!(ended(&mut client(&proxy)));
}

#[test]
fn nobody_listens_once_it_is_dropped() {
    let proxy = Proxy::before(echo());
    let mut stream = client(&proxy);
    assert_eq!(said_again(&mut stream, b"abc"), b"abc");
    let address = proxy.address();
    drop(proxy);
    assert!(ended(&mut stream));
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn the_server_may_be_given_as_a_url() {
    let proxy = Proxy::before(format!("redis://user:password@{}/1?timeout=1s", echo()));
    assert_eq!(said_again(&mut client(&proxy), b"abc"), b"abc");
}

#[test]
fn what_is_asked_while_answers_are_held_arrives() {
    let proxy = Proxy::before(echo());
    let mut one = client(&proxy);
    assert_eq!(said_again(&mut one, b"first"), b"first");
    proxy.mute();
    let before = proxy.bytes_to_server();
    one.write_all(b"second").unwrap();
    let start = Instant::now();
    while proxy.bytes_to_server() < before + 6 {
        assert!(start.elapsed() < Duration::from_secs(10), "it does not arrive");
        thread::yield_now();
    }
    one.set_read_timeout(Some(MOMENT)).unwrap();
    assert!(one.read(&mut [0; 1]).is_err(), "no answer comes");
    one.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    proxy.pass();
    let mut answer = [0; 6];
    one.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"second");
}
