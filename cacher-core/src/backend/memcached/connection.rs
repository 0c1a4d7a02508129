//! One connection: a message of requests, then the replies to all of them. Who gives up in between drops it.

use std::{fmt, future::poll_fn, io, path::PathBuf, pin::pin, task::Poll};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    codec::{self, Reply, Requests},
    fault::{garbled, lost, refused},
};
use crate::error::{Error, Kind, Result};

/// Where a server listens.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Host { host: String, port: u16 },
    Socket(PathBuf),
}

/// Who we are to a server that asks. Never shown.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(super) struct Connection {
    stream: Box<dyn Stream>,
    input: Vec<u8>,
}

/// How much is read at once, and kept room for.
const STEP: usize = 16 * 1024;

impl Connection {
    pub(super) async fn open(address: &Address, login: Option<&Login>) -> Result<Self> {
        let stream = connect(address).await.map_err(lost)?;
        let mut connection = Self { stream, input: Vec::new() };
        if let Some(login) = login {
            connection.sign_in(login).await?;
        }
        Ok(connection)
    }

    /// To a server that lets anybody in, user and password would be an entry: they are sent to one that asks.
    async fn sign_in(&mut self, login: &Login) -> Result<()> {
        let mut knock = Requests::default();
        knock.nothing();
        if let [Reply::Done] = self.exchange(&knock).await?[..] {
            return Ok(());
        }
        let mut requests = Requests::default();
        requests.sign_in(&login.user, &login.password);
        match self.exchange(&requests).await?[..] {
            [Reply::Done] => Ok(()),
            _ => Err(Error::new(Kind::Unavailable, "the server does not know this user and password")),
        }
    }

    /// The replies to all requests, none of which has failed.
    pub(super) async fn ask(&mut self, requests: &Requests) -> Result<Vec<Reply>> {
        let replies = self.exchange(requests).await?;
        match replies.last() {
            Some(failed @ Reply::Failed(_)) => Err(refused(failed)),
            _ => Ok(replies),
        }
    }

    /// One reply for each request, or fewer if the last has failed. They are read while requests are still written: else
    /// the server might wait for us to read while we wait for it.
    async fn exchange(&mut self, requests: &Requests) -> Result<Vec<Reply>> {
        let (mut reader, mut writer) = tokio::io::split(&mut self.stream);
        let write = async {
            writer.write_all(requests.bytes()).await?;
            writer.flush().await
        };
        let read = read_all(&mut reader, &mut self.input, requests.count());
        let replies = beside(write, read).await?;
        self.input.clear();
        self.input.shrink_to(STEP);
        Ok(replies)
    }
}

/// What `read` gives, while `write` goes on. What is not written by then is not worth it any more.
async fn beside<T>(write: impl Future<Output = io::Result<()>>, read: impl Future<Output = Result<T>>) -> Result<T> {
    let (mut write, mut read, mut written) = (pin!(write), pin!(read), false);
    poll_fn(|cx| {
        if !written && let Poll::Ready(outcome) = write.as_mut().poll(cx) {
            written = true;
            if let Err(error) = outcome {
                return Poll::Ready(Err(lost(error)));
            }
        }
        read.as_mut().poll(cx)
    })
    .await
}

async fn read_all(stream: &mut (impl AsyncRead + Unpin), input: &mut Vec<u8>, count: usize) -> Result<Vec<Reply>> {
    let (mut replies, mut at) = (Vec::with_capacity(count), 0);
    while replies.len() < count && !matches!(replies.last(), Some(Reply::Failed(_))) {
        if let Some((reply, length)) = codec::read(&input[at..]).map_err(garbled)? {
            replies.push(reply);
            at += length;
        } else {
            input.drain(..std::mem::take(&mut at));
            receive(stream, input).await.map_err(lost)?;
        }
    }
    // Nobody knows what the next reply would belong to.
    if at < input.len() { Err(garbled(codec::Garbled)) } else { Ok(replies) }
}

async fn receive(stream: &mut (impl AsyncRead + Unpin), input: &mut Vec<u8>) -> io::Result<()> {
    input.reserve(STEP);
    match stream.read_buf(input).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

async fn connect(address: &Address) -> io::Result<Box<dyn Stream>> {
    match address {
        Address::Host { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        #[cfg(unix)]
        Address::Socket(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Address::Socket(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}
