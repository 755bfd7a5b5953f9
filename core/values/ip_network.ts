/** Networks of IP addresses. A limit counts a network, because one customer owns more than one IPv6 address. */
import ipaddr from "ipaddr.js";

/**
 * Returns the network that a limit counts for this address: the IPv4 address itself, or the /64 of an IPv6 address. The
 * owner of one IPv6 address has the other 2^64 of its /64 too.
 */
export function networkOf(address: string): string {
  const [narrowest] = networksOf(address);
  return narrowest;
}

/**
 * Returns the networks around an address that one customer can own, the narrowest first: an IPv4 address and its /24; the
 * /64, /56 and /48 of an IPv6 address. An IPv4 address that is mapped into IPv6 counts as the IPv4 address. A zone, such as
 * `%eth0`, is left out. Text that is no IP address, which a proxy can write into X-Forwarded-For, is returned as it is.
 */
export function networksOf(address: string): readonly [narrowest: string, ...wider: string[]] {
  if (!ipaddr.isValid(address)) return [address];
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) {
    const [one, two, three] = parsed.octets;
    return [parsed.toString(), `${one}.${two}.${three}.0/24`];
  }
  const [one, two, three, four = 0] = parsed.parts;
  const hex = (part = 0): string => part.toString(16);
  const site = `${hex(one)}:${hex(two)}:${hex(three)}`;
  return [`${site}:${hex(four)}::/64`, `${site}:${hex(four & 0xff00)}::/56`, `${site}::/48`];
}
