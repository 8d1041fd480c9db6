//! Texts of strangers in a browser that would run them, and strangers' pages around the page.

use super::{BOOKING, USER, open};
use crate::{Failure, lent::in_browser, window::Window};
use axum::{Router, http::HeaderMap, response::Html, routing::get};
use calport_e2e::{World, WorldOptions, accounts::CASEY};
use calport_standins::{ConsentChoice, GoogleAccount, GoogleCalendar, GoogleConfig, GoogleRole};
use reqwest::{Method, StatusCode};
use serde_json::json;

/// Where one of them runs, it says so: `owned` exists.
const CORPUS: &[&str] = &[
    "<script>owned=1</script>",
    "\"><img src=x onerror=owned=1>",
    "'><svg onload=owned=1>",
    "</title><script>owned=1</script>",
    "</bdi></label></option></select><script>owned=1</script>",
    "<iframe srcdoc=\"<script>parent.owned=1</script>\">",
    "<a href=javascript:owned=1 autofocus onfocus=owned=1>x</a>",
    "\" autofocus tabindex=1 onfocus=owned=1 x=\"",
    "' autofocus tabindex=1 onfocus=owned=1 x='",
    "` onmouseover=owned=1 `",
    "javascript:owned=1//",
    "java\tscript:owned=1//",
    "data:text/html,<script>opener.owned=1</script>",
    "<details open ontoggle=owned=1>",
    "<style>@keyframes x{}</style><b style=animation-name:x onanimationstart=owned=1>",
    "<math><mtext><table><mglyph><style><img src=x onerror=owned=1>",
    "<base href=//evil.example/><meta http-equiv=refresh content=0;url=javascript:owned=1>",
    "<link rel=stylesheet href=//evil.example/><object data=javascript:owned=1>",
    "<noscript><p title=\"</noscript><img src=x onerror=owned=1>\">",
    "<template><script>owned=1</script></template><script>owned=1",
    "&lt;script&gt;owned=1&lt;/script&gt;",
    "&#60;script&#62;owned=1&#60;/script&#62;",
    "{{constructor.constructor('owned=1')()}} ${owned=1} <%= owned=1 %> #{owned=1}",
    "--><!--><img src=x onerror=owned=1>-->",
    "]]><![CDATA[<script>owned=1</script>]]>",
    "\u{ff1c}script\u{ff1e}owned=1\u{ff1c}/script\u{ff1e}",
    "+ADw-script+AD4-owned=1+ADw-/script+AD4-",
];

/// What of strangers is on the page that is no text. The page's own script and style are files
/// of its own, and it has no pictures.
const FOREIGN: &str = "[
  typeof owned === 'undefined' ? '' : 'it has run',
  ...[...document.querySelectorAll('script:not([src^=\"/page/assets/\"]), style, img, iframe, \
    base, object, embed, math, template, details[ontoggle], meta[http-equiv], \
    link:not([href^=\"/page/assets/\"])')].map((it) => it.outerHTML),
  ...[...document.querySelectorAll('*')]
    .filter((it) => it.getAttributeNames().some((name) => name.startsWith('on')))
    .map((it) => it.outerHTML),
  ...[...document.querySelectorAll('[href], [action], [formaction], [src]')]
    .filter((it) => ['href', 'action', 'formaction', 'src'].some((name) =>
      it.hasAttribute(name) && !/^(\\/|\\?|https?:)/.test(it.getAttribute(name))))
    .map((it) => it.outerHTML),
].filter(Boolean)";

/// Where texts of strangers are shown.
const PAGES: &[&str] = &[
    "/page/",
    "/page/calendars/google/choose/",
    "/page/calendars/google/disconnect/",
];

/// A user whose account's name and calendars are the whole corpus.
async fn world() -> Result<World, Failure> {
    let mut account = GoogleAccount::new(CASEY, CORPUS[0]);
    for (number, text) in CORPUS.iter().enumerate() {
        let calendar = GoogleCalendar::new(format!("c{number}"), *text, GoogleRole::Owner);
        account = account.calendar(calendar);
    }
    let world = World::start_with(WorldOptions {
        google: GoogleConfig::default().accounts([account]),
        ..WorldOptions::default()
    })
    .await?;
    world.connect(USER, CASEY, &ConsentChoice::Allow).await?;
    Ok(world)
}

