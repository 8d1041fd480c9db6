//! Bookings on their way into calendars and out of them.

use super::{CASEY, article, browser::Browser, connect, demo, titles};
use calport_standins::ConsentChoice;
use http::{StatusCode, header};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_arrives_in_the_calendar_follows_its_changes_and_goes() {
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    let returned = connect(&demo, &mut casey, &ConsentChoice::Allow).await;
    assert!(
        returned.ends_with("/calendars?provider=google&status=connected"),
        "{returned}"
    );
    let page = casey.get(&returned).await.text;
    assert!(
        page.contains("Your calendar is connected") && page.contains(CASEY),
        "{page}"
    );

    let page = casey
        .wait_for(|page| page.matches("In Google Calendar").count() == 4)
        .await;
    assert!(
        !page.contains("http-equiv=\"refresh\""),
        "it reloads with nothing to wait for"
    );
    let shown = format!("{}/calendar?account=", demo.google().base_url());
    assert!(
        article(&page, "jobs-window-cleaning").contains(&shown),
        "{page}"
    );
    let events = demo.google().events(CASEY, "primary");
    assert_eq!(
        titles(&events),
        [
            "First visit and quote",
            "Garden clearance",
            "Weekly clean",
            "Window cleaning"
        ]
    );
    let weekly = events
        .iter()
        .find(|event| event["summary"] == "Weekly clean")
        .unwrap();
    assert_eq!(weekly["recurrence"][0], "RRULE:FREQ=WEEKLY;COUNT=10");
    let garden = events
        .iter()
        .find(|event| event["summary"] == "Garden clearance")
        .unwrap();
    assert!(garden["start"]["date"].is_string());

    let start = |events: &[Value]| {
        let visit = events
            .iter()
            .find(|event| event["summary"] == "First visit and quote");
        let start = visit.unwrap()["start"]["dateTime"]
            .as_str()
            .unwrap()
            .to_owned();
        start.parse::<jiff::Timestamp>().unwrap()
    };
    let before = start(&events);
    let page = casey
        .post("/bookings/appointments/first-visit/later", &[])
        .await;
    assert_eq!(page.location(), "/#appointments-first-visit");
    casey.wait_for(|page| !page.contains("mark waiting")).await;
    let after = start(&demo.google().events(CASEY, "primary"));
    assert_eq!(after.as_second() - before.as_second(), 3_600);

    casey
        .post("/bookings/jobs/window-cleaning/cancel", &[])
        .await;
    let gone = |page: &str| article(page, "jobs-window-cleaning").contains("In no calendar");
    casey.wait_for(gone).await;
    let events = demo.google().events(CASEY, "primary");
    assert_eq!(
        titles(&events),
        ["First visit and quote", "Garden clearance", "Weekly clean"]
    );

    casey
        .post("/bookings/jobs/window-cleaning/restore", &[])
        .await;
    let back = |page: &str| article(page, "jobs-window-cleaning").contains("In Google Calendar");
    casey.wait_for(back).await;
    assert_eq!(demo.google().events(CASEY, "primary").len(), 4);

    let page = casey
        .post("/calendars/google/disconnect", &[("events", "remove")])
        .await;
    let page = casey.get(page.location()).await.text;
    assert!(page.contains("4 bookings were taken out"), "{page}");
    assert_eq!(demo.google().events(CASEY, "primary"), Vec::<Value>::new());
    assert_eq!(demo.google().live_refresh_tokens(CASEY), 0);
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_booking_goes_to_the_calendar_that_was_chosen() {
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    connect(&demo, &mut casey, &ConsentChoice::Allow).await;
    let settings = casey.get("/calendars/google").await.text;
    assert!(
        settings.contains("Family") && !settings.contains("Holidays"),
        "{settings}"
    );
    let family = "c_family0family0family@group.calendar.google.com";
    casey
        .post("/calendars/google/choose", &[("calendar", family)])
        .await;
    let fields = [
        ("title", "Oven <cleaning>"),
        ("kind", "jobs"),
        ("date", "2030-07-01"),
        ("time", "10:00"),
        ("length", "60"),
        ("repeats", "weekly"),
        ("location", ""),
    ];
    let page = casey.post("/bookings", &fields).await;
    assert_eq!(page.location(), "/#jobs-oven-cleaning");
    let page = casey
        .wait_for(|page| page.matches("In Google Calendar").count() == 5)
        .await;
    assert!(page.contains("Oven &#60;cleaning&#62;"), "{page}");
    let events = demo.google().events(CASEY, family);
    assert!(titles(&events).contains(&"Oven <cleaning>"));
    assert_eq!(demo.google().events(CASEY, "primary"), Vec::<Value>::new());
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_a_booking_is_for_those_who_take_part() {
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    let file = casey.get("/bookings/jobs/weekly-clean/calendar.ics").await;
    assert_eq!(
        file.headers[header::CONTENT_TYPE],
        "text/calendar; charset=utf-8"
    );
    let disposition = file.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    assert!(
        file.text.starts_with("BEGIN:VCALENDAR\r\n"),
        "{}",
        file.text
    );
    assert!(
        file.text.contains("RRULE:FREQ=WEEKLY;COUNT=10\r\n"),
        "{}",
        file.text
    );
    let other = casey
        .get("/bookings/appointments/team-review/calendar.ics")
        .await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    assert!(!casey.get("/").await.text.contains("Team review"));
    let cancelled = casey
        .post("/bookings/appointments/team-review/cancel", &[])
        .await;
    assert_eq!(cancelled.status, StatusCode::NOT_FOUND);
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manager_sees_changes_wait_while_a_provider_is_off_and_arrive_afterwards() {
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    let refused = casey.post("/stand-ins/google", &[("on", "false")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    connect(&demo, &mut casey, &ConsentChoice::Allow).await;
    casey
        .wait_for(|page| page.matches("In Google Calendar").count() == 4)
        .await;

    let mut morgan = Browser::at(demo.url());
    morgan.sign_in("manager").await;
    morgan.post("/stand-ins/google", &[("on", "false")]).await;
    morgan.post("/bookings/jobs/weekly-clean/later", &[]).await;
    let page = morgan
        .wait_for(|page| page.contains("The provider is not available"))
        .await;
    assert!(article(&page, "jobs-weekly-clean").contains("<strong>Casey:</strong> On its way"));
    assert!(page.contains("Google’s stand-in is switched off"), "{page}");
    assert!(page.contains("http-equiv=\"refresh\""), "{page}");
    assert!(
        !morgan
            .get("/?reload=no")
            .await
            .text
            .contains("http-equiv=\"refresh\"")
    );

    morgan.post("/stand-ins/google", &[("on", "true")]).await;
    morgan.post("/bookings/jobs/weekly-clean/again", &[]).await;
    morgan.wait_for(|page| !page.contains("mark waiting")).await;
    assert_eq!(demo.google().events(CASEY, "primary").len(), 4);
    demo.stop().await.unwrap();
}
