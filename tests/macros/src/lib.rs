//! `#[each_database]`: one test of stored state, run on every kind of database.

use proc_macro::TokenStream;
use quote::{format_ident, quote};
use syn::{ItemFn, parse_macro_input};

/// Turns an `async fn` into two tests, `NAME_on_sqlite` and `NAME_on_postgres`. What it calls
/// for a database (`calport_databases::fresh`) gives one of that kind. Arguments go to
/// `tokio::test`, further attributes to both tests.
#[proc_macro_attribute]
pub fn each_database(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = proc_macro2::TokenStream::from(arguments);
    let mut body = parse_macro_input!(item as ItemFn);
    let attributes = std::mem::take(&mut body.attrs);
    let name = &body.sig.ident;
    let output = &body.sig.output;
    let tests = [("sqlite", "Sqlite"), ("postgres", "Postgres")].map(|(suffix, kind)| {
        let test = format_ident!("{name}_on_{suffix}");
        let kind = format_ident!("{kind}");
        quote! {
            #(#attributes)*
            #[::tokio::test(#arguments)]
            async fn #test() #output {
                ::calport_databases::on(::calport_databases::Kind::#kind, #name()).await
            }
        }
    });
    quote! { #(#tests)* #body }.into()
}
