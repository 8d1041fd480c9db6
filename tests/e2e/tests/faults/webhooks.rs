//! What the platform was told meanwhile, held against what stands in the end.

use calport_e2e::{Received, Receiver, Rest, WEBHOOK_SECRETS};
use fastrand::Rng;
use reqwest::Method;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// What a webhook is about: those about one thing come in order.
type Subject = (Option<String>, String, String);

/// The platform's end of the webhooks. It outlives every process of the host.
pub(crate) struct Told {
    receiver: Receiver,
}

impl Told {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let receiver = Receiver::start(WEBHOOK_SECRETS[0]).await?;
        Ok(Self { receiver })
    }

    /// What makes the host tell it.
    pub(crate) fn environment(&self) -> [(String, String); 2] {
        [
            (
                "CALPORT_WEBHOOK_URL".to_owned(),
                self.receiver.url.to_string(),
            ),
            (
                "CALPORT_WEBHOOK_SECRET".to_owned(),
                WEBHOOK_SECRETS.join(","),
            ),
        ]
    }

    /// Lets the next few of them fail, or none; never the same one twice: each time it would
    /// wait twice as long, and the end with it.
    pub(crate) fn strike(&self, rng: &mut Rng) {
        let count = rng.usize(..6).saturating_sub(2);
        self.receiver.refuse_at_first(count);
    }

    /// Waits until the host has nothing left to tell.
    pub(crate) async fn settle(&self, rest: &Rest, deadline: Instant) -> Result<(), String> {
        self.receiver.refuse_at_first(0);
        loop {
            let reply = rest.platform(Method::GET, "/metrics", None).await;
            let text = reply.map_err(|error| error.to_string())?.text;
            let is_none = |gauge: &str| text.lines().any(|line| line == format!("{gauge} 0"));
            if !is_none("calport_webhooks_set_aside") {
                return Err("a webhook is set aside".to_owned());
            }
            if is_none("calport_webhooks_waiting") {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("webhooks still wait".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What is not as it was promised, given what stands: bookings as they are read, and the
    /// users who are connected.
    pub(crate) fn differences(
        &self,
        readings: &[Value],
        connected: &BTreeSet<(&str, &str)>,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.receiver.forged() > 0 {
            wrong.push("a webhook's signature was wrong".to_owned());
        }
        let (told, disorder) = in_order(&self.receiver.received());
        wrong.extend(disorder);
        for (user, provider) in connected {
            let subject = (None, (*user).to_owned(), (*provider).to_owned());
            match told.get(&subject) {
                Some(last) if last["type"] == "connection.connected" => {}
                last => wrong.push(format!("{subject:?} was last told as {last:?}")),
            }
        }
        for reading in readings {
            for (subject, calendar) in calendars(reading) {
                let last = told.get(&subject).map(|body| &body["data"]);
                let is_so = last.is_some_and(|last| {
                    ["state", "link"].map(|name| &last[name])
                        == ["state", "link"].map(|name| &calendar[name])
                });
                if !is_so {
                    wrong.push(format!(
                        "{subject:?} was last told as {last:?}\n  and is {calendar}"
                    ));
                }
            }
        }
        wrong
    }

    /// How many came, and how many different ones.
    pub(crate) fn figures(&self) -> String {
        let received = self.receiver.received();
        let ids: BTreeSet<_> = received.iter().map(Received::id).collect();
        let (all, different) = (received.len(), ids.len());
        format!("{all} webhooks came, {different} different ones")
    }
}

/// What was told last about each thing, and what came in another order than it happened in:
/// the same webhook may come again, but not once a later one about the same has come.
fn in_order(received: &[Received]) -> (BTreeMap<Subject, Value>, Vec<String>) {
    let mut bodies: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut last: BTreeMap<Subject, Value> = BTreeMap::new();
    let mut wrong = Vec::new();
    for webhook in received {
        let body = &webhook.body;
        let subject = subject(body);
        let is_new = match bodies.insert(webhook.id(), body) {
            None => true,
            Some(before) if before == body => false,
            Some(before) => {
                wrong.push(format!("one id, two webhooks: {before} {body}"));
                false
            }
        };
        match last.get(&subject) {
            Some(before) if !is_new && before["id"] != body["id"] => {
                wrong.push(format!("{body} came again after {before}"));
            }
            Some(before) if before["created"].as_str() > body["created"].as_str() => {
                wrong.push(format!("{body} came after {before}"));
            }
            Some(_) | None => {
                last.insert(subject, body.clone());
            }
        }
    }
    (last, wrong)
}

fn subject(body: &Value) -> Subject {
    let data = &body["data"];
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let booking = data["booking"].as_str().map(str::to_owned);
    (booking, text("user"), text("provider"))
}

/// Every participant's calendars of a booking that is not cancelled.
fn calendars(reading: &Value) -> Vec<(Subject, &Value)> {
    if reading["status"] == "cancelled" {
        return Vec::new();
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let participants = reading["participants"].as_array();
    participants
        .into_iter()
        .flatten()
        .flat_map(|participant| {
            let calendars = participant["calendars"].as_array();
            calendars.into_iter().flatten().map(|calendar| {
                let subject = (
                    Some(text(&reading["id"])),
                    text(&participant["user"]),
                    text(&calendar["provider"]),
                );
                (subject, calendar)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn webhook(id: &str, second: u8) -> Received {
        Received {
            body: json!({
                "id": id, "created": format!("2031-01-01T00:00:0{second}Z"),
                "data": {"booking": "17", "user": "ann", "provider": "google"},
            }),
            signature: String::new(),
            trace: None,
        }
    }

    #[test]
    fn disorder_is_seen_and_repeats_are_none() {
        for (ids, disorders) in [
            (vec![("a", 1), ("a", 1), ("b", 1), ("c", 2)], 0),
            (vec![("a", 1), ("b", 1), ("a", 1)], 1),
            (vec![("b", 2), ("a", 1)], 1),
            (vec![("a", 1), ("a", 2)], 1),
        ] {
            let received: Vec<_> = ids.iter().map(|(id, at)| webhook(id, *at)).collect();
            assert_eq!(in_order(&received).1.len(), disorders, "{ids:?}");
        }
    }
}
