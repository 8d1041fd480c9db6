//! One user with one booking in one calendar, and what they do to it by hand.

use calport_e2e::{
    Receiver, Reply, WEBHOOK_SECRETS, World, WorldOptions,
    accounts::{CASEY, WORK},
};
use calport_host::{drift::Looked, sync::Policy};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub(crate) const JOB: &str = "/api/jobs/17/";

/// Both providers that tell changes.
pub(crate) const PROVIDERS: [&str; 2] = ["google", "outlook"];

/// When the booking is, and when its user moves it to.
pub(crate) const START: &str = "2027-06-01T10:00:00Z";
pub(crate) const MOVED: &str = "2027-06-03T15:00:00Z";
const MOVED_END: &str = "2027-06-03T17:00:00Z";

pub(crate) struct Calendar {
    pub(crate) world: World,
    pub(crate) receiver: Receiver,
    provider: &'static str,
}

pub(crate) fn job(revision: u32) -> Value {
    json!({
        "revision": revision, "title": "Deep clean", "description": "Key under the mat",
        "start": START, "end": "2027-06-01T12:00:00Z", "zone": "UTC",
        "participants": [{"user": "ann", "role": "customer"}],
    })
}

impl Calendar {
    /// Connected, and looked through once.
    pub(crate) async fn connected(provider: &'static str, policy: Policy) -> Self {
        let receiver = Receiver::start(WEBHOOK_SECRETS[0]).await.unwrap();
        let world = World::start_with(WorldOptions {
            webhooks: Some(receiver.url.clone()),
            policy,
            ..WorldOptions::default()
        })
        .await
        .unwrap();
        let allow = ConsentChoice::Allow;
        match provider {
            "google" => world.connect("ann", CASEY, &allow).await.unwrap(),
            _ => world.connect_outlook("ann", WORK, &allow).await.unwrap(),
        };
        let calendar = Self {
            world,
            receiver,
            provider,
        };
        assert_eq!(calendar.look().await, Looked::Through);
        calendar
    }

    /// The same with the booking in it, as the next look finds it.
    pub(crate) async fn booked(provider: &'static str, policy: Policy) -> Self {
        let calendar = Self::connected(provider, policy).await;
        calendar.put(&job(1)).await;
        assert_eq!(calendar.look().await, Looked::Through);
        assert_eq!(calendar.told("booking.drifted"), 0);
        calendar
    }

    /// States the booking, and waits until it has settled.
    pub(crate) async fn put(&self, body: &Value) -> Value {
        self.put_at(JOB, body).await
    }

    pub(crate) async fn put_at(&self, path: &str, body: &Value) -> Value {
        let reply = self.world.platform(Method::PUT, path, Some(body)).await;
        let reply = reply.unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
        self.settled_at(path).await
    }

    /// How the booking stands in the calendar once it no longer waits.
    pub(crate) async fn settled(&self) -> Value {
        self.settled_at(JOB).await
    }

    async fn settled_at(&self, path: &str) -> Value {
        let ann = self.world.settled(path, "ann").await.unwrap();
        ann["calendars"][0].clone()
    }

    pub(crate) async fn restore(&self) -> Reply {
        let path = format!("{JOB}restore/");
        self.world
            .platform(Method::POST, &path, None)
            .await
            .unwrap()
    }

    pub(crate) async fn look(&self) -> Looked {
        self.world.look("ann", self.provider).await.unwrap()
    }

    pub(crate) fn is_google(&self) -> bool {
        self.provider == "google"
    }

    pub(crate) fn events(&self) -> Vec<Value> {
        match self.is_google() {
            true => self.world.google.events(CASEY, "primary"),
            false => self.world.outlook.events(WORK, "Calendar"),
        }
    }

    /// The only event in it.
    pub(crate) fn event(&self) -> Value {
        let events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        events[0].clone()
    }

    pub(crate) fn title(&self) -> String {
        let name = match self.is_google() {
            true => "summary",
            false => "subject",
        };
        self.event()[name].as_str().unwrap().to_owned()
    }

