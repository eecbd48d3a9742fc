//! The calls into libchrony: one C call a method, owned values out. Unsafe code ends here.

mod session;
mod socket;

pub(crate) use session::{Code, Fault, Session, has_report};
pub(crate) use socket::Socket;
