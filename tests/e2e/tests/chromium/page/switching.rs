//! Agreeing with another account than the one that is connected: the page asks first.

use super::{BOOKING, Provider, USER, connect, consent, open, put_booking};
use crate::{Failure, lent::in_browser, window::Window};
use calport_e2e::{
    World,
    accounts::{SAM, WORK},
};

async fn agree_with_another_account(window: &Window, provider: Provider) -> Result<(), Failure> {
    let world = World::start().await?;
    let label = provider.label();
    let (old, new) = match provider {
        Provider::Google => (provider.account(), SAM),
        Provider::Outlook => (provider.account(), WORK),
    };
    put_booking(&world, 1, "Deep clean").await?;
    open(window, &world).await?;
    connect(window, provider).await?;
    world.settled(BOOKING, USER).await?;
    provider.kill_grant(&world);
    put_booking(&world, 2, "Deeper clean").await?;
    world.settled(BOOKING, USER).await?;
    open(window, &world).await?;

    window.press(&format!("Reconnect {label}")).await?;
    consent(window, new).await?;
    window.sees("Which account shall it be?").await?;
    window
        .sees(&format!("You have just agreed with {new}."))
        .await?;
    window.is_fit("asked which account it shall be").await?;
    window.press(&format!("Stay with {old}")).await?;
    window
        .sees("stays connected with the account that you had")
        .await?;
    window.is_fit("stayed").await?;

    window.press(&format!("Reconnect {label}")).await?;
    consent(window, new).await?;
    window.press(&format!("Switch to {new}")).await?;
    window
        .sees("is now connected with the other account")
        .await?;
    window.is_fit("switched").await?;
    let state = world.settled(BOOKING, USER).await?;
    assert_eq!(state["state"], "in_calendar", "{state}");
    let events = match provider {
        Provider::Google => world.google.events(new, "primary"),
        Provider::Outlook => world.outlook.events(new, "Calendar"),
    };
    assert_eq!(events.len(), 1);
    Ok(())
}

#[test]
fn case_10_another_account_of_google_is_asked_about_first() -> Result<(), Failure> {
    in_browser(async |window| agree_with_another_account(window, Provider::Google).await)
}

#[test]
fn case_10_another_account_of_outlook_is_asked_about_first() -> Result<(), Failure> {
    in_browser(async |window| agree_with_another_account(window, Provider::Outlook).await)
}