    /// When the only event begins, to the minute.
    pub(crate) fn start(&self) -> String {
        let event = self.event();
        let text = event["start"]["dateTime"].as_str().unwrap();
        let at: jiff::Timestamp = match self.is_google() {
            true => text.parse().unwrap(),
            false => format!("{text}Z").parse().unwrap(),
        };
        at.to_string().chars().take(16).collect()
    }

    fn id(&self) -> String {
        self.event()["id"].as_str().unwrap().to_owned()
    }

    fn edit(&self, google: &Value, outlook: &Value) {
        let id = self.id();
        assert!(match self.is_google() {
            true => self.world.google.edit_event(CASEY, "primary", &id, google),
            false => self.world.outlook.edit_event(WORK, &id, outlook),
        });
    }

    /// The user moves it.
    pub(crate) fn drag(&self) {
        self.edit(
            &json!({"start": {"dateTime": MOVED}, "end": {"dateTime": MOVED_END}}),
            &json!({
                "start": {"dateTime": MOVED.trim_end_matches('Z'), "timeZone": "UTC"},
                "end": {"dateTime": MOVED_END.trim_end_matches('Z'), "timeZone": "UTC"},
            }),
        );
    }

    /// The user gives it another title.
    pub(crate) fn rename(&self, title: &str) {
        self.edit(&json!({ "summary": title }), &json!({ "subject": title }));
    }

    /// The user deletes it; its id.
    pub(crate) fn delete(&self) -> String {
        let id = self.id();
        assert!(match self.is_google() {
            true => self.world.google.delete_event(CASEY, "primary", &id),
            false => self.world.outlook.delete_event(WORK, &id),
        });
        id
    }

    /// The user makes an entry of their own; its id.
    pub(crate) async fn add_foreign(&self, title: &str) -> String {
        let (base, requests, path) = match self.is_google() {
            true => (
                self.world.google.base_url(),
                self.world.google.requests(),
                "/calendar/v3/calendars/primary/events",
            ),
            false => (
                self.world.outlook.base_url(),
                self.world.outlook.requests(),
                "/v1.0/me/events",
            ),
        };
        let bearer = requests
            .iter()
            .filter_map(|request| request.header("authorization"))
            .rfind(|header| header.starts_with("Bearer "))
            .unwrap()
            .to_owned();
        let when = |time: &str| match self.is_google() {
            true => json!({"dateTime": format!("{time}Z")}),
            false => json!({"dateTime": time, "timeZone": "UTC"}),
        };
        let name = match self.is_google() {
            true => "summary",
            false => "subject",
        };
        let mut event = json!({
            "start": when("2027-06-04T08:00:00"), "end": when("2027-06-04T09:00:00"),
        });
        event[name] = json!(title);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client
            .post(format!("{base}{path}"))
            .header("prefer", "IdType=\"ImmutableId\"")
            .header("authorization", bearer);
        let reply = request.json(&event).send().await.unwrap();
        let text = reply.text().await.unwrap();
        let made: Value = serde_json::from_str(&text).unwrap();
        made["id"].as_str().expect(&text).to_owned()
    }

    /// How many webhooks of a type were recorded, sent or not.
    pub(crate) fn told(&self, kind: &str) -> usize {
        let received = self.receiver.received();
        received
            .iter()
            .filter(|one| one.body["type"] == kind)
            .count()
    }

    /// The drifts that the platform was told of, once there are so many and all is sent.
    pub(crate) async fn drifts(&self, count: usize) -> Vec<Value> {
        self.all_sent().await;
        let received = self.receiver.received();
        let drifts: Vec<_> = received
            .iter()
            .filter(|one| one.body["type"] == "booking.drifted")
            .map(|one| one.body["data"].clone())
            .collect();
        assert_eq!(drifts.len(), count, "{drifts:?}");
        drifts
    }

    async fn all_sent(&self) {
        let pool = self.world.service.vault().database().pool();
        let sent = async {
            loop {
                let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM webhooks")
                    .fetch_one(pool)
                    .await
                    .unwrap();
                if left == 0 {
                    return;
                }
                // Who sends them needs the database and this thread, too.
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(calport_e2e::PATIENCE, sent)
            .await
            .unwrap();
    }
}
