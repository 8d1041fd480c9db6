//! What stands in front of replicas or servers: hands each new connection to the next one that
//! answers, and knows nothing of what is said on it.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, copy_bidirectional},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    task::JoinSet,
};

/// A running balancer of TCP connections. It ends when this is dropped.
#[derive(Debug)]
pub struct Balancer {
    /// Its own address, without a scheme.
    pub address: String,
    targets: Arc<Mutex<Targets>>,
    _running: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Targets {
    addresses: Vec<String>,
    next: usize,
}

impl Balancer {
    /// One without any target yet.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let targets = Arc::<Mutex<Targets>>::default();
        let mut running = JoinSet::new();
        running.spawn(balance(listener, targets.clone()));
        Ok(Self {
            address,
            targets,
            _running: running,
        })
    }

    /// Where connections go from now on, in turns.
    pub fn send_to(&self, addresses: Vec<String>) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.addresses = addresses;
    }
}

async fn balance(listener: TcpListener, targets: Arc<Mutex<Targets>>) {
    let mut open = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let turns = {
            let mut targets = targets.lock().unwrap_or_else(PoisonError::into_inner);
            targets.next = targets.next.wrapping_add(1);
            let mut turns = targets.addresses.clone();
            if !turns.is_empty() {
                let first = targets.next % turns.len();
                turns.rotate_left(first);
            }
            turns
        };
        open.spawn(async move {
            for target in turns {
                if let Ok(server) = TcpStream::connect(target).await {
                    return join(client, server).await;
                }
            }
        });
        while open.try_join_next().is_some() {}
    }
}

async fn join(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    mut server: impl AsyncRead + AsyncWrite + Unpin,
) {
    // Either side may go at any time; that is the other one's to notice.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// The address of a database server that others may take the place of, as a file: what an
/// operator moves at a failover.
#[derive(Debug)]
pub struct Switch {
    target: Arc<Mutex<PathBuf>>,
    running: JoinSet<()>,
    socket: PathBuf,
}

impl Switch {
    /// A socket file that leads to another one.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub fn start(socket: PathBuf, target: PathBuf) -> io::Result<Self> {
        let mut switch = Self {
            target: Arc::new(Mutex::new(target)),
            running: JoinSet::new(),
            socket,
        };
        switch.listen()?;
        Ok(switch)
    }

    fn listen(&mut self) -> io::Result<()> {
        let _ = std::fs::remove_file(&self.socket);
        let listener = UnixListener::bind(&self.socket)?;
        let target = self.target.clone();
        self.running.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let target = target
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                open.spawn(async move {
                    if let Ok(server) = UnixStream::connect(target).await {
                        join(client, server).await;
                    }
                });
                while open.try_join_next().is_some() {}
            }
        });
        Ok(())
    }

    /// Leads somewhere else from now on; what was open is cut.
    ///
    /// # Errors
    /// When it cannot listen any more.
    pub fn turn_to(&mut self, target: PathBuf) -> io::Result<()> {
        self.running = JoinSet::new();
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
        self.listen()
    }
}
