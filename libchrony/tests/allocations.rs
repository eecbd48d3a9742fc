//! What a reading allocates: nothing for numbers, however many, and little for texts.

use libchrony::Connection;
use libchrony::testing::{Scenario, Simulator};

/// How often a call on an open connection allocates.
fn allocations(connection: &mut Connection, call: impl Fn(&mut Connection)) -> u64 {
    // What is kept for later calls is there after the first ones.
    for _ in 0..3 {
        call(connection);
    }
    allocation_counter::measure(|| call(connection)).count_total
}

#[test]
fn numbers_are_decoded_without_an_allocation() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let builder = Connection::builder().address(chronyd.address().parse().expect("an address"));
    let mut connection = builder.open().expect("it answers");
    let of_activity = allocations(&mut connection, |chronyd| {
        chronyd.activity().expect("activity");
    });
    let of_counters = allocations(&mut connection, |chronyd| {
        chronyd.server_stats().expect("server statistics");
    });
    assert_eq!((of_activity, of_counters), (0, 0));
    // The address and its readable form are texts.
    let of_tracking = allocations(&mut connection, |chronyd| {
        chronyd.tracking().expect("tracking");
    });
    assert!((1..=4).contains(&of_tracking), "{of_tracking} allocations for two texts");
}
