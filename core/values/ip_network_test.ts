import { expect } from "chai";

import { networkOf, networksOf } from "./ip_network.ts";

describe("the network of an IP address", () => {
  it("is the address itself and its /24 for IPv4", () => {
    expect(networksOf("192.0.2.129")).to.deep.equal(["192.0.2.129", "192.0.2.0/24"]);
  });

  it("is the /64, the /56 and the /48 for IPv6", () => {
    expect(networksOf("2001:db8:1:2345:6:7:8:9")).to.deep.equal([
      "2001:db8:1:2345::/64",
      "2001:db8:1:2300::/56",
      "2001:db8:1::/48",
    ]);
  });

  it("is the same however an IPv6 address is written", () => {
    const written = [
      "2001:db8:0:1::9",
      "2001:0DB8:0000:0001:0000:0000:0000:0009",
      "2001:db8:0:1:ffff::",
      "2001:db8::1:0:0:0:1",
    ];
    for (const address of written) expect(networkOf(address), address).to.equal("2001:db8:0:1::/64");
    expect(networkOf("::")).to.equal("0:0:0:0::/64");
    expect(networkOf("::1")).to.equal(networkOf("::"));
    expect(networkOf("2001:db8::1")).to.equal("2001:db8:0:0::/64");
  });

  it("is that of the IPv4 address for one that is mapped into IPv6, in each notation", () => {
    const mapped = ["::ffff:192.0.2.1", "::FFFF:192.0.2.1", "::ffff:c000:201", "0:0:0:0:0:ffff:c000:0201"];
    for (const address of mapped) expect(networksOf(address), address).to.deep.equal(["192.0.2.1", "192.0.2.0/24"]);
    expect(networkOf("::ffff:192.0.2.1")).not.to.equal(networkOf("::ffff:192.0.2.2"));
  });

  it("leaves out the zone of a link-local address", () => {
    for (const address of ["fe80::1", "fe80::1%eth0", "fe80::2%25en1"])
      expect(networkOf(address), address).to.equal("fe80:0:0:0::/64");
  });

  it("is the text itself where that is no IP address", () => {
    for (const text of [
      "",
      "unknown",
      "_hidden",
      "192.0.2.1:8080",
      "[2001:db8::1]",
      "2001:db8::1::2",
      "1:2:3:4:5:6:7:8:9",
    ])
      expect(networksOf(text), text).to.deep.equal([text]);
  });
});
