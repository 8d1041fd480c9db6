//! Other ways of using the page: by keyboard alone, without scripts, in German on a phone.

use super::{Provider, connect, open, put_booking};
use crate::{Failure, lent::in_browser, window::PHONE_AT_NIGHT};
use calport_e2e::World;
use fantoccini::key::Key;

#[test]
fn everything_can_be_done_by_keyboard_with_the_focus_in_sight() -> Result<(), Failure> {
    in_browser(async |window| {
        let world = World::start().await?;
        open(window, &world).await?;
        window.tab_to("Connect Google Calendar").await?;
        window.key(Key::Enter).await?;
        window.sees("wants access to your Google account").await?;
        window.tab_to("Allow").await?;
        window.key(Key::Enter).await?;
        window.sees("Google Calendar is connected.").await?;
        window.tab_to("Disconnect: Google Calendar").await?;
        window.key(Key::Enter).await?;
        window.sees("Disconnect Google Calendar?").await?;
        window.tab_to("Remove them from the calendar.").await?;
        window.key(Key::Down).await?;
        window.tab_to("Disconnect").await?;
        window.key(Key::Enter).await?;
        window.sees("Our entries stay in it").await?;
        window.tab_to("The exact permissions").await?;
        window.key(Key::Enter).await?;
        window.sees("calendar.events.owned").await
    })
}

#[test]
fn without_scripts_everything_works_and_the_address_is_copied_by_hand() -> Result<(), Failure> {
    in_browser(async |window| {
        window.scripts(false).await?;
        let world = World::start().await?;
        put_booking(&world, 1, "Deep clean").await?;
        open(window, &world).await?;
        connect(window, Provider::Google).await?;
        window
            .comes_to_see("Google Calendar: in your calendar")
            .await?;
        window.press("Create a private address").await?;
        window.sees("It is shown only now.").await?;
        let shown = window.text().await?;
        assert!(!shown.contains("Copy"), "a button that does nothing");
        window.press("Done").await?;
        window.press("Disconnect: Google Calendar").await?;
        window.press("Disconnect").await?;
        window.sees("and our entries are removed.").await?;
        window.press("Close settings").await?;
        window.sees("Your settings are closed").await?;
        window.scripts(true).await?;
        window.is_fit("closed").await
    })
}

#[test]
fn longer_words_fit_a_phone_too() -> Result<(), Failure> {
    in_browser(async |window| {
        let world = World::start().await?;
        put_booking(
            &world,
            1,
            "Donaudampfschifffahrtsgesellschaftskapitänskajütenreinigung",
        )
        .await?;
        window.screen(PHONE_AT_NIGHT).await?;
        open(window, &world).await?;
        window.press("Deutsch").await?;
        window.sees("Ihre Buchungen in Ihrem Kalender").await?;
        window.is_fit("in German").await?;
        window.press("Google Calendar verbinden").await?;
        window.click("button[name=decision][value=cancel]").await?;
        window.sees("Nichts wurde verbunden").await?;
        window.is_fit("refused, in German").await
    })
}
