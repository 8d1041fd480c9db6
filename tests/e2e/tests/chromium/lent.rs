//! One Chromium for all tests of this program, lent to one at a time: on a small machine,
//! starting it takes longer than most tests. The last to wait for it ends it.

use crate::{Failure, driver::Driver, window::Window};
use futures::FutureExt;
use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{runtime::Runtime, sync::Mutex};

/// The one that all tests share, so that the browser's connection outlives each of them.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("a runtime starts here"));

static BROWSER: Mutex<Option<Driver>> = Mutex::const_new(None);

/// Tests that have the browser or wait for it.
static USERS: AtomicUsize = AtomicUsize::new(0);

/// Runs a test in the browser, which is as new: no cookies, a wide window, light, with
/// scripts. Without a browser there is no test, which is said.
pub(crate) fn in_browser(
    test: impl AsyncFnOnce(&Window) -> Result<(), Failure>,
) -> Result<(), Failure> {
    USERS.fetch_add(1, Ordering::SeqCst);
    RUNTIME.block_on(async {
        let mut browser = BROWSER.lock().await;
        let outcome = AssertUnwindSafe(run(&mut browser, test))
            .catch_unwind()
            .await;
        let is_last = USERS.fetch_sub(1, Ordering::SeqCst) == 1;
        // One that a test has failed in may hang in a dialog or be gone.
        let is_well = matches!(outcome, Ok(Ok(())));
        if let Some(driver) = browser.take_if(|_| is_last || !is_well) {
            driver.stop().await;
        }
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    })
}

async fn run(
    browser: &mut Option<Driver>,
    test: impl AsyncFnOnce(&Window) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if browser.is_none() {
        *browser = Driver::start().await?;
    }
    let Some(driver) = browser else {
        return Ok(());
    };
    let window = Window::new(driver.client().clone()).await?;
    test(&window).await
}
