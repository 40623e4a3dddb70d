//! An OpenTelemetry collector in the test process: takes OTLP over HTTP and remembers the spans.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A span, with ids in hexadecimal digits. A root's parent is empty.
#[derive(Debug, Clone)]
pub struct Received {
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    pub attributes: HashMap<String, String>,
    /// Trace and id of each span it names.
    pub links: Vec<(String, String)>,
}

impl Received {
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

#[derive(Default)]
struct Memory {
    spans: Vec<Received>,
    resource: HashMap<String, String>,
}

pub struct Collector {
    address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let memory = Arc::new(Mutex::new(Memory::default()));
        let shared = Arc::clone(&memory);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let memory = Arc::clone(&shared);
                tokio::spawn(async move { serve(stream, &memory).await });
            }
        });
        Self { address, memory }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}/v1/traces", self.address)
    }

    pub fn trace(&self, id: &str) -> Vec<Received> {
        let memory = self.memory.lock().expect("no panic");
        memory.spans.iter().filter(|span| span.trace == id).cloned().collect()
    }

    pub fn all(&self) -> Vec<Received> {
        self.memory.lock().expect("no panic").spans.clone()
    }

    pub fn traces(&self) -> HashSet<String> {
        self.memory.lock().expect("no panic").spans.iter().map(|span| span.trace.clone()).collect()
    }

    pub fn resource(&self) -> HashMap<String, String> {
        self.memory.lock().expect("no panic").resource.clone()
    }
}

/// Requests of one connection, one after the other.
async fn serve(stream: TcpStream, memory: &Mutex<Memory>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        remember(&body, memory);
        let answer = ExportTraceServiceResponse::default().encode_to_vec();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(&answer).await.ok()?;
    }
}

fn remember(body: &[u8], memory: &Mutex<Memory>) {
    let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
    let mut memory = memory.lock().expect("no panic");
    for resource in request.resource_spans {
        memory.resource = attributes(resource.resource.map(|resource| resource.attributes).unwrap_or_default());
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            memory.spans.push(Received {
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                name: span.name,
                attributes: attributes(span.attributes),
                links: span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect(),
            });
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attributes(list: Vec<KeyValue>) -> HashMap<String, String> {
    list.into_iter().map(|pair| (pair.key, text(pair.value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        other => format!("{other:?}"),
    }
}
