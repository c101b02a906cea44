//! What goes over the wire and comes back when nothing is wrong.

use super::super::query::PageRequest;
use super::super::{Deletions, Everyone};
use super::server::{Server, TOKEN, answer, date};
use crate::clock;
use crate::model::{Attributes, ObjectKind};

fn users() -> PageRequest {
    PageRequest::users_created(None, None, &Attributes { whole_profile: true, ..Attributes::default() })
}

#[tokio::test]
async fn a_page_is_asked_for_and_read() {
    let link = "link: <http://127.0.0.1:1/api/v1/users?after=a%2Cb&limit=200>; rel=\"next\"\r\n";
    let server = Server::start(vec![answer(200, "", "[{\"id\":\"1\"}]")]).await;
    let okta = server.okta(None);
    let page = okta.page(&users()).await.unwrap();
    assert_eq!((page.objects.len(), &page.next), (1, &None));
    assert!(page.date.since(okta.now()).as_secs() < 2 && okta.now().since(page.date).as_secs() < 3);

    let head = server.requests().remove(0).to_ascii_lowercase();
    assert!(head.starts_with("get /api/v1/users?search=status+pr&sortby=created&sortorder=asc&limit=200&fields="));
    for header in [
        &format!("authorization: ssws {}\r\n", TOKEN.to_ascii_lowercase()),
        "accept: application/json\r\n",
        "content-type: application/json; okta-response=\"omitcredentials,omitcredentialslinks,omittransitioningtostatus\"\r\n",
        "user-agent: rollcall/",
        "accept-encoding: gzip",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    let used = okta.used();
    assert_eq!((used.calls, used.throttled, used.retried, used.bytes), (1, 0, 0, 12));
    assert_eq!(okta.calls_left(), 5_000);

    // A link to another port is a link to another host.
    let server = Server::start(vec![answer(200, link, "[{\"id\":\"1\"}]")]).await;
    let error = server.okta(None).page(&users()).await.unwrap_err();
    assert_eq!(error.problem().kind, "urn:rollcall:problem:okta-bad-link");
}

#[tokio::test]
async fn a_listing_goes_from_page_to_page() {
    let link = "link: </api/v1/users?limit=200>; rel=\"self\"\r\nlink: </api/v1/users?after=2>; rel=\"next\"\r\n";
    let server = Server::start(vec![answer(200, link, "[]"), answer(200, link, "[{\"id\":\"1\"}]")]).await;
    let okta = server.okta(None);
    let next = okta.page(&users()).await.unwrap().next.unwrap();
    assert!(next.as_str().starts_with("/api/v1/users?after=2&search=status+pr&sortBy=created&"));
    // The second page links to itself: an error, and not an endless listing.
    let error = okta.page(&next).await.unwrap_err();
    assert_eq!(error.to_string(), "GET /api/v1/users: the link to the next page leads to this page again");
    assert_eq!(server.targets()[1], next.as_str());
}

#[tokio::test]
async fn one_user_is_there_or_not_visible() {
    let missing = r#"{"errorCode":"E0000007","errorSummary":"Not found: 00u2 (User)"}"#;
    let server = Server::start(vec![answer(200, "", "{\"id\":\"00u1\"}"), answer(404, "", missing)]).await;
    let okta = server.okta(None);
    assert_eq!(&*okta.user("00u1").await.unwrap().unwrap().text, "{\"id\":\"00u1\"}");
    assert_eq!(okta.user("a/../b").await.unwrap(), None);
    assert_eq!(okta.user("..").await.unwrap(), None);
    assert_eq!(server.targets(), ["/api/v1/users/00u1", "/api/v1/users/a%2F..%2Fb"]);
}

#[tokio::test]
async fn a_user_of_no_org_is_not_deleted() {
    let server = Server::start(vec![answer(404, "", "{\"status\":404,\"message\":\"Resource not found\"}")]).await;
    let error = server.okta(None).user("00u1").await.unwrap_err();
    assert_eq!(error.problem().kind, "urn:rollcall:problem:okta-unknown-org");
}

#[tokio::test]
async fn the_org_is_asked_who_it_is_without_the_credential() {
    let body = r#"{"id":"00o1","cell":"op3","pipeline":"idx"}"#;
    let server = Server::start(vec![answer(200, "", body), answer(200, "", "<html>")]).await;
    let okta = server.okta(None);
    let organization = okta.organization().await.unwrap();
    assert_eq!((organization.id.as_str(), organization.pipeline.as_deref()), ("00o1", Some("idx")));
    assert!(!server.requests()[0].to_ascii_lowercase().contains("authorization"));
    let error = okta.organization().await.unwrap_err();
    assert_eq!(error.problem().kind, "urn:rollcall:problem:okta-unknown-org");
}

#[tokio::test]
async fn everyone_is_looked_for_on_every_page() {
    let link = "link: </api/v1/groups?after=2>; rel=\"next\"\r\n";
    let everyone = r#"[{"type":"BUILT_IN","profile":{"name":"Everyone"},"_embedded":{"stats":{"usersCount":9}}}]"#;
    let server = Server::start(vec![
        answer(200, link, "[]"),
        answer(200, "", everyone),
        answer(200, "", "[]"),
        answer(403, "", r#"{"errorCode":"E0000006","errorSummary":"You do not have permission"}"#),
    ])
    .await;
    let okta = server.okta(None);
    assert_eq!(okta.everyone().await.unwrap(), Everyone::Visible { users: Some(9) });
    assert_eq!(okta.everyone().await.unwrap(), Everyone::NotThere);
    assert!(matches!(okta.everyone().await.unwrap(), Everyone::NotPermitted(why) if why.detail.contains("E0000006")));
    assert_eq!(server.targets()[0], "/api/v1/groups?filter=type+eq+%22BUILT_IN%22&expand=stats&limit=200");
}

#[tokio::test]
async fn deletions_are_read_to_the_end_of_the_log() {
    let event = |published: &str, id: &str| {
        format!(
            r#"{{"uuid":"{id}-{published}","eventType":"user.lifecycle.delete.initiated","published":"{published}",
                "target":[{{"type":"User","id":"{id}"}}],"outcome":{{"result":"SUCCESS"}}}}"#
        )
    };
    let now = clock::now();
    let (first, second) = (now.to_string(), now.after(std::time::Duration::from_secs(9)).to_string());
    let link = "link: </api/v1/logs?after=2>; rel=\"next\"\r\n";
    // The last page links to itself, as a poll would.
    let server = Server::start(vec![
        answer(200, link, &format!("[{},{},{{}}]", event(&second, "00u1"), event(&first, "00u1"))),
        answer(200, &link.replace("=2", "=3"), &format!("[{}]", event(&first, "00u2"))),
        answer(200, &link.replace("=2", "=3"), "[]"),
        answer(200, &link.replace("=2", "=3"), "[]"),
        answer(401, "", r#"{"errorCode":"E0000015","errorSummary":"You do not have permission"}"#),
    ])
    .await;
    let okta = server.okta(None);
    let week = now.before(std::time::Duration::from_secs(7 * 24 * 3_600));
    let Deletions::Known(found) = okta.deletions(ObjectKind::User, week).await.unwrap() else {
        panic!("the log can be read")
    };
    assert_eq!(found.len(), 2);
    assert_eq!((found["00u1"].to_string(), found["00u2"].to_string()), (second, first));
    assert!(matches!(okta.deletions(ObjectKind::User, week).await.unwrap(), Deletions::NotPermitted(_)));
    assert!(server.targets()[0].starts_with("/api/v1/logs?since=20"));
    assert!(server.targets()[2].contains("after=3") && !server.targets()[2].contains("since"));
    assert!(server.targets().iter().all(|target| !target.contains("until")), "a poll gives every event");
}

#[tokio::test]
async fn the_clock_follows_okta() {
    let ahead = clock::now().epoch_seconds() + 7_200;
    let reply = super::server::bare_answer(200, &format!("date: {}\r\n", date(ahead)), "[]");
    let server = Server::start(vec![reply]).await;
    let okta = server.okta(None);
    assert_eq!(okta.page(&users()).await.unwrap().date.epoch_seconds(), ahead);
    assert!((okta.now().epoch_seconds() - ahead).abs() <= 2);
}
