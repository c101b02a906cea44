//! What a lesser role sees.

use std::collections::HashSet;

use super::client::{all, get, sim};
use crate::{Options, Role};

#[tokio::test]
async fn without_a_role_lists_are_empty_and_reads_are_404() {
    let sim = sim(20, Options::default()).await;
    let (user, group) = sim.with(|org| {
        let user = org.users().next().unwrap().id.clone();
        org.deactivate(&user);
        (user, org.everyone().to_owned())
    });
    sim.set_role(Role::None);
    for list in ["users?search=status+pr", "users", "groups", "apps", "logs"] {
        let reply = get(&sim, &format!("/api/v1/{list}")).await;
        assert_eq!((reply.status, reply.body.as_slice()), (200, &b"[]"[..]), "{list}");
    }
    for object in [format!("users/{user}"), format!("users/{user}/groups"), format!("groups/{group}")] {
        assert_eq!(get(&sim, &format!("/api/v1/{object}")).await.status, 404, "{object}");
    }
}

#[tokio::test]
async fn a_limited_role_gets_short_lists_without_a_hint() {
    let sim = sim(60, Options::default()).await;
    let (seen, hidden, group, everyone) = sim.with(|org| {
        let ids: Vec<_> = org.users().map(|user| user.id.clone()).collect();
        let group = org.group_by_name("All Employees").unwrap().id.clone();
        (ids[..10].to_vec(), ids[10].clone(), group, org.everyone().to_owned())
    });
    let mut visible: HashSet<String> = seen.iter().cloned().collect();
    visible.extend([group.clone(), everyone.clone()]);
    sim.set_role(Role::Only(visible));
    assert_eq!(all(&sim, "/api/v1/users?search=status+pr&limit=3").await.len(), 10);
    assert_eq!(all(&sim, "/api/v1/groups").await, std::slice::from_ref(&group));
    assert_eq!(get(&sim, &format!("/api/v1/groups/{everyone}")).await.status, 404);
    assert_eq!(get(&sim, &format!("/api/v1/users/{hidden}")).await.status, 404);
    assert_eq!(get(&sim, &format!("/api/v1/users/{}", seen[0])).await.status, 200);
    let members = all(&sim, &format!("/api/v1/groups/{group}/users")).await;
    assert!(members.iter().all(|id| seen.contains(id)));
}

#[tokio::test]
async fn some_roles_are_refused_in_parts() {
    let sim = sim(5, Options::default()).await;
    sim.set_role(Role::NoLog);
    let refused = get(&sim, "/api/v1/logs").await;
    assert_eq!((refused.status, refused.error_code().as_str()), (403, "E0000006"));
    assert_eq!(get(&sim, "/api/v1/groups").await.status, 200);
    sim.set_role(Role::NoGroups);
    assert_eq!(get(&sim, "/api/v1/groups").await.status, 403);
    assert_eq!(get(&sim, "/api/v1/logs").await.status, 200);
    sim.set_role(Role::NoSchemas);
    for path in ["/api/v1/meta/schemas/user/default", "/api/v1/meta/types/user"] {
        let refused = get(&sim, path).await;
        assert_eq!((refused.status, refused.error_code().as_str()), (403, "E0000006"), "{path}");
    }
    assert_eq!(get(&sim, "/api/v1/groups").await.status, 200);
}
