//! A line to a server that a test can stall: while it is, nothing passes; nothing is lost.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Ends with whoever holds it.
pub struct Line {
    address: SocketAddr,
    stalled: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Line {
    /// To a Redis at `redis://host:port/0`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn to_redis(url: &str) -> Self {
        let server = url.trim_start_matches("redis://").trim_end_matches("/0").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stalled = watch::Sender::new(false);
        let told = stalled.subscribe();
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, told) = (server.clone(), told.clone());
                tokio::spawn(async move {
                    let server = TcpStream::connect(&server).await.expect("the server runs");
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    tokio::select! {
                        () = pump(from_client, to_server, told.clone()) => {}
                        () = pump(from_server, to_client, told) => {}
                    }
                });
            }
        });
        Self { address, stalled, serving }
    }

    /// What to give to whoever shall use this line.
    #[must_use]
    pub fn redis_url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    /// Stops and continues it.
    pub fn stall(&self, stalled: bool) {
        self.stalled.send_replace(stalled);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut stalled: watch::Receiver<bool>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if stalled.wait_for(|stalled| !stalled).await.is_err() || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
