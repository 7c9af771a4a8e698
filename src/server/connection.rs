//! A verified connection: its bytes, and what handlers may know of it.

use super::peer::{NotAPeer, Peer};
use http::Extensions;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

/// What is known of a connection. Every request that comes over it carries it in its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The caller, or why its certificate, though verified, names none.
    pub peer: Result<Peer, NotAPeer>,
    /// Where it comes from.
    pub remote: SocketAddr,
}

impl Connection {
    /// The connection a request came over; none if it came another way than through `accept`.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }
}

/// The bytes of a connection. It breaks off when it is cut from outside.
#[derive(Debug)]
pub struct Wire {
    stream: TlsStream<TcpStream>,
    about: Connection,
    /// Done when the connection is to be cut, or when nobody watches over it anymore.
    cut: oneshot::Receiver<()>,
    is_cut: bool,
}

impl Wire {
    pub(super) fn new(stream: TlsStream<TcpStream>, about: Connection, cut: oneshot::Receiver<()>) -> Self {
        Self { stream, about, cut, is_cut: false }
    }

    fn check(&self) -> io::Result<()> {
        if self.is_cut { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl Connected for Wire {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        self.about.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // HTTP/2 always waits for the next frame, so listening here alone is enough.
        if !self.is_cut {
            self.is_cut = Pin::new(&mut self.cut).poll(cx).is_ready();
        }
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    /// Frame heads and their bodies then share a TLS record.
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
