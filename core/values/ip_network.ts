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
 * Returns the networks around an address that one customer can own, the narrowest first.
 * - IPv4: the address itself and its /24.
 * - IPv6: the /64, the /56 and the /48. A zone, such as `%eth0`, is left out.
 * - IPv4 mapped into IPv6: the same as for the IPv4 address.
 * - Any other text, which a proxy can write into X-Forwarded-For: the text itself.
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
