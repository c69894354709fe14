//! Facts about the sign-in with tokens: it accepts the tokens of the provider, and no others.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::web::ServiceConfig;
use http::Request;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use pyaday_core::conformance::{Failing, Then};
use pyaday_core::{Api, MemoryStore, Options, PackageStore};
use serde_json::{Value, json};

use crate::tokens::Tokens;
use crate::{mounted, roles, sign_in_actix, sign_in_axum};

const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://packages.example";

/// A key of the provider, and its name.
#[derive(Clone, Copy)]
struct Key(&'static str, Algorithm, &'static [u8]);

const RSA: Key = Key("rsa", Algorithm::RS256, include_bytes!("keys/rsa.pem"));
const EC: Key = Key("ec", Algorithm::ES256, include_bytes!("keys/ec.pem"));
const NEXT: Key = Key("next", Algorithm::ES256, include_bytes!("keys/ec-next.pem"));

impl Key {
    fn encoding(self) -> EncodingKey {
        match self.1 {
            Algorithm::RS256 => EncodingKey::from_rsa_pem(self.2).unwrap(),
            _ => EncodingKey::from_ec_pem(self.2).unwrap(),
        }
    }

    fn public(self) -> Jwk {
        let mut key = Jwk::from_encoding_key(&self.encoding(), self.1).unwrap();
        key.common.key_id = Some(self.0.to_owned());
        key
    }

    fn header(self) -> Header {
        Header { kid: Some(self.0.to_owned()), ..Header::new(self.1) }
    }

    fn sign(self, claims: &Value) -> String {
        encode(&self.header(), claims, &self.encoding()).unwrap()
    }
}

/// A provider with a file of keys.
pub(crate) struct Provider {
    file: PathBuf,
    tokens: Arc<Tokens>,
}

impl Provider {
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("keys-{test}-{}.json", std::process::id());
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        publish(&file, &[RSA, EC], UNIX_EPOCH);
        let tokens = Arc::new(Tokens::new(ISSUER, AUDIENCE, file.clone()).unwrap());
        Self { file, tokens }
    }

    pub(crate) fn token_of(&self, subject: &str, roles: &[&str]) -> String {
        EC.sign(&claims(subject, roles))
    }

    /// The statuses of a request with this token, in axum and in actix-web.
    pub(crate) async fn statuses<S: PackageStore>(
        &self,
        api: &Api<S>,
        mut request: Request<String>,
        token: Option<String>,
    ) -> [u16; 2] {
        if let Some(token) = token {
            let field = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert("authorization", field);
        }
        let router = sign_in_axum::catalogue(api, Arc::clone(&self.tokens));
        let on_axum = mounted::axum(&router, request.clone()).await;
        let app = |app: &mut ServiceConfig| {
            app.service(sign_in_actix::catalogue("", api, Arc::clone(&self.tokens)));
        };
        [on_axum.status, mounted::actix(app, request).await.status]
    }

    fn accepts(&self, token: &str) -> bool {
        self.tokens.actor(format!("Bearer {token}").as_bytes()).is_some()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.file));
    }
}

/// Writes the public keys to the file, as if it had been written at this moment.
fn publish(file: &PathBuf, keys: &[Key], at: SystemTime) {
    let keys = JwkSet { keys: keys.iter().map(|key| key.public()).collect() };
    fs::write(file, serde_json::to_vec(&keys).unwrap()).unwrap();
    File::options().write(true).open(file).unwrap().set_modified(at).unwrap();
}

fn claims(subject: &str, roles: &[&str]) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({
        "sub": subject, "permissions": roles, "iss": ISSUER, "aud": AUDIENCE, "exp": now + 600,
    })
}

