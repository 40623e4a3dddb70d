//! A line to a server that a test can stall or cut. While it is stalled nothing passes, and nothing is lost: neither end
//! learns of it. While it is cut there is nobody.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Stalled,
    Cut,
}

/// The line ends when this value is dropped.
pub struct Line {
    address: SocketAddr,
    state: watch::Sender<State>,
    server: Arc<Mutex<String>>,
    serving: JoinHandle<()>,
}

impl Line {
    /// To a Redis at `redis://host:port/0`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn to_redis(url: &str) -> Self {
        Self::to(url.trim_start_matches("redis://").trim_end_matches("/0")).await
    }

    /// To a server at `host:port`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn to(server: &str) -> Self {
        let server = Arc::new(Mutex::new(server.to_owned()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = watch::Sender::new(State::Open);
        let (told, to) = (state.subscribe(), Arc::clone(&server));
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = to.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let told = told.clone();
                tokio::spawn(async move {
                    if *told.borrow() == State::Cut {
                        return;
                    }
                    let Ok(server) = TcpStream::connect(&server).await else { return };
                    let mut cut = told.clone();
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    tokio::select! {
                        () = pump(from_client, to_server, told.clone()) => {}
                        () = pump(from_server, to_client, told) => {}
                        _ = cut.wait_for(|state| *state == State::Cut) => {}
                    }
                });
            }
        });
        Self { address, state, server, serving }
    }

    /// Where it begins.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address at which clients reach the server over this line.
    #[must_use]
    pub fn redis_url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    /// New connections lead to another server at `host:port`.
    pub fn lead_to(&self, server: &str) {
        server.clone_into(&mut self.server.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Stops and continues it.
    pub fn stall(&self, stalled: bool) {
        self.state.send_replace(if stalled { State::Stalled } else { State::Open });
    }

    /// Ends all connections and takes no other; or takes them again.
    pub fn cut(&self, cut: bool) {
        self.state.send_replace(if cut { State::Cut } else { State::Open });
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut state: watch::Receiver<State>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if state.wait_for(|state| *state != State::Stalled).await.is_err()
            || to.write_all(&buffer[..count]).await.is_err()
        {
            return;
        }
    }
}
