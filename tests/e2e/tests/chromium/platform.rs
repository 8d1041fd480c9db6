//! A platform's own page, with the README's own code in it.

use crate::{Failure, lent::in_browser};
use axum::{
    Router,
    extract::RawQuery,
    http::HeaderMap,
    response::{Html, Redirect},
    routing::get,
};
use calport_e2e::{PLATFORM_TOKEN, World, WorldOptions, token};
use reqwest::StatusCode;
use serde_json::{Value, json};

const README: &str = include_str!("../../../../README.md");

/// The block of the README in this language that begins so.
fn block(language: &str, beginning: &str) -> Result<&'static str, Failure> {
    let fence = format!("```{language}\n{beginning}");
    let start = README
        .find(&fence)
        .ok_or("the README has lost its example")?;
    let code = README.get(start + language.len() + 4..).unwrap_or_default();
    Ok(code.split("```").next().unwrap_or_default())
}

/// What the platform serves. It gives the user's token to its own page alone.
fn platform() -> Result<Router, Failure> {
    let claims = json!({"sub": "ann", "exp": 4_000_000_000_u64});
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Platform</title>
         <main><h1>Platform</h1><button id=connect>Connect</button> {link} <p id=said></p></main>
         <script type=module>
           const token = {token:?};
           const showMessage = (...words) => {{ said.textContent = words.join(' / '); }};
           connect.onclick = async () => {{ {code} }};
         </script>",
        link = block("html", "<a href=\"/calendar-settings\"")?,
        code = block("js", "// A button of the platform's own.")?,
        token = token(&claims)?,
    );
    Ok(Router::new()
        .route("/platform", get(|| async { Html(page) }))
        .route("/settings", get(settings))
        .route("/calendar-settings", get(calendar_settings)))
}

async fn settings(RawQuery(query): RawQuery) -> String {
    format!("back with {}", query.unwrap_or_default())
}

/// As the README's route does: asks for a one-time URL, and sends the browser there.
async fn calendar_settings(headers: HeaderMap) -> Result<Redirect, StatusCode> {
    let failed = |_| StatusCode::BAD_GATEWAY;
    let host = headers.get("host").and_then(|host| host.to_str().ok());
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .map_err(failed)?;
    let reply = client
        .post(format!(
            "http://{}/api/page-sessions/",
            host.unwrap_or_default()
        ))
        .bearer_auth(PLATFORM_TOKEN)
        .json(&json!({"user": "ann", "name": "Ann Example"}))
        .send()
        .await
        .map_err(failed)?;
    let reply: Value = reply.json().await.map_err(failed)?;
    Ok(Redirect::to(reply["url"].as_str().unwrap_or_default()))
}

#[test]
fn the_readmes_button_connects_and_its_link_opens_the_settings_page() -> Result<(), Failure> {
    in_browser(async |window| {
        let world = World::start_with(WorldOptions {
            platform: Some(platform()?),
            ..WorldOptions::default()
        })
        .await?;
        window.go(&format!("{}/platform", world.url)).await?;
        window.press("Connect").await?;
        window.click("button[name=decision][value=allow]").await?;
        window.sees("back with").await?;
        window.sees("status=connected").await?;
        window.sees("provider=google").await?;
        window.go(&format!("{}/platform", world.url)).await?;
        window.press("Calendar settings").await?;
        window.sees("Settings of Ann Example").await?;
        window.sees("Google Calendar").await?;
        window.sees("casey.customer@gmail.example").await
    })
}

#[test]
fn the_readmes_button_says_what_keeps_it_from_connecting() -> Result<(), Failure> {
    in_browser(async |window| {
        let world = World::start_with(WorldOptions {
            platform: Some(platform()?),
            settings: vec![("GOOGLE_CLIENT_SECRET".to_owned(), String::new())],
            ..WorldOptions::default()
        })
        .await?;
        window.go(&format!("{}/platform", world.url)).await?;
        window.press("Connect").await?;
        window.sees(" / ").await?;
        let said = window
            .evaluate("document.getElementById('said').textContent")
            .await?;
        let said = said.as_str().unwrap_or_default();
        let parts: Vec<_> = said.split(" / ").collect();
        assert!(
            parts.len() == 2 && !said.contains("undefined") && !parts.contains(&""),
            "a title and what to do: {said}"
        );
        Ok(())
    })
}
