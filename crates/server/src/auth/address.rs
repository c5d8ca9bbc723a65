//! From where a request comes.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::App;

/// The other end of the connection: behind a proxy, the proxy. What a header says of itself is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub IpAddr);

impl FromRequestParts<App> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Without a connection, as in a test of the router alone, all come from one place.
        Ok(Self(peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0.ip())))
    }
}
