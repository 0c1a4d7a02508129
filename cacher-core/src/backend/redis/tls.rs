//! Clients of servers that may speak TLS.

use std::{fs, io};

use redis::{Client, ConnectionAddr, RedisResult, TlsCertificates};
use rustls::crypto::{CryptoProvider, ring};

use super::open::Server;

/// A client of this server. Without a certificate of its own, those that the system trusts are taken.
pub(super) fn client(server: &Server) -> RedisResult<Client> {
    if !matches!(server.info.addr(), ConnectionAddr::TcpTls { .. }) {
        return Client::open(server.info.clone());
    }
    if CryptoProvider::get_default().is_none() {
        // Another thread may have been faster, which is as well.
        let _ = ring::default_provider().install_default();
    }
    let root_cert = server.certificate.as_ref().map(fs::read).transpose().map_err(|error| named(server, &error))?;
    Client::build_with_tls(server.info.clone(), TlsCertificates { client_tls: None, root_cert })
}

fn named(server: &Server, error: &io::Error) -> io::Error {
    let path = server.certificate.as_deref().unwrap_or_default();
    io::Error::new(error.kind(), format!("the certificate {path}: {error}"))
}
