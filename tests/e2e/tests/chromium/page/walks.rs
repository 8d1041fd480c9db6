//! What Google and Outlook have in common: connecting, refusing, disconnecting, reconnecting.
//! Every state on the way is fit for a desktop and for a phone at night.

use super::{BOOKING, Provider, USER, connect, consent, open, put_booking};
use crate::{Failure, lent::in_browser, window::Window};
use calport_e2e::World;
use calport_standins::{Behaviour, Fault};

async fn come_and_go(window: &Window, provider: Provider) -> Result<(), Failure> {
    let world = World::start().await?;
    let label = provider.label();
    put_booking(&world, 1, "Deep clean").await?;
    open(window, &world).await?;
    window.sees("Not in a connected calendar").await?;
    window.is_fit("nothing is connected").await?;

    connect(window, provider).await?;
    world.settled(BOOKING, USER).await?;
    window
        .comes_to_see(&format!("{label}: in your calendar"))
        .await?;
    window.is_fit("connected").await?;
    assert_eq!(provider.events(&world).len(), 1);

    window
        .press(&format!("Choose another calendar: {label}"))
        .await?;
    window.sees("Where should your bookings go?").await?;
    window.is_fit("choosing a calendar").await?;
    window.press("Cancel").await?;

    for (choice, said, left) in [
        (
            "remove",
            format!("{label} is disconnected, and our entries are removed."),
            0,
        ),
        (
            "keep",
            format!("{label} is disconnected. Our entries stay in it"),
            1,
        ),
    ] {
        window.press(&format!("Disconnect: {label}")).await?;
        window.sees(&format!("Disconnect {label}?")).await?;
        window.is_fit("asking before disconnecting").await?;
        window
            .click(&format!("input[name=events][value={choice}]"))
            .await?;
        window.press("Disconnect").await?;
        window.sees(&said).await?;
        window.is_fit("disconnected").await?;
        assert_eq!(provider.events(&world).len(), left, "{choice}");
        // Microsoft has no way to end a grant; there it is only forgotten.
        if provider == Provider::Google {
            assert_eq!(provider.live_grants(&world), 0, "{choice}");
        }
        if choice == "remove" {
            connect(window, provider).await?;
            world.settled(BOOKING, USER).await?;
        }
    }
    Ok(())
}

async fn say_no(window: &Window, provider: Provider) -> Result<(), Failure> {
    let world = World::start().await?;
    let label = provider.label();
    open(window, &world).await?;
    window.press(&format!("Connect {label}")).await?;
    window.click("button[name=decision][value=cancel]").await?;
    window
        .sees(&format!(
            "Nothing was connected, because you said no at {label}."
        ))
        .await?;
    window.is_fit("refused").await?;
    assert_eq!(provider.live_grants(&world), 0);
    // It says how to go on, and so it goes.
    connect(window, provider).await
}

/// The box unticked where there are boxes. Microsoft has none; there the same comes as a
/// grant of less than was asked for.
async fn leave_a_box_unticked(window: &Window, provider: Provider) -> Result<(), Failure> {
    let world = World::start().await?;
    let label = provider.label();
    open(window, &world).await?;
    window.press(&format!("Connect {label}")).await?;
    match provider {
        Provider::Google => window.click("input[name=scope][value$='owned']").await?,
        Provider::Outlook => {
            let less = Behaviour::scopes(&["User.Read"]);
            let fault = Fault::on("POST", provider.token_path()).behaviour(less);
            world.outlook.faults().add(fault);
        }
    }
    consent(window, provider.account()).await?;
    window
        .sees(&format!("because a box was left unticked at {label}."))
        .await?;
    window.is_fit("a box was left unticked").await?;
    connect(window, provider).await
}

