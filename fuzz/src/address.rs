//! Address texts through the wrapper's parser and through the C library's, on system calls that
//! touch nothing and fail where they are told to: the two agree, and nothing is left behind.
//!
//! Input: the number of the system call that fails (1 byte, 0 for none), then the text.

use std::ffi::{CString, c_char, c_int};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use libchrony::Address;

/// Held while `address.c`, which has one state, is at work.
static ALONE: Mutex<()> = Mutex::new(());

/// What `address.c` saw.
#[repr(C)]
struct Outcome {
    descriptors: c_int,
    directories: c_int,
    files: c_int,
    calls: c_int,
    family: c_int,
    port: u32,
    scope: u32,
    ip: [u8; 16],
    server: [u8; 128],
}

unsafe extern "C" {
    fn fuzz_open(
        address: *const c_char,
        fail: c_int,
        fd: *mut c_int,
        result: *mut Outcome,
    ) -> c_int;
    fn fuzz_close(fd: c_int, result: *mut Outcome);
}

impl Outcome {
    const NONE: Self = Self {
        descriptors: 0,
        directories: 0,
        files: 0,
        calls: 0,
        family: 0,
        port: 0,
        scope: 0,
        ip: [0; 16],
        server: [0; 128],
    };

    /// Where the C library connected to.
    fn target(&self) -> Address {
        let port = u16::try_from(self.port).expect("a port has 16 bits");
        let [a, b, c, d, ..] = self.ip;
        let ip: IpAddr = match self.family {
            libc::AF_INET => Ipv4Addr::new(a, b, c, d).into(),
            libc::AF_INET6 => Ipv6Addr::from(self.ip).into(),
            _ => {
                let path = self.server.split(|byte| *byte == 0).next().unwrap_or_default();
                return Address::Unix(String::from_utf8_lossy(path).into_owned().into());
            }
        };
        Address::Udp(SocketAddr::new(ip, port))
    }

    fn left_behind(&self) -> [c_int; 3] {
        [self.descriptors, self.directories, self.files]
    }
}

/// See the module.
pub fn run(data: &[u8]) {
    let Some((fail, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let parsed = text.parse::<Address>();
    match &parsed {
        Ok(address) => {
            let shown = address.to_string();
            assert_eq!(shown.parse::<Address>().ok().as_ref(), Some(address), "{shown:?}");
            assert!(!shown.contains(char::is_control), "{shown:?}");
        }
        Err(error) => {
            assert!(!error.hint().is_empty());
            assert!(!error.to_string().contains(char::is_control), "{error}");
        }
    }

    let Ok(c_text) = CString::new(text) else {
        assert!(parsed.is_err());
        return;
    };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut fd, mut outcome) = (-1, Outcome::NONE);
    // SAFETY: a C string, and places for the results.
    let errno =
        unsafe { fuzz_open(c_text.as_ptr(), c_int::from(*fail), &raw mut fd, &raw mut outcome) };
    if fd < 0 {
        assert_ne!(errno, 0, "{text:?} fails without a reason");
        assert_eq!(outcome.left_behind(), [0; 3], "{text:?} leaves something");
        let failed = *fail != 0 && outcome.calls >= c_int::from(*fail);
        assert!(failed || !matches!(parsed, Ok(Address::Udp(_) | Address::Unix(_))), "{text:?}");
        return;
    }
    match &parsed {
        Ok(Address::Host(..)) => panic!("{text:?} is taken for no host name"),
        Ok(address) => assert_eq!(outcome.target(), *address, "{text:?}"),
        // The C library takes zones and longer paths, and its default search for no text.
        Err(_) => {}
    }
    // SAFETY: what was just opened, and a place for the result.
    unsafe { fuzz_close(fd, &raw mut outcome) };
    assert_eq!(outcome.left_behind(), [0; 3], "{text:?} leaves something");
}
