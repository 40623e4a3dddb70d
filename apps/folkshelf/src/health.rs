//! `folkshelf health`: asks the host of this configuration whether it is ready. An image without a shell has nothing else
//! to ask with.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

/// A host that is well answers within a second.
const PATIENCE: Duration = Duration::from_secs(3);

/// Fails unless the host that listens there is ready.
pub fn ask(listen: SocketAddr) -> anyhow::Result<()> {
    let address = reached_at(listen);
    let status = status_at(address).with_context(|| format!("no host answers at {address}"))?;
    if status != "200" {
        bail!("the host at {address} is not ready: {status}");
    }
    Ok(())
}

fn status_at(address: SocketAddr) -> std::io::Result<String> {
    let mut line = TcpStream::connect_timeout(&address, PATIENCE)?;
    line.set_read_timeout(Some(PATIENCE))?;
    line.set_write_timeout(Some(PATIENCE))?;
    line.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; "HTTP/1.1 200".len()];
    line.read_exact(&mut head)?;
    Ok(String::from_utf8_lossy(&head["HTTP/1.1 ".len()..]).into_owned())
}

/// A host that listens at all addresses is asked at the loopback address.
fn reached_at(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Answers one request with this head, and says where.
    fn host_that_answers(head: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            let (mut line, _) = listener.accept().expect("a client");
            let mut request = [0; 1024];
            let read = line.read(&mut request).expect("a request");
            assert!(request[..read].starts_with(b"GET /health/ready HTTP/1.1\r\n"));
            line.write_all(head.as_bytes()).expect("it is read");
        });
        address
    }

    #[test]
    fn a_host_is_well_when_it_says_that_it_is_ready() {
        ask(host_that_answers("HTTP/1.1 200 OK\r\n\r\n")).expect("it is ready");
        let unready = ask(host_that_answers("HTTP/1.1 503 Service Unavailable\r\n\r\n")).expect_err("it is not");
        assert!(unready.to_string().ends_with("is not ready: 503"), "{unready}");
        ask(host_that_answers("HTTP")).expect_err("that is no answer");
    }

    #[test]
    fn a_host_that_does_not_run_is_not_well() {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("an address");
        ask(free).expect_err("nobody is there");
    }

    #[test]
    fn a_host_that_listens_everywhere_is_asked_on_this_machine() {
        for (listen, reached) in
            [("0.0.0.0:3000", "127.0.0.1:3000"), ("[::]:3000", "[::1]:3000"), ("10.0.0.7:80", "10.0.0.7:80")]
        {
            assert_eq!(reached_at(listen.parse().expect("an address")), reached.parse().expect("an address"));
        }
    }
}
