//! The settings page, as the HTTP of a browser sees it. What only a real one does is tested in
//! Chromium.

mod bookings;
mod calendars;
mod opening;
mod progress;
mod returning;
mod safety;
mod sentences;
mod switching;
mod visiting;
