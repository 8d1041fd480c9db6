//! What must not work.

use super::{
    CASEY, article,
    browser::{Browser, ODD},
    demo,
};
use calport_standins::ConsentChoice;
use http::{Request, StatusCode, header};

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_comes_back_elsewhere_is_finished_by_whoever_began() {
    // case 1
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    let begun = casey.post("/calendars/google/connect", &[]).await;
    let allow = ConsentChoice::Allow;
    let callback = demo
        .google()
        .consent(begun.location(), CASEY, &allow)
        .unwrap();

    let mut phone = Browser::at(demo.url());
    let returned = phone.get(&callback).await.location().to_owned();
    assert!(returned.contains("status=parked"), "{returned}");
    let page = phone.get(&returned).await.text;
    assert!(page.contains("Sign in as the person who began"), "{page}");
    let next = returned.strip_prefix(demo.url().as_str()).unwrap();
    let next = format!("/{next}");
    let handle = next.split("handle=").nth(1).unwrap().to_owned();

    // Somebody else cannot, whatever they click.
    phone.sign_in("staff").await;
    let page = phone
        .post("/calendars/google/complete", &[("handle", &handle)])
        .await;
    assert!(
        page.location().contains("status=expired"),
        "{}",
        page.location()
    );

    let page = phone
        .post("/sign-in", &[("user", "customer"), ("next", &next)])
        .await;
    let page = phone.get(page.location()).await.text;
    assert!(
        page.contains("Yes, finish connecting Google Calendar"),
        "{page}"
    );
    let page = phone
        .post("/calendars/google/complete", &[("handle", &handle)])
        .await;
    assert!(
        page.location().contains("status=connected"),
        "{}",
        page.location()
    );
    casey
        .wait_for(|page| page.matches("In Google Calendar").count() == 4)
        .await;
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_from_another_site_or_under_another_name_does_nothing() {
    // case 36
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    let cancel = casey.url("/bookings/jobs/weekly-clean/cancel");
    let home = casey.url("/");
    let forged =
        |name: &'static str, value: &str| Request::post(&cancel).header(name, value.to_owned());
    for request in [
        Request::post(&cancel),
        forged("sec-fetch-site", "cross-site"),
        forged("sec-fetch-site", "same-site"),
        forged("sec-fetch-site", "none"),
        forged("origin", "http://localhost:1"),
        forged("origin", "null"),
        Request::builder().method(ODD).uri(&cancel),
    ] {
        assert_eq!(casey.send(request, "").await.status, StatusCode::FORBIDDEN);
    }
    let rebound = Request::get(&home).header(header::HOST, "evil.example");
    assert_eq!(
        casey.send(rebound, "").await.status,
        StatusCode::MISDIRECTED_REQUEST
    );
    let page = casey.get("/").await;
    assert!(!article(&page.text, "jobs-weekly-clean").contains("cancelled"));

    let own = demo.url().origin().ascii_serialization();
    let own = Request::post(&cancel).header("origin", own);
    assert_eq!(casey.send(own, "").await.status, StatusCode::SEE_OTHER);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_by_number_leads_to_the_one_that_cookies_are_kept_under() {
    let demo = demo().await;
    let mut browser = Browser::at(demo.url());
    let port = demo.url().port().unwrap();
    let page = browser
        .get(&format!("http://127.0.0.1:{port}/?reload=no"))
        .await;
    assert_eq!(page.location(), format!("{}?reload=no", demo.url()));
    let page = browser
        .get(&format!("http://127.0.0.1:{port}//evil.example/"))
        .await;
    assert!(!page.status.is_redirection(), "{:?}", page.headers);
    demo.stop().await.unwrap();
}
