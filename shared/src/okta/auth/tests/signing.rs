//! What is signed, and what goes into the headers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use okta_sim::keys;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::super::access_tokens::{AccessToken, Holder};
use super::super::assertion::TokenRequest;
use super::super::private_key::PrivateKey;
use super::super::{NONCE, PROOF, Pass};
use crate::model::{OAuthScope, Secret, Time};

const NOW: Time = Time::EPOCH;

fn address() -> Url {
    Url::parse("https://acme.okta.com/api/v1/users?limit=200#top").unwrap()
}

fn signed(pass: &Pass, address: &Url) -> Option<(HeaderMap, String)> {
    let mut headers = HeaderMap::new();
    let body = pass.sign(&mut headers, address, NOW.after(Duration::from_secs(1_000))).ok()?;
    Some((headers, body))
}

/// Header and claims of a token.
fn parts(token: &str) -> (Value, Value) {
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let mut parts = token.split('.');
    (json(parts.next().unwrap()), json(parts.next().unwrap()))
}

#[test]
fn an_rsa_signature_is_the_one_that_the_standard_prints() {
    // RFC 7515, appendix A.2.1.
    let message = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9\
                   pc19yb290Ijp0cnVlfQ";
    let expected = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj\
                    Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0Gar\
                    ZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs9\
                    8rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let signature = PrivateKey::read(keys::RSA.pkcs8).unwrap().sign(message.as_bytes()).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(signature), expected);
}

#[test]
fn an_api_token_is_signed_as_people_paste_it() {
    for text in ["00abc", " 00abc\n", "SSWS 00abc"] {
        let (headers, _) = signed(&Pass::ApiToken(Secret::new(text)), &address()).unwrap();
        assert_eq!(headers[AUTHORIZATION], "SSWS 00abc");
        assert!(!format!("{headers:?}").contains("00abc"));
    }
    for text in ["", "  ", "two words", "line\nbreak", "bell\u{7}"] {
        assert!(signed(&Pass::ApiToken(Secret::new(text)), &address()).is_none(), "{text:?}");
    }
}

#[test]
fn an_assertion_is_made_anew_for_every_attempt() {
    let request = TokenRequest {
        client_id: "0oa1".to_owned(),
        key_id: "kid-1".to_owned(),
        key: Arc::new(PrivateKey::read(keys::EC.pkcs8).unwrap()),
        scopes: BTreeSet::from([OAuthScope::Users, OAuthScope::Logs]),
    };
    let pass = Pass::Assertion(request, Arc::default());
    let endpoint = Url::parse("https://acme.okta.com/oauth2/v1/token").unwrap();
    let asked = || {
        let (headers, body) = signed(&pass, &endpoint).unwrap();
        assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
        assert!(!headers.contains_key(AUTHORIZATION) && !headers.contains_key(PROOF));
        let form: std::collections::BTreeMap<_, _> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        assert_eq!(form["scope"], "okta.logs.read okta.users.read");
        assert_eq!(form["grant_type"], "client_credentials");
        parts(&form["client_assertion"])
    };
    let ((header, claims), (_, again)) = (asked(), asked());
    assert_eq!(header, serde_json::json!({ "alg": "ES256", "kid": "kid-1" }));
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&"0oa1".into(), &"0oa1".into(), &endpoint.as_str().into())
    );
    assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(998), Some(1_298)));
    assert_ne!(claims["jti"], again["jti"]);
    assert_eq!(format!("{pass:?}"), "Assertion(TokenRequest(okta.logs.read okta.users.read for 0oa1), Holder)");
}

#[test]
fn a_bound_token_goes_with_a_proof_of_its_own_for_every_attempt() {
    let holder = Arc::new(Holder::default());
    holder.begin_proofs().unwrap();
    let token = AccessToken::new("opaque".to_owned(), holder.proof_key(), (NOW, [0; 32]));
    let pass = Pass::AccessToken(Arc::new(token), Arc::clone(&holder));
    let proof = || {
        let (headers, body) = signed(&pass, &address()).unwrap();
        assert_eq!((headers[AUTHORIZATION].to_str().unwrap(), body.as_str()), ("DPoP opaque", ""));
        assert!(!format!("{headers:?} {pass:?}").contains("opaque"));
        parts(headers[PROOF].to_str().unwrap())
    };
    let ((header, claims), (_, again)) = (proof(), proof());
    assert_eq!(
        (&header["typ"], &header["alg"], &header["jwk"]["crv"]),
        (&"dpop+jwt".into(), &"ES256".into(), &"P-256".into())
    );
    assert!(header["jwk"].get("d").is_none(), "the public key alone");
    assert_eq!((&claims["htm"], &claims["htu"]), (&"GET".into(), &"https://acme.okta.com/api/v1/users".into()));
    // SHA-256 of "opaque", worked out with OpenSSL.
    assert_eq!(claims["ath"], "bSKYhMEmi7CrMtjaMV0P5S-RRyKL2DCje8n7KKlUlA0");
    assert_eq!((claims["iat"].as_i64(), claims.get("nonce")), (Some(998), None));
    assert_ne!(claims["jti"], again["jti"]);

    let mut answered = HeaderMap::new();
    answered.insert(NONCE, "fresh".parse().unwrap());
    pass.heed(&answered);
    assert_eq!(proof().1["nonce"], "fresh");
}

#[test]
fn an_access_token_of_an_app_without_proofs_is_a_bearer_token() {
    let token = AccessToken::new("opaque".to_owned(), None, (NOW, [0; 32]));
    let (headers, _) = signed(&Pass::AccessToken(Arc::new(token), Arc::default()), &address()).unwrap();
    assert_eq!(headers[AUTHORIZATION], "Bearer opaque");
    assert!(!headers.contains_key(PROOF));
}
