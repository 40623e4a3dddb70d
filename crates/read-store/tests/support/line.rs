//! A line to Redis that can be stalled: while it is, nothing passes; nothing is lost.

use std::net::SocketAddr;

use deadpool_redis::redis::{Client, ConnectionAddr, IntoConnectionInfo};
use read_store::Settings;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    Nothing,
    /// What Redis publishes does not arrive; commands do.
    Listening,
    Everything,
}

pub struct Line {
    address: SocketAddr,
    stall: watch::Sender<Stall>,
    serving: JoinHandle<()>,
}

impl Line {
    pub async fn to(redis: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stall = watch::Sender::new(Stall::Nothing);
        let (redis, told) = (redis.to_owned(), stall.subscribe());
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, redis.clone(), told.clone()));
            }
        });
        Self { address, stall, serving }
    }

    /// The same Redis and prefix, over this line.
    pub fn settings(&self, direct: &Settings) -> Settings {
        Settings { url: format!("redis://{}", self.address), ..direct.clone() }
    }

    pub fn stall(&self, what: Stall) {
        self.stall.send_replace(what);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn carry(client: TcpStream, redis: String, stall: watch::Receiver<Stall>) {
    let info = redis.into_connection_info().expect("a good address");
    drop(Client::open(info.clone()));
    match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let server = TcpStream::connect((host.as_str(), *port)).await.expect("Redis runs");
            let (from, to) = server.into_split();
            both_ways(client, from, to, stall).await;
        }
        ConnectionAddr::Unix(path) => {
            let (from, to) = UnixStream::connect(path).await.expect("Redis runs").into_split();
            both_ways(client, from, to, stall).await;
        }
        _ => panic!("tests use neither TLS nor anything else"),
    }
}

async fn both_ways(
    client: TcpStream,
    from_server: impl AsyncRead + Unpin,
    to_server: impl AsyncWrite + Unpin,
    stall: watch::Receiver<Stall>,
) {
    let (from_client, to_client) = client.into_split();
    let listening = watch::Sender::new(false);
    let up = pump(from_client, to_server, stall.clone(), |bytes| {
        if bytes.windows(9).any(|word| word.eq_ignore_ascii_case(b"subscribe")) {
            listening.send_replace(true);
        }
        false
    });
    let down = pump(from_server, to_client, stall, |_| *listening.borrow());
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// `look` sees what passes and says whether the connection only listens.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut stall: watch::Receiver<Stall>,
    look: impl Fn(&[u8]) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let listens = look(&buffer[..count]);
        let passes = stall.wait_for(|stall| match stall {
            Stall::Nothing => true,
            Stall::Listening => !listens,
            Stall::Everything => false,
        });
        if passes.await.is_err() || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