/// The claims of a good token, with one of them changed, or left out if it is null.
fn with(name: &str, value: Value) -> Value {
    let mut claims = claims("ada", &["curator"]);
    claims[name] = value;
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

#[test]
fn a_token_of_the_provider_is_an_actor_with_roles() {
    let provider = Provider::new("good");
    for key in [RSA, EC] {
        let token = key.sign(&claims("ada", &["curator"]));
        let actor = provider.tokens.actor(format!("bearer {token}").as_bytes()).unwrap();
        assert_eq!((actor.name(), actor.roles()), ("ada", &["curator".to_owned()][..]));
    }
    // Okta has the roles in another claim, and a provider may list several audiences.
    let mut of_okta = claims("ada", &[]);
    of_okta.as_object_mut().unwrap().remove("permissions");
    of_okta["groups"] = json!(["curator"]);
    of_okta["aud"] = json!(["https://other.example", AUDIENCE]);
    let token = RSA.sign(&of_okta);
    let actor = provider.tokens.actor(format!("Bearer {token}").as_bytes()).unwrap();
    assert!(actor.has_role("curator"));
}

#[test]
fn a_token_that_is_expired_or_for_somebody_else_is_refused() {
    let provider = Provider::new("claims");
    let now = claims("", &[])["exp"].as_u64().unwrap() - 600;
    for claims in [
        with("exp", json!(now - 3600)),
        with("exp", Value::Null),
        with("nbf", json!(now + 3600)),
        with("aud", json!("https://other.example")),
        with("aud", Value::Null),
        with("iss", json!("https://other.example/")),
        with("iss", Value::Null),
        with("sub", Value::Null),
        with("sub", json!("two\nlines")),
    ] {
        for key in [RSA, EC] {
            assert!(!provider.accepts(&key.sign(&claims)), "{claims}");
        }
    }
    // The control.
    assert!(provider.accepts(&EC.sign(&with("nbf", json!(now - 3600)))));
}

#[test]
fn a_token_that_the_provider_did_not_sign_is_refused() {
    let provider = Provider::new("signatures");
    let claims = claims("ada", &["curator"]);
    let good = RSA.sign(&claims);
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };

    // `alg: none` with an empty signature, and with the good one. The name is that of a real key.
    let none = base64(br#"{"alg":"none","typ":"JWT","kid":"rsa"}"#);
    assert!(!provider.accepts(&format!("{none}.{payload}.")));
    assert!(!provider.accepts(&format!("{none}.{payload}.{signature}")));
    assert!(!provider.accepts(&format!("{header}.{payload}.")));

    // HS256 with what everyone knows as the secret: the public key, in two forms.
    let AlgorithmParameters::RSA(public) = RSA.public().algorithm else { panic!() };
    let jwk = serde_json::to_string(&RSA.public()).unwrap();
    for secret in [public.n, jwk] {
        let hs256 = Header { kid: RSA.header().kid, ..Header::new(Algorithm::HS256) };
        let key = EncodingKey::from_secret(secret.as_bytes());
        assert!(!provider.accepts(&encode(&hs256, &claims, &key).unwrap()));
    }

    // Another key under the name of a known one, an unknown name, and no name.
    let renamed = |kid: Option<&str>| {
        let header = Header { kid: kid.map(str::to_owned), ..NEXT.header() };
        encode(&header, &claims, &NEXT.encoding()).unwrap()
    };
    for kid in [Some("ec"), Some("rsa"), Some("next"), None] {
        assert!(!provider.accepts(&renamed(kid)), "{kid:?}");
    }

    // Not a token at all.
    for field in ["", "Bearer", "Bearer ", "Bearer a.b.c", "Basic YTpi"] {
        assert!(provider.tokens.actor(field.as_bytes()).is_none(), "{field}");
    }
    // The control.
    assert!(provider.accepts(&good));
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        let digit = |at: usize| char::from(DIGITS[bits as usize >> (18 - 6 * at) & 63]);
        text.extend((0..=chunk.len()).map(digit));
    }
    text
}

/// The provider publishes its next key, signs with it, and then takes the old one back.
#[test]
fn keys_that_are_replaced_in_the_file_are_replaced_in_the_service() {
    let provider = Provider::new("rotation");
    let [old, next] = [EC, NEXT].map(|key| key.sign(&claims("ada", &[])));
    assert_eq!([provider.accepts(&old), provider.accepts(&next)], [true, false]);
    publish(&provider.file, &[EC, NEXT], UNIX_EPOCH + Duration::from_secs(1));
    assert_eq!([provider.accepts(&old), provider.accepts(&next)], [true, true]);
    publish(&provider.file, &[NEXT], UNIX_EPOCH + Duration::from_secs(2));
    assert_eq!([provider.accepts(&old), provider.accepts(&next)], [false, true]);
    // A file that cannot be read is no reason to let anybody in.
    fs::write(&provider.file, "{").unwrap();
    assert!(!provider.accepts(&next));
}

#[tokio::test]
async fn the_store_learns_whose_token_a_write_has() {
    let provider = Provider::new("store");
    let (sender, writers) = std::sync::mpsc::channel();
    let store = Failing::with_terms(MemoryStore::new(), move |_, write| {
        if let Some(actor) = write.and_then(|write| write.actor()) {
            sender.send(actor.name().to_owned()).unwrap();
        }
        Then::Pass
    });
    let api = Api::with_options(store, Options::new().guard(roles::by_role));
    let post = Request::post("/packages").header("content-type", "application/json");
    let post = post.body(r#"{"name":"flask","short_desc":""}"#.to_owned()).unwrap();
    let token = provider.token_of("ada", &["curator"]);
    assert_eq!(provider.statuses(&api, post, Some(token)).await, [201, 409]);
    assert_eq!(writers.try_iter().collect::<Vec<_>>(), ["ada", "ada"]);
}
