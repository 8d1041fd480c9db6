//! What a user has changed in their own calendar, and has put back from the page.

use super::{BOOKING, Provider, USER, connect, open, put_booking};
use crate::{Failure, lent::in_browser};
use calport_e2e::{World, accounts::CASEY};
use serde_json::json;

#[test]
fn what_a_user_has_moved_or_deleted_is_said_and_put_back_with_one_button() -> Result<(), Failure> {
    in_browser(async |window| {
        let world = World::start().await?;
        open(window, &world).await?;
        connect(window, Provider::Google).await?;
        put_booking(&world, 1, "Deep clean").await?;
        world.settled(BOOKING, USER).await?;
        let later = json!({
            "start": {"dateTime": "2031-12-02T10:00:00Z"},
            "end": {"dateTime": "2031-12-02T12:00:00Z"},
        });
        for (moved, said) in [
            (true, "Google Calendar: you moved it there"),
            (false, "Google Calendar: you deleted it there"),
        ] {
            let event = world.google.events(CASEY, "primary").remove(0);
            let id = event["id"].as_str().ok_or("no id")?;
            assert!(match moved {
                true => world.google.edit_event(CASEY, "primary", id, &later),
                false => world.google.delete_event(CASEY, "primary", id),
            });
            world.look(USER, "google").await?;
            open(window, &world).await?;
            window.sees(said).await?;
            window.is_fit(said).await?;
            window
                .press("Put it back in Google Calendar: Deep clean")
                .await?;
            window.sees("We are putting the booking back").await?;
            world.settled(BOOKING, USER).await?;
            open(window, &world).await?;
            window.sees("Google Calendar: in your calendar").await?;
        }
        Ok(())
    })
}
