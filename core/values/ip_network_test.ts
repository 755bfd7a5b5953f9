import { expect } from "chai";

import { networkOf, networksOf } from "./ip_network.ts";

describe("the network of an IP address", () => {
  it("An IPv4 address has itself and its /24", () => {
    expect(networksOf("192.0.2.129")).to.deep.equal(["192.0.2.129", "192.0.2.0/24"]);
  });

  it("An IPv6 address has its /64, /56 and /48", () => {
    expect(networksOf("2001:db8:1:2345:6:7:8:9")).to.deep.equal([
      "2001:db8:1:2345::/64",
      "2001:db8:1:2300::/56",
      "2001:db8:1::/48",
    ]);
  });

  it("An IPv6 address has the same network in every notation", () => {
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

  it("An IPv4 address that is mapped into IPv6 counts as the IPv4 address", () => {
    const mapped = ["::ffff:192.0.2.1", "::FFFF:192.0.2.1", "::ffff:c000:201", "0:0:0:0:0:ffff:c000:0201"];
    for (const address of mapped) expect(networksOf(address), address).to.deep.equal(["192.0.2.1", "192.0.2.0/24"]);
    expect(networkOf("::ffff:192.0.2.1")).not.to.equal(networkOf("::ffff:192.0.2.2"));
  });

  it("The zone of a link-local address is left out", () => {
    for (const address of ["fe80::1", "fe80::1%eth0", "fe80::2%25en1"])
      expect(networkOf(address), address).to.equal("fe80:0:0:0::/64");
  });

  it("Text of another form stays as it is", () => {
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
