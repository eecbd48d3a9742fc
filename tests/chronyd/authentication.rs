//! How sources are authenticated: symmetric keys and NTS.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::Path;

use libchrony::{AuthMode, KeyType, ReportName};

use super::common::chronyc::Witness;
use super::common::chronyd::Chronyd;
use super::common::dashboard::Dashboard;
use super::common::need;
use super::reports::{number, text, wrapped};

/// Gives a file or directory to chrony's user.
fn give(path: &Path) {
    let (user, group) = need::user().expect("chrony's user");
    chown(path, Some(user), Some(group)).expect("it is given away");
}

/// Holds the only record of authdata against chronyc, through the wrapper and over HTTP.
fn compare(client: &Chronyd, mark: &str, mode: &str, key_type: &str) {
    let dashboard = Dashboard::of(&client.unix());
    let wrapper = || wrapped(client, ReportName::AuthData);
    let http = || dashboard.get("/api/v1/authdata").json();
    for read in [&wrapper as &dyn Fn() -> serde_json::Value, &http] {
        let (records, witness) = Witness::around(client, "authdata", &[5], read);
        let data = &records[0];
        assert_eq!(witness.text(0, 0), text(data, "address"));
        assert_eq!((witness.text(0, 1), text(data, "mode")), (mark, mode));
        assert_eq!(text(data, "key_type"), key_type);
        for (field, key) in [
            (2, "key_id"),
            (4, "key_length"),
            (6, "key_establishment_attempts"),
            (8, "cookies"),
            (9, "cookie_length"),
        ] {
            witness.agrees(0, field, number(data, key));
        }
        assert_eq!(witness.text(0, 7) == "1", data["nak"] == true);
        if mode == "nts" {
            witness.agrees(0, 5, number(data, "last_key_establishment_ago"));
        }
    }
}

pub(crate) fn a_symmetric_key_is_shown() {
    let place = tempfile::tempdir_in("/tmp").expect("a directory");
    let keys = place.path().join("keys");
    fs::write(&keys, "7 SHA1 HEX:1dc764e0791b11fa67efc7ecbc4b0d73f68a070c\n").expect("keys");
    give(place.path());
    give(&keys);
    let server = Chronyd::server_with(3, &format!("keyfile {}", keys.display()));
    let client = Chronyd::client(&format!(
        "keyfile {}\nserver 127.0.0.2 port {} key 7 minpoll -6 maxpoll -2 iburst",
        keys.display(),
        server.ntp_port
    ));
    client.wait_until("the source with a key is selected", |snapshot| {
        snapshot.tracking.as_ref().is_some_and(|tracking| tracking.is_synchronized())
    });
    let mut connection = client.connection().open().unwrap();
    let data = connection.auth_data().unwrap();
    assert_eq!((data[0].mode, data[0].key_id), (AuthMode::SymmetricKey, 7));
    assert_eq!((data[0].key_type, data[0].key_length), (Some(KeyType::Sha1), 160));
    assert!(data[0].is_authenticated());
    assert!(connection.ntp_data().unwrap()[0].flags.contains(&libchrony::NtpFlag::Authenticated));
    assert!(connection.select_data().unwrap()[0].authentication);
    compare(&client, "SK", "symmetric_key", "sha1");
}

pub(crate) fn an_nts_source_shows_its_keys_and_cookies() {
    let place = tempfile::tempdir_in("/tmp").expect("a directory");
    let (key, certificate) = (place.path().join("key"), place.path().join("certificate"));
    let made = need::program("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=test"])
        .args(["-addext", "subjectAltName=IP:127.0.0.2", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    [place.path(), &key, &certificate].into_iter().for_each(give);
    let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0"));
    let nts_port = listener.and_then(|listener| listener.local_addr()).expect("a port").port();
    let server = Chronyd::server_with(
        3,
        &format!(
            "ntsport {nts_port}\nntsserverkey {}\nntsservercert {}",
            key.display(),
            certificate.display()
        ),
    );
    let client = Chronyd::client(&format!(
        "ntstrustedcerts {}\n\
         server 127.0.0.2 nts port {} ntsport {nts_port} minpoll -6 maxpoll -2 iburst",
        certificate.display(),
        server.ntp_port
    ));
    client.wait_until("the NTS source is selected", |snapshot| {
        snapshot.tracking.as_ref().is_some_and(|tracking| tracking.is_synchronized())
    });
    // No further packet, so that no cookie is under way.
    super::common::chronyc::chronyc(&client, "offline");
    let data = &client.connection().open().unwrap().auth_data().unwrap()[0];
    assert_eq!(data.mode, AuthMode::Nts);
    assert!(data.cookies > 0 && data.cookie_length > 0 && data.key_length > 0, "{data:?}");
    let key_type = serde_json::to_value(data.key_type).unwrap();
    compare(&client, "NTS", "nts", key_type.as_str().unwrap());
    let stats = server.connection().open().unwrap().server_stats().unwrap();
    assert_eq!(stats.accepted_nts_ke_connections, Some(1));
    assert!(stats.received_authenticated_ntp_requests > Some(0), "{stats:?}");
}
