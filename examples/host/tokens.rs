//! The tokens of an OpenID provider, such as Okta or Auth0.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use pyaday_core::Actor;
use serde::Deserialize;

/// Checks access tokens, which are signed JSON Web Tokens (RFC 7519), with the public keys of their issuer. The keys are in a file, a
/// JSON Web Key Set, which another program downloads from the provider's `jwks_uri`. When the file
/// changes, the new keys replace the old ones.
pub struct Tokens {
    issuer: String,
    audience: String,
    file: PathBuf,
    keys: RwLock<(SystemTime, JwkSet)>,
}

/// What this service needs of a token. Auth0 puts roles into `permissions`, Okta into `groups`.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default, alias = "groups")]
    permissions: Vec<String>,
}

impl Tokens {
    pub fn new(issuer: &str, audience: &str, file: PathBuf) -> io::Result<Self> {
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        let keys = (fs::metadata(&file)?.modified()?, read(&file)?);
        Ok(Self { issuer, audience, file, keys: RwLock::new(keys) })
    }

    /// Returns the actor of a request with this field `Authorization`, or `None` if the request has
    /// no valid token.
    pub fn actor(&self, authorization: &[u8]) -> Option<Actor> {
        let (scheme, token) = std::str::from_utf8(authorization).ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return None;
        }
        self.read_changes().ok()?;
        let key_id = decode_header(token).ok()?.kid?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.1.find(&key_id)?;
        // The key decides the algorithm. If the token did, anyone could sign one with the public key.
        let mut validation = Validation::new(match key.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(_) => Algorithm::ES256,
            _ => return None,
        });
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.validate_nbf = true;
        let key = DecodingKey::from_jwk(key).ok()?;
        let claims = decode::<Claims>(token, &key, &validation).ok()?.claims;
        Some(Actor::new(&claims.sub).ok()?.with_roles(claims.permissions))
    }

    fn read_changes(&self) -> io::Result<()> {
        let changed = fs::metadata(&self.file)?.modified()?;
        if changed != self.keys.read().unwrap_or_else(PoisonError::into_inner).0 {
            let keys = read(&self.file)?;
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = (changed, keys);
        }
        Ok(())
    }
}

fn read(file: &PathBuf) -> io::Result<JwkSet> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}