/// Puts a text wherever one of a stranger's can be: of the platform's by its interface, of
/// providers' and plugins' by hand.
async fn say(world: &World, revision: usize, text: &str) -> Result<(), Failure> {
    // A role has 64 characters at most.
    let role: String = text.chars().take(64).collect();
    let body = json!({
        "revision": revision, "title": text, "location": text, "description": text,
        "start_date": "2031-12-24", "end_date": "2031-12-26",
        "organizer": {"name": text, "email": "p@platform.example"},
        "participants": [{"user": USER, "role": role}],
    });
    let reply = world.platform(Method::PUT, BOOKING, Some(&body)).await?;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    world.settled(BOOKING, USER).await?;
    for statement in [
        "UPDATE connections SET account_label = $1, calendar_name = $1",
        "UPDATE deliveries SET reason = $1, remote = json_set(remote, '$.link', $1)",
        "UPDATE page_sessions SET display_name = $1",
    ] {
        let database = world.service.vault().database();
        sqlx::query(statement)
            .bind(text)
            .execute(database.pool())
            .await?;
    }
    Ok(())
}

async fn is_plain(window: &Window, world: &World, path: &str, text: &str) -> Result<(), Failure> {
    window.go(&format!("{}{path}", world.url)).await?;
    let foreign = window.evaluate(FOREIGN).await?;
    assert_eq!(foreign, json!([]), "{text} on {path}");
    let shown = format!(
        "document.documentElement.textContent.includes({})",
        json!(text)
    );
    assert_eq!(
        window.evaluate(&shown).await?,
        true,
        "{text} is not on {path} at all"
    );
    Ok(())
}

#[test]
fn case_37_no_text_of_anybodys_runs_in_a_browser() -> Result<(), Failure> {
    in_browser(async |window| {
        let world = world().await?;
        open(window, &world).await?;
        for (number, text) in CORPUS.iter().enumerate() {
            // A title is one line.
            let text = text.replace('\t', " ");
            say(&world, number + 1, &text).await?;
            for path in PAGES {
                is_plain(window, &world, path, &text).await?;
            }
        }
        // All calendars' names at once.
        for text in CORPUS {
            let text = text.replace('\t', " ");
            is_plain(window, &world, "/page/calendars/google/choose/", &text).await?;
        }
        let everywhere = CORPUS.len() * PAGES.len();
        println!(
            "case 37: {} texts, {everywhere} pages, none has run",
            CORPUS.len()
        );
        Ok(())
    })
}

#[test]
fn a_text_that_runs_is_found_out() -> Result<(), Failure> {
    in_browser(async |window| {
        for (body, found) in [
            ("<script>owned=1</script>", "it has run"),
            ("<a href=javascript:owned=1>x</a>", "javascript:"),
            ("<b onclick=owned=1>x</b>", "onclick"),
            ("<img alt=x>", "<img"),
        ] {
            window.go(&format!("data:text/html,{body}")).await?;
            let foreign = window.evaluate(FOREIGN).await?.to_string();
            assert!(foreign.contains(found), "{body}: {foreign}");
        }
        Ok(())
    })
}

/// What strangers' pages put into frames; the first can be framed.
const FRAMED: &[&str] = &[
    "/lure",
    "/page/",
    "/page/calendars/google/disconnect/",
    "/page/open/",
    "/done/?status=connected",
    "/healthz",
    "/api/openapi.json",
    "/api/calendar/",
    "/nothing",
];

/// All of them, of the host by its address, whatever name this page was asked for by.
async fn frames(headers: HeaderMap) -> Html<String> {
    let host = headers.get("host").and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default().replace("localhost", "127.0.0.1");
    let frame = |path: &&str| format!("<iframe src='http://{host}{path}'></iframe>");
    Html(FRAMED.iter().map(frame).collect())
}

#[test]
fn case_37_nothing_of_the_host_shows_in_a_frame() -> Result<(), Failure> {
    in_browser(async |window| {
        let platform = Router::new()
            .route("/lure", get(|| async { "a prize" }))
            .route("/frames", get(frames));
        let world = World::start_with(WorldOptions {
            platform: Some(platform),
            ..WorldOptions::default()
        })
        .await?;
        open(window, &world).await?;
        // From a page of the same origin, and from one of another site.
        let other = world.url.replace("127.0.0.1", "localhost");
        for origin in [&world.url, &other] {
            window.go(&format!("{origin}/frames")).await?;
            for (at, path) in FRAMED.iter().enumerate() {
                let shown = window.framed(u16::try_from(at)?).await?;
                let is_shown = !shown.starts_with("chrome-error:");
                assert_eq!(is_shown, *path == "/lure", "{path} shows {shown}");
            }
        }
        Ok(())
    })
}
