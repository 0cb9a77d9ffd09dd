//! Both versions against the bytes of the public specification, against each other, and cut in every way.

use proptest::prelude::*;

use super::*;

fn ends(source: &str, destination: &str) -> Endpoints {
    Endpoints { source: source.parse().unwrap(), destination: destination.parse().unwrap() }
}

fn complete(bytes: &[u8]) -> Option<Option<Endpoints>> {
    match read(bytes) {
        Read::Complete { endpoints, .. } => Some(endpoints),
        Read::More | Read::Refused => None,
    }
}

/// The examples of the specification's section 2.1, and the longest line that it computes.
#[test]
fn version_1_is_read_as_the_specification_writes_it() {
    let v4 = ends("255.255.255.255:65535", "255.255.255.255:65535");
    assert_eq!(complete(b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), Some(Some(v4)));
    let all = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let v6 = ends(&format!("[{all}]:65535"), &format!("[{all}]:65535"));
    assert_eq!(complete(format!("PROXY TCP6 {all} {all} 65535 65535\r\n").as_bytes()), Some(Some(v6)));
    let longest = format!("PROXY UNKNOWN {all} {all} 65535 65535\r\n");
    assert_eq!((longest.len(), complete(longest.as_bytes())), (V1_BYTES_MAX, Some(None)));
    assert_eq!(complete(b"PROXY UNKNOWN\r\n"), Some(None));
    assert_eq!(
        read(b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\n"),
        Read::Complete { len: 47, endpoints: Some(ends("192.168.0.1:56324", "192.168.0.11:443")) }
    );
}

#[test]
fn version_2_is_read_as_the_specification_lays_it_out() {
    let v4 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\xc0\0\x02\x05\x30\x39\x01\xbbrest";
    let read_v4 = Read::Complete { len: 28, endpoints: Some(ends("127.0.0.1:12345", "192.0.2.5:443")) };
    assert_eq!(read(v4), read_v4);
    let mut v6 = b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24".to_vec();
    v6.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    v6.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    v6.extend([0x30, 0x39, 0x01, 0xbb]);
    assert_eq!(complete(&v6), Some(Some(ends("[2001:db8::1]:12345", "[2001:db8::2]:443"))));
    // 7 bytes of TLVs behind the addresses are skipped.
    let with_tlvs =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\x7f\0\0\x01\xc0\0\x02\x05\x30\x39\x01\xbb\x04\0\x04\0\0\0\0rest";
    assert_eq!(read(with_tlvs), Read::Complete { len: 35, endpoints: Some(ends("127.0.0.1:12345", "192.0.2.5:443")) });
}

#[test]
fn what_has_no_address_for_us_leaves_the_sockets_own() {
    let unix = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8"[..], &[b'/'; 216]].concat();
    for header in [
        // LOCAL, whatever it says besides.
        &b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"[..],
        b"\r\n\r\n\0\r\nQUIT\n\x20\x11\0\x0c\x7f\0\0\x01\xc0\0\x02\x05\x30\x39\x01\xbb",
        // Unspecified, and UDP over IPv4.
        b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c\x7f\0\0\x01\xc0\0\x02\x05\x30\x39\x01\xbb",
        &unix,
    ] {
        assert_eq!(read(header), Read::Complete { len: header.len(), endpoints: None }, "{header:?}");
    }
}

#[test]
fn anything_else_is_refused_and_as_soon_as_it_is_certain() {
    let too_long = [&b"PROXY UNKNOWN "[..], &[b'x'; 92], b"\r\n"].concat();
    assert_eq!(too_long.len(), V1_BYTES_MAX + 1);
    for bytes in [
        &b"G"[..],
        b"\r\n\r\nG",
        b"PROXYTCP4",
        b"proxy ",
        b"PROXY UNKNOWNxyz\r\n",
        b"PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        b"PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n",
        b"PROXY TCP4 ::1 ::1 1 2\r\n",
        b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rx",
        b"PROXY TCP4 \xff 1.2.3.4 1 2\r\n",
        &too_long,
        &too_long[..V1_BYTES_MAX],
        // Version 1 in version 2's clothes, an unknown command, an unknown family.
        b"\r\n\r\n\0\r\nQUIT\n\x11",
        b"\r\n\r\n\0\r\nQUIT\n\x22",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x13",
        // Addresses that don't fit their length, and more than the bound.
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0b",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x23",
        b"\r\n\r\n\0\r\nQUIT\n\x20\0\x10\x01",
    ] {
        assert_eq!(read(bytes), Read::Refused, "{:?}", bytes.escape_ascii().to_string());
    }
}

#[test]
fn a_check_says_that_nobody_is_behind_it() {
    for version in [ProxyVersion::V1, ProxyVersion::V2] {
        let header = Header::new(version, None);
        assert_eq!(header.as_bytes(), version.unknown_header());
        assert_eq!(read(header.as_bytes()), Read::Complete { len: header.as_bytes().len(), endpoints: None });
    }
}

#[test]
fn two_families_are_written_as_one() {
    let mixed = ends("10.0.0.1:1", "[2001:db8::2]:2");
    for version in [ProxyVersion::V1, ProxyVersion::V2] {
        let header = Header::new(version, Some(&mixed));
        let understood = complete(header.as_bytes()).unwrap().unwrap();
        assert_eq!(understood, ends("[::ffff:10.0.0.1]:1", "[2001:db8::2]:2"));
    }
}

fn an_address(v6: bool) -> BoxedStrategy<SocketAddr> {
    match v6 {
        true => (any::<[u8; 16]>(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::from((ip, port))).boxed(),
        false => (any::<[u8; 4]>(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::from((ip, port))).boxed(),
    }
}

fn any_ends() -> impl Strategy<Value = Endpoints> {
    any::<bool>()
        .prop_flat_map(|v6| (an_address(v6), an_address(v6)))
        .prop_map(|(source, destination)| Endpoints { source, destination })
}

fn any_version() -> impl Strategy<Value = ProxyVersion> {
    prop_oneof![Just(ProxyVersion::V1), Just(ProxyVersion::V2)]
}

/// Headers with one byte spoilt, and the begin of one with anything behind it: near enough to be read far.
fn nearly_a_header() -> impl Strategy<Value = Vec<u8>> {
    let spoilt = (any_version(), any_ends(), any::<prop::sample::Index>(), any::<u8>());
    let spoilt = spoilt.prop_map(|(version, ends, at, byte)| {
        let mut bytes = Header::new(version, Some(&ends)).as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.extend(b"GET / HTTP/1.1\r\n\r\n");
        bytes
    });
    let begun = (0_usize..17, prop::collection::vec(any::<u8>(), 0..200))
        .prop_map(|(known, rest)| [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..known.min(16)], &rest].concat());
    let line = "PROXY (TCP4|TCP6|UNKNOWN|)[ 0-9a-f.:\r\n]{0,120}".prop_map(String::into_bytes);
    prop_oneof![spoilt, begun, line]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(version in any_version(), ends in any_ends(), rest in any::<[u8; 3]>()) {
        let header = Header::new(version, Some(&ends));
        let len = header.as_bytes().len();
        prop_assert_eq!(read(&[header.as_bytes(), &rest].concat()), Read::Complete { len, endpoints: Some(ends) });
        for part in 0..len {
            prop_assert_eq!(read(&header.as_bytes()[..part]), Read::More, "{} bytes of it", part);
        }
    }

    /// Whoever has decided by a part would decide the same by the whole.
    #[test]
    fn how_the_bytes_are_split_makes_no_difference(bytes in nearly_a_header()) {
        let outcome = read(&bytes);
        for part in 0..bytes.len() {
            let early = read(&bytes[..part]);
            prop_assert!(early == Read::More || early == outcome, "{:?} by {} bytes, {:?} by all", early, part, outcome);
            if let Read::Complete { len, .. } = early {
                prop_assert!(len <= part);
            }
        }
    }
}
