//! Three pages on the loopback interface: `/healthz`, `/readyz`, `/metrics`. HTTP/1.1, GET, one answer a connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// An answer: status and body.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// What a path shows; `None` for a path that does not exist.
pub(crate) type Pages = dyn Fn(&str) -> Option<Page> + Send + Sync;

/// Serves until it is dropped.
pub(crate) struct Http {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    address: SocketAddr,
}

impl Http {
    pub(crate) fn start(address: SocketAddr, pages: Box<Pages>) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("http".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match listener.accept() {
                    // One caller after the other: this is for a scraper and a supervisor of the same machine.
                    Ok((stream, _)) => {
                        let _ = answer(stream, &*pages);
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        })?;
        Ok(Self { stop, thread: Some(thread), address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
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

fn answer(mut stream: TcpStream, pages: &Pages) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = read_head(&mut stream)?;
    let page = match request_path(&request) {
        Some(path) => pages(path)
            .unwrap_or_else(|| Page { status: 404, body: "/healthz, /readyz, /metrics\n".to_owned() }),
        None => Page { status: 400, body: "a GET of HTTP/1.1, at most 4096 bytes\n".to_owned() },
    };
    let reason = match page.status {
        200 => "OK",
        404 => "Not Found",
        503 => "Service Unavailable",
        _ => "Bad Request",
    };
    let head = format!(
        "HTTP/1.1 {} {reason}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        page.status,
        page.body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(page.body.as_bytes())
}

/// The request up to its empty line, at most 4096 bytes, within [`PATIENCE`] in all.
fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let until = Instant::now() + PATIENCE;
    let mut request = Vec::new();
    let mut piece = [0; 512];
    while request.len() < 4096 && !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = until.saturating_duration_since(Instant::now());
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match stream.read(&mut piece)? {
            0 => break,
            n => request.extend_from_slice(&piece[..n]),
        }
    }
    Ok(request)
}

fn request_path(request: &[u8]) -> Option<&str> {
    let line = request.split(|&byte| byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, path, version) = (words.next()?, words.next()?, words.next()?);
    (method == "GET" && version.starts_with("HTTP/1.")).then_some(path)
}

const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn get(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn pages_and_refusals() {
        let pages =
            |path: &str| (path == "/healthz").then(|| Page { status: 200, body: "alive\n".to_owned() });
        let http = Http::start("127.0.0.1:0".parse().unwrap(), Box::new(pages)).unwrap();
        let answer = get(http.address(), b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nalive\n"), "{answer}");
        assert!(get(http.address(), b"GET /keys HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
        assert!(get(http.address(), b"POST /healthz HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400"));
        assert!(get(http.address(), &[0xff; 4096]).starts_with("HTTP/1.1 400"));
    }
}