async fn mend_a_dead_grant(window: &Window, provider: Provider) -> Result<(), Failure> {
    let world = World::start().await?;
    let label = provider.label();
    put_booking(&world, 1, "Deep clean").await?;
    open(window, &world).await?;
    connect(window, provider).await?;
    world.settled(BOOKING, USER).await?;
    provider.kill_grant(&world);
    put_booking(&world, 2, "Deeper clean").await?;
    let state = world.settled(BOOKING, USER).await?;
    assert_eq!(state["state"], "needs_reconnect");
    open(window, &world).await?;
    window
        .sees(&format!(
            "{label} no longer accepts our access to your account"
        ))
        .await?;
    window.sees(&format!("{label}: reconnect")).await?;
    window.is_fit("the grant is dead").await?;
    window.press(&format!("Reconnect {label}")).await?;
    window.sees("Choose an account").await?;
    let hinted = window
        .evaluate("document.querySelector('input[name=account]:checked')?.value")
        .await?;
    assert_eq!(hinted, provider.account(), "the account that they had");
    consent(window, provider.account()).await?;
    window.sees(&format!("{label} is connected.")).await?;
    let state = world.settled(BOOKING, USER).await?;
    assert_eq!(state["state"], "in_calendar");
    window
        .comes_to_see(&format!("{label}: in your calendar"))
        .await?;
    assert_eq!(provider.events(&world).len(), 1, "neither lost nor twice");
    Ok(())
}

/// The provider is down, then the chosen calendar's bookings fail: nobody is blamed.
async fn see_a_provider_fail(window: &Window, provider: Provider) -> Result<(), Failure> {
    let world = World::start().await?;
    let label = provider.label();
    open(window, &world).await?;
    let broken = Fault::on("POST", provider.token_path())
        .always()
        .behaviour(Behaviour::error(401, "invalid_client"));
    provider.standin(&world).faults().add(broken);
    window.press(&format!("Connect {label}")).await?;
    consent(window, provider.account()).await?;
    window
        .sees(&format!("{label} is temporarily unavailable."))
        .await?;
    window.is_fit("the app's credentials are refused").await
}

#[test]
fn google_is_connected_and_disconnected_with_our_entries_removed_or_kept() -> Result<(), Failure> {
    in_browser(async |window| come_and_go(window, Provider::Google).await)
}

#[test]
fn outlook_is_connected_and_disconnected_with_our_entries_removed_or_kept() -> Result<(), Failure> {
    in_browser(async |window| come_and_go(window, Provider::Outlook).await)
}

#[test]
fn saying_no_at_google_is_explained_and_can_be_taken_back() -> Result<(), Failure> {
    in_browser(async |window| say_no(window, Provider::Google).await)
}

#[test]
fn saying_no_at_outlook_is_explained_and_can_be_taken_back() -> Result<(), Failure> {
    in_browser(async |window| say_no(window, Provider::Outlook).await)
}

#[test]
fn a_box_left_unticked_at_google_is_explained() -> Result<(), Failure> {
    in_browser(async |window| leave_a_box_unticked(window, Provider::Google).await)
}

#[test]
fn a_smaller_grant_of_outlook_is_explained() -> Result<(), Failure> {
    in_browser(async |window| leave_a_box_unticked(window, Provider::Outlook).await)
}

#[test]
fn a_dead_grant_of_google_is_reconnected_and_loses_nothing() -> Result<(), Failure> {
    in_browser(async |window| mend_a_dead_grant(window, Provider::Google).await)
}

#[test]
fn a_dead_grant_of_outlook_is_reconnected_and_loses_nothing() -> Result<(), Failure> {
    in_browser(async |window| mend_a_dead_grant(window, Provider::Outlook).await)
}

#[test]
fn refused_credentials_of_google_blame_no_user() -> Result<(), Failure> {
    in_browser(async |window| see_a_provider_fail(window, Provider::Google).await)
}

#[test]
fn refused_credentials_of_outlook_blame_no_user() -> Result<(), Failure> {
    in_browser(async |window| see_a_provider_fail(window, Provider::Outlook).await)
}
