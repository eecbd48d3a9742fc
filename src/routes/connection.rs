//! A client's connection as the server reads and writes it.
//!
//! The server looks at it whenever it is woken; so that is where a connection that has had its time
//! fails, where one that is not needed any more ends, and where one that became a stream is given away.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::client::Client;

/// An accepted connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// `None` after it was given away.
    stream: Option<TcpStream>,
    client: Arc<Client>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, client: Arc<Client>) -> Self {
        // Or the end of a long answer, and an event after another, would wait until the client acknowledges
        // what came before, which some put off for 40 ms. A client that went away in this moment needs neither.
        let _ = stream.set_nodelay(true);
        Self { stream: Some(stream), client }
    }

    /// What is known of its client, for those who answer it.
    pub(crate) fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client)
    }

    /// The stream, where it may still be used.
    fn stream(&mut self, context: &Context<'_>) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        self.client.check(context).inspect_err(|_| close_hard(stream))?;
        Ok(Pin::new(stream))
    }
}

/// What was not sent is given up when it closes, so that the kernel keeps nothing.
pub(super) fn close_hard(stream: &TcpStream) {
    // A client that went away in this moment has closed it.
    let _ = sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.stream(context)?.poll_read(context, buffer);
        if read.is_pending() && self.client.is_dismissed() {
            return Poll::Ready(Ok(()));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream(context)?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream(context)?.poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Comes after all was written that there was to write.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream(context)?.poll_flush(context))?;
        let Some(successor) = self.client.successor() else { return Poll::Ready(Ok(())) };
        if let Some(stream) = self.stream.take() {
            successor(stream);
        }
        // With this the server is through with it.
        Poll::Ready(Err(ErrorKind::NotConnected.into()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream(context)?.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::rt::{System, net::TcpListener};

    use super::*;
    use crate::routes::Clients;

    #[test]
    #[cfg_attr(miri, ignore = "needs an event loop")]
    fn what_is_written_is_sent_at_once() {
        System::new().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = Clients::new(1).welcome(stream);
            let context = Context::from_waker(std::task::Waker::noop());
            assert!(connection.stream(&context).unwrap().nodelay().unwrap());
        });
    }
}
