//! Who the user is by tokens and certificates as kubectl takes them, on the double.
//!
//! Must not look at plugins that fail.

use serde_json::json;

use crate::application::{WORK, tool};
use crate::double::Double;
use crate::rollout::roll_out;
use crate::tool::assert_says;

#[test]
fn a_token_is_sent_without_its_line_end() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let (tool, mut config) = (tool(&double, WORK), double.kubeconfig_value());
    let token = format!("{}\n", config["users"][0]["user"]["token"].as_str().expect("a token"));
    tool.write("token", token.as_bytes());
    let version = "client.authentication.k8s.io/v1";
    let answer = json!({ "apiVersion": version, "kind": "ExecCredential", "status": { "token": token } });
    tool.write("answer", answer.to_string().as_bytes());
    let plugin = json!({
        "apiVersion": version, "command": "cat", "args": [tool.path("answer")], "interactiveMode": "Never",
    });
    for user in
        [json!({ "token": token }), json!({ "tokenFile": tool.path("token") }), json!({ "exec": plugin })]
    {
        config["users"][0]["user"] = user;
        double.write_kubeconfig("kubeconfig", &config);
        assert_says(&tool.call(&["run", "post-deploy"]), 0, &["1 passed"]);
    }
}

/// A certificate of X.509 version 1, as MicroK8s gives them to clients, valid until 2126, and its key.
const OF_VERSION_1: [&str; 2] = [
    "-----BEGIN CERTIFICATE-----\n\
    MIIBGDCBvwIUSjhxL3V2MJl+tUTCGwmZZ9wDw+8wCgYIKoZIzj0EAwIwDTELMAkG\n\
    A1UEAwwCY2EwIBcNMjYxMTI5MDQwMzIwWhgPMjEyNjExMDUwNDAzMjBaMA8xDTAL\n\
    BgNVBAMMBHVzZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASlQKl+28sX+IU0\n\
    sPTFec9isV81JwpSt8IhOB1QUIJ9y1UtpYwShoaBcmr4Ld6qeMeyr77hRT7DOuZS\n\
    3nvBn3alMAoGCCqGSM49BAMCA0gAMEUCIB8vHNHwHQDKjHysk6N3dNrfYJhybNjh\n\
    8TGmx4mGhvrqAiEA+g/cfC/222W3Pc9uzCv5cm0AC7l8DSatFnymrsS+AWs=\n\
    -----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBr7YnZ2tcO9dqxw2\n\
    I8qnkTfzIWoVNt5zJW7yLONuqXahRANCAASlQKl+28sX+IU0sPTFec9isV81JwpS\n\
    t8IhOB1QUIJ9y1UtpYwShoaBcmr4Ld6qeMeyr77hRT7DOuZS3nvBn3al\n\
    -----END PRIVATE KEY-----\n",
];

#[test]
fn certificates_that_kubectl_takes_are_taken() {
    let mut double = Double::start();
    roll_out(&double, "a", 1);
    let tool = tool(&double, WORK);
    let mut config = double.kubeconfig_value();
    for (name, pem) in ["client-certificate", "client-key"].iter().zip(OF_VERSION_1) {
        tool.write(name, pem.as_bytes());
        config["users"][0]["user"][*name] = json!(tool.path(name));
    }
    double.write_kubeconfig("kubeconfig", &config);
    assert_says(&tool.call(&["run", "post-deploy"]), 0, &["1 passed"]);
    double.shows_its_authority();
    double.kubeconfig();
    assert_says(&tool.call(&["run", "post-deploy"]), 0, &["1 passed"]);
}
