//! HTTP/1.1 for callers of this machine: one request and one answer a connection, one caller after the other.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// What a caller asks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
}

/// What it is told; wiped afterwards, as it may hold keys.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl Answer {
    pub(crate) fn text(status: u16, body: &str) -> Self {
        let body = Zeroizing::new(body.as_bytes().to_vec());
        Self { status, content_type: "text/plain; version=0.0.4", body }
    }
}

/// Answers requests.
pub(crate) type Handler = dyn Fn(&Request) -> Answer + Send + Sync;

/// Where callers come in; it does not block.
pub(crate) trait Listener: Send + 'static {
    type Caller: Caller;

    fn next(&self) -> io::Result<Self::Caller>;
}

/// A connected caller.
pub(crate) trait Caller: Read + Write {
    /// From now on reads and writes block, but none for longer than this.
    fn limit(&self, limit: Duration) -> io::Result<()>;
}

impl Listener for TcpListener {
    type Caller = TcpStream;

    fn next(&self) -> io::Result<TcpStream> {
        Ok(self.accept()?.0)
    }
}

impl Caller for TcpStream {
    fn limit(&self, limit: Duration) -> io::Result<()> {
        self.set_nonblocking(false)?;
        self.set_read_timeout(Some(limit))?;
        self.set_write_timeout(Some(limit))
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::{Caller, Duration, Listener, io};

    impl Listener for UnixListener {
        type Caller = UnixStream;

        fn next(&self) -> io::Result<UnixStream> {
            Ok(self.accept()?.0)
        }
    }

    impl Caller for UnixStream {
        fn limit(&self, limit: Duration) -> io::Result<()> {
            self.set_nonblocking(false)?;
            self.set_read_timeout(Some(limit))?;
            self.set_write_timeout(Some(limit))
        }
    }
}

/// Serves until it is dropped.
pub(crate) struct Http {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Http {
    /// Serves who comes to `listener`, which must not block.
    pub(crate) fn start(listener: impl Listener, handler: Box<Handler>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("http".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match listener.next() {
                    Ok(caller) => {
                        // Who does not listen spoils his own answer alone.
                        let _ = answer(caller, &*handler);
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(mut caller: impl Caller, handler: &Handler) -> io::Result<()> {
    caller.limit(PATIENCE)?;
    let request = read_request(&mut caller)?;
    let answer = match &request {
        Ok(request) => handler(request),
        Err(what) => Answer::text(400, &format!("{what}\n")),
    };
    let reason = match answer.status {
        200 => "OK",
        404 => "Not Found",
        503 => "Service Unavailable",
        _ => "Bad Request",
    };
    let head = format!(
        "HTTP/1.1 {} {reason}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.status,
        answer.content_type,
        answer.body.len()
    );
    caller.write_all(head.as_bytes())?;
    caller.write_all(&answer.body)?;
    if request.is_err() {
        // What is left unread when a connection is closed can take the answer with it.
        caller.limit(LEFTOVERS)?;
        std::io::copy(&mut caller.take(LONGEST_BODY as u64), &mut io::sink())?;
    }
    Ok(())
}

/// A whole request, within [`PATIENCE`] in all; or what is wrong with it.
fn read_request(caller: &mut impl Caller) -> io::Result<Result<Request, &'static str>> {
    let until = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut more = |bytes: &mut Vec<u8>| -> io::Result<bool> {
        let mut piece = [0; 4096];
        let left = until.saturating_duration_since(Instant::now());
        caller.limit(left.max(Duration::from_millis(1)))?;
        let len = caller.read(&mut piece)?;
        bytes.extend_from_slice(&piece[..len]);
        Ok(len > 0)
    };
    let head_end = loop {
        // However the head came in pieces.
        let end = bytes.windows(4).position(|end| end == b"\r\n\r\n");
        if let Some(end) = end.filter(|end| end + 4 <= LONGEST_HEAD) {
            break end;
        }
        if end.is_some() || bytes.len() >= LONGEST_HEAD || !more(&mut bytes)? {
            return Ok(Err("expected a request of HTTP/1.1 whose head has at most 8192 bytes"));
        }
    };
    let body = head_end + 4;
    let (mut request, length) = match head(&bytes[..body]) {
        Ok(understood) => understood,
        Err(what) => return Ok(Err(what)),
    };
    while bytes.len() < body + length {
        if !more(&mut bytes)? {
            return Ok(Err("the body is shorter than its Content-Length"));
        }
    }
    bytes.truncate(body + length);
    request.body = bytes.split_off(body);
    Ok(Ok(request))
}

/// Method and target, and the length of the body, of a head with the empty line that ends it.
fn head(bytes: &[u8]) -> Result<(Request, usize), &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the head of the request is no text")?;
    // `httparse` is content with line feeds alone, and skips empty lines in front. Who reads the same bytes otherwise sees
    // other headers than this.
    if text.split("\r\n").any(|line| line.contains('\n')) {
        return Err("expected lines that end with CR LF");
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let understood = parsed.parse(bytes).map_err(|error| match error {
        httparse::Error::Version => "expected HTTP/1.1",
        httparse::Error::HeaderName | httparse::Error::HeaderValue => "expected a header `Name: value`",
        httparse::Error::TooManyHeaders => "expected at most 64 headers",
        _ => NO_REQUEST_LINE,
    })?;
    let (Some(method), Some(target), false) = (parsed.method, parsed.path, text.starts_with('\r')) else {
        return Err(NO_REQUEST_LINE);
    };
    debug_assert_eq!(understood, httparse::Status::Complete(bytes.len()));
    let mut length = None;
    for header in &*parsed.headers {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("expected a body with a Content-Length, not in chunks");
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            // Digits alone: a number of Rust may have a sign.
            let digits = std::str::from_utf8(header.value).ok();
            let digits = digits.filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
            let value = digits.and_then(|value| value.parse().ok()).filter(|value| *value <= LONGEST_BODY);
            let value = value.ok_or("expected a Content-Length of at most 65536 bytes")?;
            if length.replace(value).is_some() {
                return Err("expected one Content-Length");
            }
        }
    }
    let request = Request { method: method.to_owned(), target: target.to_owned(), body: Vec::new() };
    Ok((request, length.unwrap_or(0)))
}

/// The request in `bytes`, which come in pieces of this length.
#[cfg(any(test, fuzzing))]
pub(crate) fn in_pieces(bytes: &[u8], piece: usize) -> Result<Request, &'static str> {
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    impl Write for Pieces<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Caller for Pieces<'_> {
        fn limit(&self, _: Duration) -> io::Result<()> {
            Ok(())
        }
    }

    read_request(&mut Pieces(bytes, piece)).unwrap_or(Err("a slice can always be read"))
}

const PATIENCE: Duration = Duration::from_secs(2);
const LEFTOVERS: Duration = Duration::from_millis(100);
const LONGEST_HEAD: usize = 8192;
const LONGEST_BODY: usize = 65_536;
const MOST_HEADERS: usize = 64;
const NO_REQUEST_LINE: &str = "expected a line `METHOD PATH HTTP/1.1`";

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn ask(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn pieces_do_not_matter() {
        for (length, fits) in [(8192, true), (8193, false), (9000, false)] {
            let mut request = b"GET / HTTP/1.1\r\nA: ".to_vec();
            request.resize(length - 4, b'x');
            request.extend_from_slice(b"\r\n\r\n");
            for piece in [1, 1000, 4090, 4096] {
                assert_eq!(in_pieces(&request, piece).is_ok(), fits, "{length} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn heads_that_others_may_read_otherwise_are_refused() {
        let head = |lines: &str| in_pieces(format!("{lines}\r\n\r\nx").as_bytes(), 4096);
        let many = |count| format!("GET / HTTP/1.1{}", "\r\nA: b".repeat(count));
        for sound in [
            "POST /a?b=c HTTP/1.1\r\nContent-Length:1",
            "POST /a?b=c HTTP/1.0\r\nContent-Length: \t1 \r\nA:",
            "POST /a?b=c HTTP/1.1\r\nA: \u{e4}\r\ncontent-LENGTH: 01",
        ] {
            let request = Request { method: "POST".into(), target: "/a?b=c".into(), body: b"x".to_vec() };
            assert_eq!(head(sound), Ok(request), "{sound}");
        }
        assert!(head(&many(64)).is_ok());
        for (lines, said) in [
            // Which `httparse` accepts.
            ("\r\nGET / HTTP/1.1", "METHOD PATH"),
            ("GET / HTTP/1.1\nA: b", "CR LF"),
            ("GET / HTTP/1.1\r\nA: b\nContent-Length: 1", "CR LF"),
            ("GET / HTTP/1.1\n\nGET / HTTP/1.1", "CR LF"),
            ("GET / HTTP/1.1\r\nContent-Length: +1", "at most 65536"),
            ("GET / HTTP/1.1\r\nContent-Length: ", "at most 65536"),
            ("GET / HTTP/1.1\r\nContent-Length: 1, 1", "at most 65536"),
            ("GET / HTTP/1.1\r\nContent-Length: 65537", "at most 65536"),
            // Which it does not.
            ("", "METHOD PATH"),
            (" / HTTP/1.1", "METHOD PATH"),
            ("GET  / HTTP/1.1", "METHOD PATH"),
            ("GET /\0 HTTP/1.1", "METHOD PATH"),
            ("GET / HTTP/1.1 ", "METHOD PATH"),
            ("GET / HTTP/1.2", "expected HTTP/1.1"),
            ("GET / HTTP/1.1\r\nContent-Length : 1", "Name: value"),
            ("GET / HTTP/1.1\r\n Content-Length: 1", "Name: value"),
            ("GET / HTTP/1.1\r\nA: b\r\n folded: c", "Name: value"),
            ("GET / HTTP/1.1\r\nA: b\rContent-Length: 1", "Name: value"),
            (&many(65), "at most 64 headers"),
        ] {
            let refusal = head(lines).unwrap_err();
            assert!(refusal.contains(said), "{lines:?}: {refusal}");
        }
    }

    #[test]
    fn requests_are_understood_whole_or_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let echo = |request: &Request| {
            Answer::text(
                200,
                &format!(
                    "{} {} {:?}",
                    request.method,
                    request.target,
                    String::from_utf8_lossy(&request.body)
                ),
            )
        };
        let http = Http::start(listener, Box::new(echo)).unwrap();
        let answer = ask(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nGET /healthz \"\""), "{answer}");
        let answer = ask(address, b"POST /a?b HTTP/1.1\r\ncontent-length: 4\r\n\r\n{\"\"}more");
        assert!(answer.ends_with("\r\n\r\nPOST /a?b \"{\\\"\\\"}\""), "{answer}");
        let long = [b"GET / HTTP/1.1\r\nA: ".to_vec(), vec![b'x'; 20_000]].concat();
        for (request, said) in [
            (&b"GET /\r\n\r\n"[..], "METHOD PATH"),
            (b"GET / FTP/3\r\n\r\n", "HTTP/1.1"),
            (b"GET / HTTP/1.1\r\nno header\r\n\r\n", "Name: value"),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "Content-Length"),
            (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "at most 65536"),
            (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "one Content-Length"),
            (b"GET /\xff HTTP/1.1\r\n\r\n", "no text"),
            (&long, "at most 8192"),
        ] {
            let answer = ask(address, request);
            assert!(answer.starts_with("HTTP/1.1 400 Bad Request"), "{answer}");
            assert!(answer.contains(said), "{said}: {answer}");
        }
        drop(http);
    }
}
