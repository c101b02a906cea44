//! Which texts are private keys.

use okta_sim::keys;

use super::super::private_key::PrivateKey;

#[test]
fn a_key_is_read_in_every_format_and_stays_the_same_key() {
    let signed = |text: &str| PrivateKey::read(text).unwrap().sign(b"message").unwrap();
    let (pkcs8, pkcs1, jwk) = (keys::RSA.pkcs8, keys::RSA.traditional, keys::RSA.jwk.trim());
    assert!([pkcs1, jwk].iter().all(|text| signed(text) == signed(pkcs8)), "RS256 is deterministic");
    let point = |text: &str| {
        let key = PrivateKey::read(text).unwrap();
        let (x, y) = key.point().unwrap();
        (key.algorithm(), x.to_vec(), y.to_vec())
    };
    let (pkcs8, sec1, jwk) = (keys::EC.pkcs8, keys::EC.traditional, keys::EC.jwk.trim());
    assert!([sec1, jwk].iter().all(|text| point(text) == point(pkcs8)));
    assert_eq!(point(sec1).0, "ES256");
    assert_eq!(signed(sec1).len(), 64);
}

#[test]
fn a_jwk_brings_its_id_and_pem_does_not() {
    assert_eq!(PrivateKey::read(keys::RSA.jwk.trim()).unwrap().key_id, Some(keys::RSA.id()));
    assert_eq!(PrivateKey::read(keys::RSA.pkcs8).unwrap().key_id, None);
}

#[test]
fn what_is_no_private_key_is_told_and_never_shown() {
    let public = keys::EC.public().to_string();
    let without_p = keys::RSA.jwk.trim().replace("\"p\"", "\"other\"");
    let other_curve = keys::EC.jwk.trim().replace("P-256", "P-384");
    let other_kind = keys::EC.jwk.trim().replace("\"EC\"", "\"oct\"");
    let not_encoded = keys::EC.jwk.trim().replace("jpsQnnGQ", "jpsQ!!GQ");
    let encrypted = keys::RSA.pkcs8.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let old_encrypted = keys::RSA.traditional.replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nM");
    let public_pem = keys::RSA.pkcs8.replace("PRIVATE", "PUBLIC");
    let in_one_line = keys::RSA.pkcs8.replace('\n', " ");
    let damaged = keys::RSA.traditional.replace("AAKC", "AAAA").replace("MII", "MIA");
    for (text, expected) in [
        ("00abc", "neither a private key in PEM format nor a JWK"),
        ("{\"kty\": 7}", "begins like a JWK and is none"),
        (&public, "holds a public key"),
        (&without_p, "holds a JWK without `p`"),
        (&other_curve, "another curve than `P-256`"),
        (&other_kind, "another kind than `RSA` and `EC`"),
        (&not_encoded, "whose `d` is not in base64url"),
        (&encrypted, "openssl pkey"),
        (&old_encrypted, "openssl pkey"),
        (&public_pem, "holds a public key"),
        (&in_one_line, "no private key in PEM format"),
        (&damaged, "damaged"),
    ] {
        let error = PrivateKey::read(text).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(!error.contains("jpsQ") && !error.contains("MII"), "{error}");
    }
    let shown = format!("{:?}", PrivateKey::read(keys::EC.jwk.trim()).unwrap());
    assert_eq!(shown, "PrivateKey(ES256, redacted)");
}
