//! Apple Calendar, and all others: a private address.

use super::{open, put_booking};
use crate::{Failure, lent::in_browser, window::Window};
use calport_e2e::World;
use reqwest::StatusCode;

async fn address(window: &Window) -> Result<String, Failure> {
    let address = window
        .evaluate("document.getElementById('address').value")
        .await?;
    Ok(address.as_str().ok_or("no address")?.to_owned())
}

async fn answers(address: &str) -> Result<StatusCode, Failure> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    Ok(client.get(address).send().await?.status())
}

#[test]
fn a_private_address_is_copied_made_anew_and_ended() -> Result<(), Failure> {
    in_browser(async |window| {
        let world = World::start().await?;
        put_booking(&world, 1, "Deep clean").await?;
        open(window, &world).await?;
        window.press("Create a private address").await?;
        window.sees("It is shown only now.").await?;
        window.is_fit("the private address").await?;
        let first = address(window).await?;
        let code = window
            .evaluate("document.querySelector('svg[role=img]').getBoundingClientRect().width")
            .await?;
        assert!(code.as_f64().is_some_and(|width| width >= 150.0), "{code}");

        window.allow_clipboard(&world.url).await?;
        window.press("Copy").await?;
        window.sees("Copied").await?;
        let copied = window.evaluate("navigator.clipboard.readText()").await?;
        assert_eq!(copied, *first);
        assert_eq!(answers(&first).await?, StatusCode::OK);

        window.press("Done").await?;
        window.sees("Private address in use").await?;
        window.sees("Last fetched by an app:").await?;
        window.is_fit("an address is in use").await?;
        window.press("Create a further address").await?;
        window.sees("It is shown only now.").await?;
        let second = address(window).await?;
        assert_ne!(first, second);
        assert_eq!(answers(&second).await?, StatusCode::OK);

        window.press("Done").await?;
        window.press("End all addresses").await?;
        window.sees("All private addresses have ended.").await?;
        window.is_fit("all addresses have ended").await?;
        for ended in [first, second] {
            assert_eq!(answers(&ended).await?, StatusCode::NOT_FOUND);
        }
        Ok(())
    })
}
