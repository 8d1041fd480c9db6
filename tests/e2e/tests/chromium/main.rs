//! What a person does, in a real browser: Chromium, driven through WebDriver.
//!
//! Needs `chromium` and `chromedriver`. Where they are missing these tests say so, and in CI
//! they fail.

mod demo;
mod driver;
mod fitness;
mod lent;
mod page;
mod platform;
mod window;

type Failure = Box<dyn std::error::Error + Send + Sync>;
