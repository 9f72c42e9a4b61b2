//! The table of `geo`: values by blocks of addresses.

use std::collections::HashMap;
use std::net::IpAddr;

use super::Expression;

/// Values by blocks of addresses; of several that hold an address the smallest counts.
///
/// A look-up costs one probe for each length of prefix that occurs, however many blocks there are.
/// IPv4 addresses lie where IPv6 maps them (`::ffff:0:0/96`).
#[derive(Clone, Debug, Default)]
pub struct Networks {
    /// By length of prefix, longest first.
    tables: Vec<(u8, HashMap<u128, Expression>)>,
}

impl Networks {
    /// Gives the block of addresses that agree with `address` in `bits` bits a value; the one that
    /// it had.
    pub fn insert(&mut self, address: IpAddr, bits: u8, value: Expression) -> Option<Expression> {
        let (bits, block) = block(address, bits);
        let at = self.tables.partition_point(|(length, _)| *length > bits);
        if self.tables.get(at).is_none_or(|(length, _)| *length != bits) {
            self.tables.insert(at, (bits, HashMap::new()));
        }
        self.tables[at].1.insert(block, value)
    }

    /// Takes a block out; its value.
    pub fn remove(&mut self, address: IpAddr, bits: u8) -> Option<Expression> {
        let (bits, block) = block(address, bits);
        let (_, table) = self.tables.iter_mut().find(|(length, _)| *length == bits)?;
        table.remove(&block)
    }

    /// The value of the smallest block that holds `address`.
    #[must_use]
    pub fn find(&self, address: IpAddr) -> Option<&Expression> {
        let address = wide(address);
        self.tables.iter().find_map(|(bits, table)| table.get(&masked(address, *bits)))
    }

    /// Whether there are blocks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}

fn block(address: IpAddr, bits: u8) -> (u8, u128) {
    let bits = if address.is_ipv4() { bits.min(32) + 96 } else { bits.min(128) };
    (bits, masked(wide(address), bits))
}

fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn masked(address: u128, bits: u8) -> u128 {
    address & u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Expression {
        Expression::literal(text.as_bytes())
    }

    #[test]
    fn the_smallest_block_counts() {
        let mut networks = Networks::default();
        let blocks =
            [("10.0.0.0", 8), ("10.1.0.0", 16), ("10.1.2.3", 32), ("fe80::", 10), ("::", 0)];
        for (address, bits) in blocks {
            let value = text(&format!("{address}/{bits}"));
            assert_eq!(networks.insert(address.parse().unwrap(), bits, value), None);
        }
        let check = |networks: &Networks, address: &str, expected: &str| {
            let found = networks.find(address.parse().unwrap());
            assert_eq!(found, Some(&text(expected)), "{address}");
        };
        check(&networks, "10.9.9.9", "10.0.0.0/8");
        check(&networks, "10.1.9.9", "10.1.0.0/16");
        check(&networks, "10.1.2.3", "10.1.2.3/32");
        check(&networks, "::ffff:10.1.2.3", "10.1.2.3/32");
        check(&networks, "fe80::1", "fe80::/10");
        check(&networks, "2001:db8::1", "::/0");
        check(&networks, "192.0.2.1", "::/0");
        let again = networks.insert([10, 7, 7, 7].into(), 8, text("new"));
        assert_eq!(again, Some(text("10.0.0.0/8")));
        networks.remove([10, 1, 2, 3].into(), 32);
        check(&networks, "10.1.2.3", "10.1.0.0/16");
    }
}
