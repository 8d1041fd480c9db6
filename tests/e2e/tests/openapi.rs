//! What the interface says of itself, held against what it answers.

use calport_e2e::{METRICS_TOKEN, Reply, World, accounts::CASEY};
use calport_standins::ConsentChoice;
use jsonschema::Validator;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

struct Described {
    document: Value,
}

impl Described {
    async fn by(world: &World) -> Self {
        let path = "/api/openapi.json";
        let reply = world.call(Method::GET, path, None, None).await.unwrap();
        assert_eq!(reply.status, StatusCode::OK);
        Self {
            document: reply.json(),
        }
    }

    /// The reply's schema, with the document's components beside it for its references.
    fn schema(&self, method: &Method, path: &str, reply: &Reply) -> (String, Option<Validator>) {
        let method = method.as_str().to_lowercase();
        let responses = &self.document["paths"][path][&method]["responses"];
        assert!(responses.is_object(), "{method} {path} is not documented");
        let status = reply.status.as_str();
        let response = match responses.get(status) {
            Some(response) => response,
            None => {
                assert!(
                    reply.status.as_u16() >= 400,
                    "{method} {path} answered {status}, which is not documented"
                );
                &self.document["components"]["responses"]["Problem"]
            }
        };
        let kind = reply.headers.get("content-type");
        let kind = kind.map_or("", |kind| kind.to_str().unwrap());
        let kind = kind.split(';').next().unwrap_or_default();
        let content = response["content"].as_object();
        let content = content.and_then(|content| content.get(kind));
        assert!(
            content.is_some() || kind.is_empty(),
            "{method} {path} answered {status} as {kind}"
        );
        let schema = content.filter(|_| kind.ends_with("json")).map(|content| {
            let mut schema = content["schema"].clone();
            schema["components"] = self.document["components"].clone();
            jsonschema::draft202012::options().build(&schema).unwrap()
        });
        (format!("{method} {path} {status}"), schema)
    }

    fn check(&self, method: &Method, path: &str, reply: &Reply) {
        let (what, schema) = self.schema(method, path, reply);
        if let Some(schema) = schema {
            let value = reply.json();
            let errors: Vec<_> = schema
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{what}: {errors:?}\n{}", reply.text);
        }
    }
}

/// Whose bearer a call carries.
#[derive(Clone, Copy)]
enum By {
    Ann,
    Platform,
    Operator,
    Nobody,
}

