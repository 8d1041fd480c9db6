//! What names may resolve to: the filter stands before every connect, for names and for literals.

use super::server::{Server, ok};
use super::*;

#[tokio::test]
async fn a_name_that_leads_to_special_addresses_only_is_refused() {
    let home = Server::answering(|_, _| ok("reached")).await;
    let url = format!("https://rebound.example:{}/", home.address.port());
    for addresses in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["0.0.0.0"],
        &["10.0.0.1", "192.168.0.1", "fd00::1", "169.254.169.254"],
    ] {
        let resolver = FakeResolver::new(&[("rebound.example", addresses)]);
        // Granting loopback grants it to `localhost` and literals, not to whatever a name means.
        let egress = Egress::builder(allowed(&[&url]))
            .limits(limits())
            .resolver(resolver.clone())
            .build()
            .unwrap();
        let refused = egress.send(get(&url)).await.unwrap_err();
        assert_eq!(refused, EgressError::AddressRefused, "{addresses:?}");
        assert!(!refused.was_sent());
        assert_eq!(resolver.calls(), 1);
    }
    assert_eq!(home.connects().await, 0);
}

#[tokio::test]
async fn localhost_is_this_machine_whatever_the_resolver_says() {
    for address in ["10.0.0.1", "8.8.8.8", "169.254.169.254", "0.0.0.0"] {
        let resolver = FakeResolver::new(&[("localhost", &[address])]);
        let list = allowed(&["http://localhost:9"]);
        let egress = Egress::builder(list)
            .limits(limits())
            .resolver(resolver)
            .build()
            .unwrap();
        let refused = egress.send(get("http://localhost:9/")).await.unwrap_err();
        assert_eq!(refused, EgressError::AddressRefused, "{address}");
    }
}

#[tokio::test]
async fn forbidden_addresses_of_a_name_are_left_out_and_the_name_is_resolved_once() {
    let home = Server::answering(|_, _| ok("reached")).await;
    let resolver = FakeResolver::new(&[(
        "localhost",
        &["10.255.255.1", "fd00::1", "127.0.0.1", "0.0.0.0"],
    )]);
    let url = format!("http://LocalHost:{}/", home.address.port());
    let egress = Egress::builder(allowed(&[&url]))
        .limits(limits())
        .resolver(resolver.clone())
        .build()
        .unwrap();
    for _ in 0..3 {
        assert_eq!(
            text(egress.send(get(&url)).await.unwrap()).await.unwrap(),
            "reached"
        );
    }
    assert_eq!(home.connects().await, 1);
    assert_eq!(*resolver.asked.lock().unwrap(), ["localhost"]);
}

#[tokio::test]
async fn a_literal_is_filtered_although_it_is_never_resolved() {
    use crate::egress::connect::{ConnectFault, Connector};
    use tower_service::Service;

    let tls = crate::egress::client::trusting(Vec::new()).unwrap();
    let resolver = FakeResolver::new(&[]);
    // Below the allow-list, as if that had let one through.
    let mut connector = Connector::new(resolver.clone(), tls, PATIENCE, None);
    for literal in [
        "http://10.0.0.1:9/",
        "https://169.254.169.254/",
        "http://[::ffff:127.0.0.1]:9/",
        "https://[fd00::1]/",
        "http://0.0.0.0:9/",
    ] {
        let refused = connector.call(literal.parse().unwrap()).await.err();
        assert_eq!(refused, Some(ConnectFault::AddressRefused), "{literal}");
    }
    assert_eq!(resolver.calls(), 0);
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_a_dns_failure() {
    let resolver = FakeResolver::new(&[("empty.example", &[])]);
    let list = allowed(&["https://unknown.example", "https://empty.example"]);
    let egress = Egress::builder(list)
        .limits(limits())
        .resolver(resolver)
        .build()
        .unwrap();
    for url in ["https://unknown.example/", "https://empty.example/"] {
        assert_eq!(
            egress.send(get(url)).await.unwrap_err(),
            EgressError::DnsFailed
        );
    }
}

#[tokio::test]
async fn the_systems_resolver_knows_this_machine() {
    let home = Server::answering(|_, _| ok("reached")).await;
    let url = format!("http://localhost:{}/", home.address.port());
    let egress = Egress::builder(allowed(&[&url]))
        .limits(limits())
        .build()
        .unwrap();
    assert_eq!(
        text(egress.send(get(&url)).await.unwrap()).await.unwrap(),
        "reached"
    );
}

#[tokio::test]
async fn a_closed_port_is_a_failed_connect() {
    let home = Server::answering(|_, _| ok("")).await;
    let (egress, url) = (egress_to(&home, limits()), home.url("/"));
    let address = home.address;
    drop(home);
    // The listener closes when its task has been dropped: until then connects may still succeed.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        egress.send(get(&url)).await.unwrap_err(),
        EgressError::ConnectFailed
    );
}

#[tokio::test]
async fn an_operators_own_name_may_mean_this_machine_and_plain_http_never_a_public_host() {
    let home = Server::answering(|_, _| ok("reached")).await;
    let port = home.address.port();
    let url = format!("http://platform.internal:{port}/hooks");
    for (addresses, reached) in [
        (&["127.0.0.1"][..], true),
        (&["8.8.8.8", "169.254.169.254", "127.0.0.1"], true),
        (&["8.8.8.8"], false),
        (&["169.254.169.254", "0.0.0.0", "::ffff:127.0.0.1"], false),
    ] {
        let egress = Egress::builder(AllowList::operators_own(&url).unwrap())
            .limits(limits())
            .resolver(FakeResolver::new(&[("platform.internal", addresses)]))
            .build()
            .unwrap();
        let sent = egress.send(get(&url)).await;
        match reached {
            true => assert_eq!(text(sent.unwrap()).await.unwrap(), "reached"),
            false => assert_eq!(sent.unwrap_err(), EgressError::AddressRefused),
        }
        let elsewhere = format!("http://127.0.0.1:{port}/hooks");
        assert!(matches!(
            egress.send(get(&elsewhere)).await.unwrap_err(),
            EgressError::NotAllowed(_)
        ));
    }
    assert_eq!(home.connects().await, 2);
}
