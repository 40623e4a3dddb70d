//! wrk, and what it says.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use reqwest::header::HeaderMap;

/// What is asked for, by 32 connections at once.
#[derive(Clone)]
pub struct Load {
    url: String,
    token: Option<String>,
}

#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub per_second: f64,
    pub p99_ms: f64,
}

impl Measured {
    /// The run in the middle.
    pub fn median(runs: &mut [Measured]) -> Measured {
        runs.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        runs[runs.len() / 2]
    }
}

impl Load {
    pub fn new(url: String, token: Option<&str>) -> Self {
        Self { url, token: token.map(str::to_owned) }
    }

    pub async fn body(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.answer().await?.1)
    }

    pub async fn answer(&self) -> anyhow::Result<(HeaderMap, Vec<u8>)> {
        let mut request = reqwest::Client::new().get(&self.url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?.error_for_status()?;
        Ok((answer.headers().clone(), answer.bytes().await?.to_vec()))
    }

    /// Fails when anything but a good answer came back.
    pub fn run(&self, how_long: Duration) -> anyhow::Result<Measured> {
        let mut wrk = Command::new("wrk");
        wrk.args(["-t1", "-c32", "--latency", &format!("-d{}s", how_long.as_secs())]);
        if let Some(token) = &self.token {
            wrk.args(["-H", &format!("Authorization: Bearer {token}")]);
        }
        let output = wrk.arg(&self.url).output().context("wrk is not there: apt-get install wrk")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "wrk failed: {text}{}", String::from_utf8_lossy(&output.stderr));
        if let Some(bad) = text.lines().find(|line| line.contains("Non-2xx") || line.contains("Socket errors")) {
            bail!("{}: {}", self.url, bad.trim());
        }
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
            line.map(str::trim).with_context(|| format!("wrk does not tell {name}: {text}"))
        };
        Ok(Measured { per_second: field("Requests/sec:")?.parse()?, p99_ms: milliseconds(field("99%")?)? })
    }
}

/// As wrk writes a time: `713.00us`, `2.31ms`, `1.02s`.
fn milliseconds(text: &str) -> anyhow::Result<f64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[number.len()..] {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1_000.0,
        other => bail!("wrk gives a time in {other:?}"),
    };
    Ok(number.parse::<f64>()? * factor)
}
