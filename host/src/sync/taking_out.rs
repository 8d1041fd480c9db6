//! One turn of one worker at a calendar that its user has left: our events go, one after the
//! other, and the connection with the last of them.

use super::{
    delivery::Delivery,
    lanes::Lane,
    leaving::Leavings,
    ledger::{Note, Rest},
    outcome::of_failure,
    worker::{Health, Next, TurnError, Worker},
};
use crate::vault::{Binding, Connection};
use std::time::Instant;

/// After a turn.
pub(super) enum Taken {
    /// There is more to do, or it has to wait.
    Some(Health, Rest),
    /// Nothing is left, and the connection has ended.
    All,
}

impl Worker {
    /// The connection of a lane, where its user has left it.
    pub(super) async fn left(&self, lane: &Lane) -> Result<Option<Connection>, TurnError> {
        let connection = self
            .vault
            .connection_or_leaving(&lane.subject, &lane.provider)
            .await?;
        Ok(connection.filter(|connection| connection.leaving_at.is_some()))
    }

    pub(super) async fn take_out(
        &self,
        lane: &Lane,
        connection: &Connection,
        due: Vec<Delivery>,
    ) -> Result<Taken, TurnError> {
        let begun = Instant::now();
        let (mut health, mut rest) = (Health::Unknown, Rest::default());
        for due in due {
            if self.is_late(begun) {
                break;
            }
            let Some(delivery) = self.lanes.still_due(&due).await? else {
                continue;
            };
            // Who has connected again meanwhile keeps the rest.
            let now = self.left(lane).await?;
            if now.is_none_or(|now| now.leaving_at != connection.leaving_at) {
                break;
            }
            match self.take_out_one(lane, delivery, connection).await? {
                Next::Goes(seen) => health = seen,
                Next::Ends(seen, until) => {
                    (health, rest) = (seen, until);
                    break;
                }
            }
        }
        let Some(connection) = self.left(lane).await? else {
            return Ok(Taken::Some(health, rest));
        };
        let now = self.vault.database().now().await?;
        let progress = self.deliveries.progress(&lane.subject, &lane.provider);
        if progress.await?.waiting > 0 && !Leavings::is_over(&connection, now) {
            return Ok(Taken::Some(health, rest));
        }
        self.leavings.end(&connection).await?;
        Ok(Taken::All)
    }

    async fn take_out_one(
        &self,
        lane: &Lane,
        delivery: Delivery,
        connection: &Connection,
    ) -> Result<Next, TurnError> {
        let Some(remote) = delivery.remote_event() else {
            // It may have been on its way at a crash: the plugin looks for it.
            return self.deliver(lane, delivery, connection).await;
        };
        let binding = Binding::to(self.vault.clone(), connection.slot());
        match self.plugin.remove_event(binding, remote).await {
            Ok(()) => {
                self.note(lane, Note::Done(Box::new(delivery))).await?;
                Ok(Next::Goes(Health::Up))
            }
            Err(error) => {
                let outcome = of_failure(&delivery, lane.strikes, &error);
                self.fail(lane, connection, delivery, outcome).await
            }
        }
    }
}
