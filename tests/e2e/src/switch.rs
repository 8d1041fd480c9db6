//! The address of a database server that others may take the place of, as a file: what an
//! operator moves at a failover.

use std::{
    future::pending,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
};

/// A socket file that leads to another one. It ends when it is dropped.
#[derive(Debug)]
pub struct Switch {
    target: Arc<Mutex<PathBuf>>,
    silenced: watch::Sender<()>,
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
            silenced: watch::Sender::default(),
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
        let silenced = self.silenced.clone();
        self.running.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let target = target
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                let mut silenced = silenced.subscribe();
                open.spawn(async move {
                    let Ok(mut server) = UnixStream::connect(target).await else {
                        return;
                    };
                    tokio::select! {
                        // Either side may go at any time; that is the other one's to notice.
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        // Both stay open, and nothing passes any more.
                        _ = silenced.changed() => pending().await,
                    }
                });
                while open.try_join_next().is_some() {}
            }
        });
        Ok(())
    }

    /// Leads somewhere else from now on. What was open stays open and is silent, as when a
    /// machine loses its power.
    pub fn turn_silently_to(&mut self, target: PathBuf) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
        self.silenced.send_replace(());
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
