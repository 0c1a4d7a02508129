//! One connection through a proxy: a thread for each direction.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
};

use super::state::{Mode, Shared, State};

/// Passes bytes between the two until one of them ends, or it is cut.
pub(super) fn run(client: TcpStream, server: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let number = shared.add([client.try_clone()?, server.try_clone()?]);
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let (questions, answers) = (Arc::clone(shared), Arc::clone(shared));
    thread::spawn(move || pump(from_client, to_server, &questions, number, ask));
    thread::spawn(move || pump(server, client, &answers, number, answer));
    Ok(())
}

/// How many of so many bytes may pass; fewer than all when the connection is to be cut after them.
type Gate = fn(&Shared, u64, usize) -> usize;

fn pump(mut from: TcpStream, mut to: TcpStream, shared: &Shared, number: u64, gate: Gate) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let passed = gate(shared, number, length);
        if to.write_all(&bytes[..passed]).is_err() || passed < length {
            break;
        }
    }
    shared.cut(number);
}

fn ask(shared: &Shared, number: u64, length: usize) -> usize {
    let mut state = shared.wait_while_held(number, false);
    state.to_server += length as u64;
    length
}

fn answer(shared: &Shared, number: u64, length: usize) -> usize {
    let delay = match shared.lock().mode {
        Mode::Delay(time) => Some(time),
        _ => None,
    };
    if let Some(time) = delay {
        shared.wait(number, time);
    }
    let mut state = shared.wait_while_held(number, true);
    let passed = allowed(&mut state, number, length);
    state.from_server += passed as u64;
    passed
}

fn allowed(state: &mut State, number: u64, length: usize) -> usize {
    let mode = state.mode;
    let Some(ends) = state.open.get_mut(&number) else { return 0 };
    let passed = match mode {
        Mode::CutAfter(bytes) => {
            usize::try_from(bytes.saturating_sub(ends.answered)).map_or(length, |left| left.min(length))
        }
        _ => length,
    };
    ends.answered += passed as u64;
    passed
}
