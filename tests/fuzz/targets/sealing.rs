//! The sealer. Whatever a guest sends, a credential leaves in its own place alone, and whatever a
//! provider answers, the guest reads no credential.

#![no_main]

mod sealing {
    pub mod piece;
    pub mod reply;
    pub mod request;
}

use arbitrary::Arbitrary;
use calport_host::plugin::fuzzing::Border;
use libfuzzer_sys::{Corpus, fuzz_target};
use sealing::{
    reply::{ApiReply, TokenReply},
    request::Request,
};

thread_local! {
    static BORDER: Border = Border::default();
}

#[derive(Arbitrary, Debug)]
enum Exchange {
    Request(Request),
    TokenReply(TokenReply),
    ApiReply(ApiReply),
}

fuzz_target!(|exchanges: Vec<Exchange>| -> Corpus {
    // An input that holds a canary by itself shows nothing.
    if format!("{exchanges:?}").contains(calport_fuzz::CANARY) {
        return Corpus::Reject;
    }
    BORDER.with(|border| {
        let call = border.call();
        let mut has_learned = false;
        for exchange in exchanges.into_iter().take(4) {
            match exchange {
                Exchange::Request(request) => request.check(&call),
                Exchange::TokenReply(reply) => {
                    reply.check(&call);
                    has_learned = true;
                }
                Exchange::ApiReply(reply) => reply.check(&call, has_learned),
            }
        }
    });
    Corpus::Keep
});
