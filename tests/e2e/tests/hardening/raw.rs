//! A client of one connection that says what it likes, byte by byte.

use calport_e2e::World;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// How long a host may take to end what it must end. Generous: it only passes when something
/// is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// One connection.
pub(crate) struct Raw {
    pub(crate) reading: OwnedReadHalf,
    pub(crate) writing: OwnedWriteHalf,
}

impl Raw {
    pub(crate) async fn connect(world: &World) -> Self {
        let address = world.url.strip_prefix("http://").unwrap();
        let socket = TcpStream::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let (reading, writing) = socket.into_split();
        Self { reading, writing }
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.writing.write_all(text.as_bytes()).await.unwrap();
    }

    /// Says one byte after the other, this far apart, until the host wants no more of it or
    /// all is said; how many it took.
    pub(crate) async fn trickle(&mut self, text: &str, apart: Duration) -> usize {
        let mut bytes = [0; 1];
        for (at, byte) in text.bytes().enumerate() {
            if self.writing.write_all(&[byte]).await.is_err() {
                return at;
            }
            // It is closed when its end has come, or what is said is answered by a reset.
            let closed = tokio::time::timeout(apart, self.reading.peek(&mut bytes)).await;
            if closed.is_ok() {
                return at + 1;
            }
        }
        text.len()
    }

    /// All that comes until the host closes.
    pub(crate) async fn rest(&mut self) -> Reply {
        tokio::time::timeout(PATIENCE, read_to_end(&mut self.reading))
            .await
            .expect("it is never closed")
    }
}

async fn read_to_end(reading: &mut OwnedReadHalf) -> Reply {
    let mut all = Vec::new();
    // Who is still speaking may be answered with a reset after the reply.
    match reading.read_to_end(&mut all).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    Reply(String::from_utf8(all).unwrap())
}

/// What came on a connection.
#[derive(Debug)]
pub(crate) struct Reply(pub(crate) String);

impl Reply {
    /// The status of the first reply; 0 where there is none.
    pub(crate) fn status(&self) -> u16 {
        let status = self.0.split(' ').nth(1);
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }
}

/// What is left to say of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Its length was told, and nothing of it comes.
    Withheld,
    /// Its length was told.
    Declared,
    /// It comes in chunks.
    Chunked,
}

/// Sends a head and then so many bytes, as fast as they are taken: the reply, and how many
/// bytes were taken.
pub(crate) async fn upload(world: &World, head: &str, body: Body, length: usize) -> (Reply, usize) {
    const PIECE: usize = 64 * 1024;
    let Raw {
        mut reading,
        mut writing,
    } = Raw::connect(world).await;
    let framing = match body {
        Body::Withheld | Body::Declared => format!("content-length: {length}"),
        Body::Chunked => "transfer-encoding: chunked".to_owned(),
    };
    let head = format!("{head}\r\n{framing}\r\n\r\n");
    writing.write_all(head.as_bytes()).await.unwrap();
    let sending = tokio::spawn(async move {
        let mut sent = 0;
        let piece = match body {
            Body::Withheld => return (writing, sent),
            Body::Declared => vec![b' '; PIECE],
            Body::Chunked => {
                let mut chunk = format!("{PIECE:x}\r\n").into_bytes();
                chunk.resize(chunk.len() + PIECE, b' ');
                chunk.extend(b"\r\n");
                chunk
            }
        };
        while sent < length && writing.write_all(&piece).await.is_ok() {
            sent += PIECE;
        }
        (writing, sent)
    });
    let reply = tokio::time::timeout(PATIENCE, read_to_end(&mut reading))
        .await
        .expect("it is never closed");
    // Whoever still has something to say hears that nobody listens.
    drop(reading);
    let sent = tokio::time::timeout(PATIENCE, sending).await;
    let (_writing, sent) = sent.expect("it is still being read").unwrap();
    (reply, sent)
}
