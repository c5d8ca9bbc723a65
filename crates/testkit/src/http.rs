//! The smallest client that can talk with a server under test: HTTP 1.0, one connection for each request.
//!
//! Start at [`Client`]. It sends what it is told to, also what no decent client would send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Nothing under test answers more slowly.
const PATIENCE: Duration = Duration::from_secs(60);
const BOUNDARY: &str = "postern-test-boundary";

/// Sends requests to one address, each with the same headers.
#[derive(Clone, Debug)]
pub struct Client {
    /// Host and port.
    pub address: String,
    pub headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    /// * `url`: `http://host:port`
    pub fn new(url: &str) -> Self {
        Self {
            address: url.trim_start_matches("http://").to_owned(),
            headers: Vec::new(),
        }
    }

    /// The same with one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, body)
    }

    pub fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, Some(("application/json", body.to_string().as_bytes())))
    }

    pub fn send(&self, method: &str, path: &str, body: Option<(&str, &[u8])>) -> Answer {
        let (media_type, bytes) = body.unwrap_or_default();
        let mut stream = self.begin(method, path, media_type, bytes.len());
        // A server that has answered already need not have read everything.
        let _sent = stream.write_all(bytes);
        answer(stream)
    }

    /// Sends the head of a request, and leaves the body to the caller.
    pub fn begin(&self, method: &str, path: &str, media_type: &str, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut head = format!("{method} {path} HTTP/1.0\r\n");
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("host: {}\r\n", self.address);
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !media_type.is_empty() {
            head += &format!("content-type: {media_type}\r\ncontent-length: {length}\r\n");
        }
        head += "\r\n";
        stream.write_all(head.as_bytes()).expect("the server reads");
        stream
    }
}

/// Reads an answer to its end.
pub fn answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A server may close before it has read all that was sent; what it said is there all the same.
    let _read = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(&bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    Answer {
        status: status.expect("a status line"),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of an answer with this status.
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        match self.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&self.body).unwrap_or_else(|_| Value::String(self.text())),
        }
    }
}

/// A form with files: its media type and its bytes.
pub fn form(fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    for (name, bytes) in files {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
