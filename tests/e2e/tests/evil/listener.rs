//! A real socket of loopback that counts who connects and keeps what is sent.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The socket, until it is dropped.
pub(crate) struct Listener {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connects: usize,
    sent: Vec<u8>,
}

/// What the barrier of [`Listener::connects`] sends.
const BARRIER: &[u8] = b"BARRIER\n";

impl Listener {
    /// Answers every request with 200 and the word `welcome`.
    pub(crate) fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let seen = Arc::<Mutex<Seen>>::default();
        let noted = seen.clone();
        thread::spawn(move || {
            for stream in socket.incoming() {
                let Ok(stream) = stream else { return };
                noted.lock().unwrap().connects += 1;
                let noted = noted.clone();
                thread::spawn(move || serve(stream, &noted));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many have connected. Connects itself first: who came before has been counted then.
    pub(crate) fn connects(&self) -> usize {
        let mut own = TcpStream::connect(self.address).unwrap();
        own.write_all(BARRIER).unwrap();
        let mut answer = Vec::new();
        own.read_to_end(&mut answer).unwrap();
        let mut seen = self.seen.lock().unwrap();
        seen.connects -= 1;
        seen.connects
    }

    /// Everything that was sent here.
    pub(crate) fn sent(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap().sent).into_owned()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Seen>) {
    let mut answers = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    let mut body = 0;
    loop {
        let mut line = Vec::new();
        match reader.read_until(b'\n', &mut line) {
            Ok(1..) if line == BARRIER => return,
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
        let text = String::from_utf8_lossy(&line).to_ascii_lowercase();
        if let Some(length) = text.strip_prefix("content-length:") {
            body = length.trim().parse().unwrap_or(0);
        }
        seen.lock().unwrap().sent.extend_from_slice(&line);
        if line == b"\r\n" {
            let mut content = vec![0; body];
            if reader.read_exact(&mut content).is_err() {
                return;
            }
            seen.lock().unwrap().sent.extend_from_slice(&content);
            body = 0;
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nwelcome";
            if answers.write_all(reply).is_err() {
                return;
            }
        }
    }
}
