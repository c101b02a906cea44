//! How a newer version of a secret is taken up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;

use super::super::access_tokens::AccessTokens;
use super::super::credential::{Credential, InUse};
use crate::model::{Auth, Secret};

/// A credential in use whose secret is read again as this; and how often it was.
fn in_use(newest: &'static str) -> (InUse, Arc<AtomicUsize>) {
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reads);
    let credential = Credential {
        auth: Auth::ApiToken { secret: "rollcall/acme".to_owned() },
        scopes: BTreeSet::new(),
        secret: Secret::new("00old"),
        read_again: Arc::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async {
                tokio::task::yield_now().await;
                Ok(Secret::new(newest))
            })
        }),
    };
    (InUse::begin(credential, "https://acme.okta.com", &AccessTokens::default()), reads)
}

#[tokio::test]
async fn of_several_who_are_refused_one_reads_the_secret_again() {
    for (newest, is_newer) in [("00newer", true), ("00old", false)] {
        let (in_use, reads) = in_use(newest);
        let (old, client) = (in_use.secret(), in_use.client());
        let found = join_all((0..8).map(|_| in_use.is_there_a_newer_than(&old))).await;
        assert!(found.into_iter().all(|found| found.unwrap() == is_newer), "{newest}");
        assert_eq!((reads.load(Ordering::Relaxed), in_use.secret()), (1, Secret::new(newest)));
        assert_eq!(in_use.client() != client, is_newer, "another token has a ceiling of its own");
    }
}
