//! Where members' files are kept.

use std::path::PathBuf;

use actix_web::http::Uri;
use secrecy::SecretString;
use serde::Deserialize;

/// A folder or a bucket; neither: no file is kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Files {
    /// One that all hosts share.
    pub folder: Option<PathBuf>,
    pub s3: Option<S3>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    pub bucket: String,
    /// Not set: that of AWS for the region.
    pub endpoint: Option<String>,
    #[serde(default = "usual_region")]
    pub region: String,
    /// Not set, both: what AWS's own variables or the machine's role say.
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<SecretString>,
}

fn usual_region() -> String {
    "us-east-1".to_owned()
}

impl Files {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.folder.is_some() && self.s3.is_some() {
            faults.push("files.folder and files.s3 are two places; set one of them".to_owned());
        }
        let Some(s3) = &self.s3 else { return faults };
        if s3.bucket.is_empty() || s3.bucket.contains('/') {
            faults.push("files.s3.bucket must be the name of a bucket".to_owned());
        }
        if s3.access_key_id.is_some() != s3.secret_access_key.is_some() {
            faults.push("files.s3.access_key_id and files.s3.secret_access_key belong together".to_owned());
        }
        let address = |endpoint: &str| {
            let scheme = |uri: &Uri| uri.scheme_str().is_some_and(|scheme| ["http", "https"].contains(&scheme));
            endpoint.parse::<Uri>().is_ok_and(|uri| scheme(&uri) && uri.host().is_some())
        };
        if s3.endpoint.as_deref().is_some_and(|endpoint| !address(endpoint)) {
            faults.push("files.s3.endpoint must be an address, as in https://s3.example".to_owned());
        }
        faults
    }
}
