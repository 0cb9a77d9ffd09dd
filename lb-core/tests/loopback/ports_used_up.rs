//! FAULTS O8: no port is left towards one backend. For real, in a network namespace with a handful of them.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use lb_core::config::{Mode, WorkerConfig};
use lb_core::control::Report;
use socket2::{Domain, Socket, Type};

use super::support::*;

/// Set for the run inside the namespace.
const INSIDE: &str = "LB_TEST_IN_NAMESPACE";
const NAME: &str = "ports_used_up::sessions_go_to_the_next_backend_and_end_when_there_is_none";
const PORTS: &str = "40000 40015";

#[test]
fn sessions_go_to_the_next_backend_and_end_when_there_is_none() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    if !Command::new("unshare").args(["-rn", "true"]).status().is_ok_and(|status| status.success()) {
        eprintln!("NOT RUN: no network namespace can be made here, so the ports can't be used up");
        return;
    }
    let script = format!(
        "ip link set lo up && echo {PORTS} > /proc/sys/net/ipv4/ip_local_port_range && exec \"$0\" --exact {NAME}"
    );
    let ran = Command::new("unshare")
        .args(["-rn", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&ran.stderr));
}

fn inside() {
    let named = ["one", "two"].map(|name| {
        Scripted::new(move |mut stream| {
            let _client_may_be_gone = std::io::Write::write_all(&mut stream, name.as_bytes());
            let _until_the_end = stream.read_to_end(&mut Vec::new());
        })
    });
    // All from one address, so all for one backend first.
    let plane = Plane::start(WorkerConfig { mode: Mode::Tcp, ..config() });
    let routed = plane.route_to(&named.each_ref().map(|backend| backend.addr));
    let mut held = Vec::new();
    let mut greetings: Vec<String> = Vec::new();
    // Sixteen ports less the three listeners', twice, are used up before this ends.
    for port in 20_000..20_040 {
        let mut client = connect_from(port, plane.addr);
        let mut greeting = [0; 3];
        greetings.push(match client.read_exact(&mut greeting) {
            Ok(()) => String::from_utf8_lossy(&greeting).into_owned(),
            Err(error) => error.kind().to_string(),
        });
        held.push(client);
    }
    greetings.dedup();
    let (first, second) = (greetings[0].as_str(), greetings[1].as_str());
    assert!(["one", "two"].contains(&first) && ["one", "two"].contains(&second), "{greetings:?}");
    assert_eq!(greetings[2..], ["connection reset"], "first all of one, then all of the other, then none");
    assert!(plane.count(|stats| &stats.retries) > 0);
    let failed = plane.control.reports().map(|(_, report)| report).collect::<Vec<_>>();
    assert!(routed.iter().all(|backend| failed.contains(&Report::ConnectRefused(backend.id))), "{failed:?}");
    drop(held);
    plane.all_closed();
}

/// From a port of our own choice: the kernel's are for the workers.
fn connect_from(port: u16, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}
