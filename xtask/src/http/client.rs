//! A client that costs little beside the server it measures: HTTP 1.1, one connection that stays open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Nothing measured answers more slowly.
const PATIENCE: Duration = Duration::from_secs(60);
/// What browsers take on a connection without TLS.
const BROWSER_ENCODINGS: &str = "gzip, deflate";

/// One connection to one server.
pub struct Client {
    address: String,
    token: String,
    stream: BufReader<TcpStream>,
    /// The body of the last answer.
    body: Vec<u8>,
}

impl Client {
    /// * `address`: host and port.
    pub fn connect(address: &str, token: &str) -> Result<Self> {
        Ok(Self {
            address: address.to_owned(),
            token: token.to_owned(),
            stream: BufReader::new(connect(address)?),
            body: Vec::new(),
        })
    }

    /// Asks as browsers do, and gives the status. The body is read and not unpacked.
    pub fn get(&mut self, path: &str) -> Result<u16> {
        self.request("GET", path, BROWSER_ENCODINGS)
    }

    /// Asks for JSON that can be read here.
    pub fn json(&mut self, path: &str) -> Result<Value> {
        let status = self.request("GET", path, "identity")?;
        if status != 200 {
            bail!("GET {path}: {status} {}", String::from_utf8_lossy(&self.body));
        }
        serde_json::from_slice(&self.body).with_context(|| format!("GET {path} gave no JSON"))
    }

    pub fn delete(&mut self, path: &str) -> Result<u16> {
        self.request("DELETE", path, "identity")
    }

    /// Posts nothing, and gives the JSON of the answer.
    pub fn post(&mut self, path: &str) -> Result<Value> {
        let status = self.request("POST", path, "identity")?;
        if !(200..300).contains(&status) {
            bail!("POST {path}: {status} {}", String::from_utf8_lossy(&self.body));
        }
        serde_json::from_slice(&self.body).with_context(|| format!("POST {path} gave no JSON"))
    }

    fn request(&mut self, method: &str, path: &str, encodings: &str) -> Result<u16> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\naccept-encoding: {encodings}\r\n\
             content-length: 0\r\n\r\n",
            self.address, self.token
        );
        self.stream
            .get_mut()
            .write_all(head.as_bytes())
            .with_context(|| format!("cannot ask {path}"))?;
        read_answer(&mut self.stream, &mut self.body).with_context(|| format!("no answer from {path}"))
    }
}

/// A connection whose other end has to answer in time.
pub fn connect(address: &str) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).with_context(|| format!("cannot reach {address}"))?;
    stream.set_nodelay(true).context("cannot set up the connection")?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .context("cannot set up the connection")?;
    Ok(stream)
}

/// Reads one answer: its status, and its body into `body`.
pub fn read_answer(stream: &mut impl BufRead, body: &mut Vec<u8>) -> Result<u16> {
    let first = read_line(stream)?;
    let status = first.split(' ').nth(1).and_then(|it| it.parse().ok());
    let status = status.with_context(|| format!("no status line: {first:?}"))?;
    let (mut length, mut is_chunked) = (0, false);
    loop {
        let line = read_line(stream)?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some(("content-length", value)) => length = value.parse().context("a length that is no number")?,
            Some(("transfer-encoding", "chunked")) => is_chunked = true,
            _ => {}
        }
    }
    body.clear();
    if !is_chunked {
        body.resize(length, 0);
        stream.read_exact(body).context("the body ends early")?;
        return Ok(status);
    }
    loop {
        let length = usize::from_str_radix(&read_line(stream)?, 16).context("a chunk without a length")?;
        let begin = body.len();
        body.resize(begin + length, 0);
        stream.read_exact(&mut body[begin..]).context("the body ends early")?;
        read_line(stream)?;
        if length == 0 {
            return Ok(status);
        }
    }
}

fn read_line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    if stream.take(64 << 10).read_line(&mut line).context("cannot read")? == 0 {
        bail!("the connection was closed");
    }
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_ends_with_its_length_or_with_its_last_chunk_and_the_next_answer_follows() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n\
                    HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone";
        let (mut stream, mut body) = (text.as_bytes(), Vec::new());
        assert_eq!(read_answer(&mut stream, &mut body).unwrap(), 200);
        assert_eq!(body, b"abcde");
        assert_eq!(read_answer(&mut stream, &mut body).unwrap(), 404);
        assert_eq!(body, b"gone");
        assert!(read_answer(&mut stream, &mut body).is_err());
    }
}