#[tokio::test]
async fn every_reply_is_as_the_document_says() {
    let world = World::start().await.unwrap();
    let described = Described::by(&world).await;
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    let booking = json!({
        "revision": 1, "title": "Deep clean", "description": "d", "location": "l",
        "url": "https://platform.example/jobs/17", "zone": "Europe/London",
        "start": "2031-12-01T10:00:00Z", "end": "2031-12-01T12:00:00Z",
        "recurrence": {"rule": "FREQ=WEEKLY;COUNT=3", "excluded": ["2031-12-08T10:00:00Z"]},
        "reminders": [60], "organizer": {"name": "P", "email": "p@platform.example"},
        "attendees": [{"email": "a@platform.example"}],
        "participants": [{"user": "ann", "role": "customer"}, {"user": "bob", "role": "staff"}],
    });
    let days = json!({
        "revision": 1, "title": "t", "start_date": "2031-01-01", "end_date": "2031-01-02",
    });
    let none = Value::Null;
    let provider = |last: &str| format!("/api/calendar/{{provider}}/{last}/");
    let google = |last: &str| format!("/api/calendar/google/{last}/");
    let job = "/api/{kind}/{id}/".to_owned();
    let same = |path: &str| (path.to_owned(), path.to_owned());
    let range = "from=2031-12-01T00:00:00Z&to=2031-12-02T00:00:00Z";
    let busy = "/api/calendar/busy/".to_owned();
    let calls = [
        (By::Nobody, Method::GET, same("/healthz"), none.clone()),
        (By::Nobody, Method::GET, same("/readyz"), none.clone()),
        (
            By::Nobody,
            Method::GET,
            same("/api/openapi.json"),
            none.clone(),
        ),
        (By::Operator, Method::GET, same("/metrics"), none.clone()),
        (By::Nobody, Method::GET, same("/metrics"), none.clone()),
        (By::Ann, Method::GET, same("/api/calendar/"), none.clone()),
        (
            By::Nobody,
            Method::GET,
            same("/api/calendar/"),
            none.clone(),
        ),
        (
            By::Ann,
            Method::POST,
            same("/api/calendar/feed/"),
            none.clone(),
        ),
        (By::Ann, Method::GET, same("/api/calendar/"), none.clone()),
        (
            By::Ann,
            Method::DELETE,
            same("/api/calendar/feed/"),
            none.clone(),
        ),
        (
            By::Platform,
            Method::POST,
            same("/api/page-sessions/"),
            json!({"user": "ann"}),
        ),
        (
            By::Platform,
            Method::POST,
            same("/api/page-sessions/"),
            json!({"user": ""}),
        ),
        (
            By::Ann,
            Method::POST,
            (provider("connect"), google("connect")),
            none.clone(),
        ),
        (
            By::Ann,
            Method::POST,
            (
                provider("connect"),
                "/api/calendar/apple/connect/".to_owned(),
            ),
            none.clone(),
        ),
        (
            By::Ann,
            Method::POST,
            (
                provider("connect"),
                "/api/calendar/nowhere/connect/".to_owned(),
            ),
            none.clone(),
        ),
        (
            By::Ann,
            Method::POST,
            (provider("complete"), google("complete")),
            json!({"handle": "x"}),
        ),
        (
            By::Ann,
            Method::GET,
            (provider("calendars"), google("calendars")),
            none.clone(),
        ),
        (
            By::Ann,
            Method::PUT,
            (provider("calendar"), google("calendar")),
            json!({"id": "primary"}),
        ),
        (
            By::Ann,
            Method::PUT,
            (provider("calendar"), google("calendar")),
            json!({"id": "gone"}),
        ),
        (
            By::Platform,
            Method::PUT,
            (job.clone(), "/api/jobs/17/".to_owned()),
            booking.clone(),
        ),
        (
            By::Platform,
            Method::PUT,
            (job.clone(), "/api/jobs/18/".to_owned()),
            days,
        ),
        (
            By::Platform,
            Method::PUT,
            (job.clone(), "/api/jobs/17/".to_owned()),
            json!({"revision": 0}),
        ),
        (
            By::Platform,
            Method::GET,
            (job.clone(), "/api/jobs/17/".to_owned()),
            none.clone(),
        ),
        (
            By::Ann,
            Method::GET,
            (job.clone(), "/api/jobs/17/".to_owned()),
            none.clone(),
        ),
        (
            By::Ann,
            Method::GET,
            (job.clone(), "/api/jobs/18/".to_owned()),
            none.clone(),
        ),
        (
            By::Ann,
            Method::GET,
            (
                "/api/{kind}/{id}/calendar.ics".to_owned(),
                "/api/jobs/17/calendar.ics".to_owned(),
            ),
            none.clone(),
        ),
        (
            By::Ann,
            Method::GET,
            (busy.clone(), format!("{busy}?{range}")),
            none.clone(),
        ),
        (
            By::Platform,
            Method::GET,
            (busy.clone(), format!("{busy}?{range}&user=ann")),
            none.clone(),
        ),
        (By::Ann, Method::GET, (busy.clone(), busy), none.clone()),
        (
            By::Platform,
            Method::POST,
            (
                "/api/{kind}/{id}/restore/".to_owned(),
                "/api/jobs/17/restore/".to_owned(),
            ),
            none.clone(),
        ),
        (
            By::Platform,
            Method::DELETE,
            (job, "/api/jobs/17/".to_owned()),
            none.clone(),
        ),
        (
            By::Ann,
            Method::POST,
            (provider("disconnect"), google("disconnect")),
            none.clone(),
        ),
        (
            By::Platform,
            Method::DELETE,
            ("/api/users/{id}/".to_owned(), "/api/users/ann/".to_owned()),
            json!({"remove_events": true}),
        ),
        (
            By::Ann,
            Method::DELETE,
            ("/api/users/{id}/".to_owned(), "/api/users/ann/".to_owned()),
            none.clone(),
        ),
        (
            By::Nobody,
            Method::GET,
            ("/feeds/{file}".to_owned(), "/feeds/x.ics".to_owned()),
            none,
        ),
    ];
    for (by, method, (path, url), body) in calls {
        let body = Some(&body).filter(|body| !body.is_null());
        let call = method.clone();
        let reply = match by {
            By::Ann => world.user("ann", call, &url, body).await,
            By::Platform => world.platform(call, &url, body).await,
            By::Operator => world.call(call, &url, Some(METRICS_TOKEN), body).await,
            By::Nobody => world.call(call, &url, None, body).await,
        };
        let reply = reply.unwrap();
        assert!(!reply.status.is_server_error(), "{url}: {}", reply.text);
        described.check(&method, &path, &reply);
        if url == "/api/jobs/17/" && body == Some(&booking) {
            world.settled(&url, "ann").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_request_that_the_document_refuses_is_refused() {
    let world = World::start().await.unwrap();
    let document = Described::by(&world).await.document;
    let mut schema = json!({"$ref": "#/components/schemas/Booking"});
    schema["components"] = document["components"].clone();
    let schema = jsonschema::draft202012::options().build(&schema).unwrap();
    let fine = json!({
        "revision": 1, "title": "t", "start_date": "2031-01-01", "end_date": "2031-01-02",
    });
    let with = |name: &str, value: Value| {
        let mut booking = fine.clone();
        booking[name] = value;
        booking
    };
    for (booking, is_valid) in [
        (fine.clone(), true),
        (
            with("participants", json!([{"user": "ann", "role": "r"}])),
            true,
        ),
        (with("participants", json!([{"user": "ann"}])), false),
        (with("titel", json!("t")), false),
        (with("revision", json!("1")), false),
        (with("revision", json!(-1)), false),
        (with("status", json!("done")), false),
        (with("reminders", json!(["soon"])), false),
        (json!({"revision": 1}), false),
    ] {
        assert_eq!(schema.is_valid(&booking), is_valid, "{booking}");
        let reply = world
            .platform(Method::PUT, "/api/jobs/1/", Some(&booking))
            .await
            .unwrap();
        assert_eq!(
            reply.status == StatusCode::ACCEPTED || reply.code() == "conflict",
            is_valid,
            "{booking}: {}",
            reply.text
        );
    }
}
