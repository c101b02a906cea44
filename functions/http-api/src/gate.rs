//! Who asks, and whether they may.
//!
//! Behind API Gateway somebody has been let through already: by IAM, whose policies decide on methods and paths, or by the
//! JWT authorizer, which has checked the token and leaves it to us what its bearer may do. Whoever comes without either is
//! refused. On the loopback interface everybody is the machine's user, but no web page may act in that user's name.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lambda_http::aws_lambda_events::apigw::ApiGatewayRequestAuthorizer;
use lambda_http::request::RequestContext;
use url::{Host, Url};

use crate::endpoint::Endpoint;
use crate::refusal::Refusal;
use crate::roles::{Role, RoleGroups};

/// How it is told who asks.
#[derive(Debug, Clone)]
pub enum Gate {
    /// By what API Gateway says of the request.
    ApiGateway(Arc<RoleGroups>),
    /// By nothing: the endpoint is on the loopback interface of its user's machine.
    Loopback,
}

/// Lets a request through if whoever sent it may do what it asks for.
pub(crate) async fn admit(State(endpoint): State<Endpoint>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let needed = needed(&parts.method);
    match endpoint.gate.role(&parts) {
        Ok(role) if role >= needed => next.run(Request::from_parts(parts, body)).await,
        Ok(role) => Refusal::forbidden(role, needed).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// The role that a method needs: every GET reads, every POST has something done, the others change what is configured.
fn needed(method: &Method) -> Role {
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => Role::Reader,
        Method::POST => Role::Operator,
        _ => Role::Administrator,
    }
}

impl Gate {
    fn role(&self, request: &Parts) -> Result<Role, Refusal> {
        match self {
            Gate::ApiGateway(groups) => {
                let context = request.extensions.get::<RequestContext>();
                let Some(RequestContext::ApiGatewayV2(context)) = context else {
                    return Err(Refusal::unknown_caller());
                };
                role_of(groups, context.authorizer.as_ref(), request)
            }
            Gate::Loopback => of_this_machine(&request.headers).map(|()| Role::Administrator),
        }
    }
}

fn role_of(
    groups: &RoleGroups,
    authorizer: Option<&ApiGatewayRequestAuthorizer>,
    request: &Parts,
) -> Result<Role, Refusal> {
    let authorizer = authorizer.ok_or_else(Refusal::unknown_caller)?;
    let (role, who) = match (&authorizer.iam, &authorizer.jwt) {
        // The policies that let the request through name its method and path.
        (Some(iam), _) => (Role::Administrator, iam.user_id.as_deref()),
        // Okta's `uid` is an id; its `sub` is somebody's login, which belongs in no log.
        (None, Some(jwt)) => {
            (groups.role_of(&jwt.claims).ok_or_else(Refusal::no_role)?, jwt.claims.get("uid").map(String::as_str))
        }
        (None, None) => return Err(Refusal::unknown_caller()),
    };
    let (method, path) = (request.method.as_str(), request.uri.path());
    tracing::info!(method, path, role = role.word(), who = who.unwrap_or("unknown"), "request");
    Ok(role)
}

/// Refuses what a web page may have sent: one from elsewhere says so in `Origin`, and one whose name was made to lead here
/// (DNS rebinding) shows in `Host`.
fn of_this_machine(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).unwrap_or_default();
    let here = Url::parse(&format!("http://{host}/")).ok().filter(is_loopback).ok_or_else(Refusal::foreign)?;
    let is_own = |origin: &str| Url::parse(origin).is_ok_and(|origin| origin.origin() == here.origin());
    match text(header::ORIGIN) {
        Some(origin) if !is_own(origin) => Err(Refusal::foreign()),
        Some(_) | None => Ok(()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, header};

    use super::of_this_machine;

    fn is_let_in(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        origin.map(|origin| headers.insert(header::ORIGIN, origin.parse().unwrap()));
        of_this_machine(&headers).is_ok()
    }

    #[test]
    fn a_web_page_of_elsewhere_is_refused_and_a_command_is_not() {
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "localhost"] {
            assert!(is_let_in(host, None), "{host}");
            assert!(is_let_in(host, Some(&format!("http://{host}"))), "{host}");
            for origin in ["https://evil.example", "http://localhost:3000", "null", "", "http://127.0.0.1.evil.example"]
            {
                assert!(!is_let_in(host, Some(origin)), "{host} {origin}");
            }
        }
        for host in ["rebound.example:8080", "127.0.0.1.evil.example", "192.168.1.5:8080", "localhost@evil.example", ""]
        {
            assert!(!is_let_in(host, None), "{host}");
        }
        assert!(of_this_machine(&HeaderMap::new()).is_err());
    }
}
