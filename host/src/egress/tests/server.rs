//! A server on loopback that counts the connections it accepts and does as a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Listens until dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepted: Arc<Mutex<Vec<SocketAddr>>>,
    listening: JoinHandle<()>,
}

impl Server {
    /// Hands every connection to `serve`, each in a task of its own.
    pub(crate) async fn start<F, R>(serve: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::<Mutex<Vec<_>>>::default();
        let peers = Arc::clone(&accepted);
        let listening = tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                peers.lock().unwrap().push(peer);
                tokio::spawn(serve(stream));
            }
        });
        Self {
            address,
            accepted,
            listening,
        }
    }

    /// Answers every request with `reply(head, body)`, connections kept open.
    pub(crate) async fn answering<F>(reply: F) -> Self
    where
        F: Fn(&str, &[u8]) -> String + Clone + Send + Sync + 'static,
    {
        Self::start(move |mut stream| {
            let reply = reply.clone();
            async move {
                while let Some((head, body)) = read_request(&mut stream).await {
                    if stream
                        .write_all(reply(&head, &body).as_bytes())
                        .await
                        .is_err()
                    {
                        return;
                    }
                }
            }
        })
        .await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections came before this call. The queue of a listening socket is in order: once
    /// a connection of our own has been accepted, so have all that came earlier.
    pub(crate) async fn connects(&self) -> usize {
        let own = TcpStream::connect(self.address)
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        loop {
            if let Some(before) = self
                .accepted
                .lock()
                .unwrap()
                .iter()
                .position(|peer| *peer == own)
            {
                return before;
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// A reply with a body and its length.
pub(crate) fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads one request; none at the end of the connection.
pub(crate) async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = header(&head, "content-length").map_or(0, |value| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

/// The value of a header in a request's head.
pub(crate) fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// Reads until the other side has gone.
pub(crate) async fn until_closed<S: AsyncRead + Unpin>(stream: &mut S) {
    let mut sink = [0; 1024];
    while matches!(stream.read(&mut sink).await, Ok(read) if read > 0) {}
}

/// Writes the same bytes until the other side has gone.
pub(crate) async fn write_for_ever<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) {
    while stream.write_all(bytes).await.is_ok() {}
}

/// A certificate for `localhost` and its key, signed by itself.
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    pub(crate) fn of(name: &str) -> Self {
        Self::with(rcgen::CertificateParams::new([name.to_owned()]).unwrap())
    }

    pub(crate) fn with(params: rcgen::CertificateParams) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }

    pub(crate) fn acceptor(&self, protocols: &[&str]) -> tokio_rustls::TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![self.certificate.clone()],
                PrivatePkcs8KeyDer::from(self.key.clone()).into(),
            )
            .unwrap();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        tokio_rustls::TlsAcceptor::from(Arc::new(config))
    }
}
