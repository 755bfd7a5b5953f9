import { expect } from "chai";

import { createDeviceTokens, deviceDays } from "./device_tokens.ts";

const dayMs = 86_400_000;
const anna = {
  hotel_id: "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1d",
  user_id: "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1e",
  username: "anna",
  password_hash: "$argon2id$one",
};
const [oldKey, newKey] = ["o".repeat(32), "n".repeat(32)];

describe("A device token", () => {
  const clock = { ms: Date.parse("2026-03-01T12:00:00Z") };
  const tokens = createDeviceTokens([oldKey], () => clock.ms);

  it("It gives the same name for its device each time, and each new device another", () => {
    const token = tokens.issue(anna, undefined);
    const device = tokens.read(token, anna);
    expect(device).to.match(/^[\w-]{22}$/);
    expect(tokens.read(tokens.issue(anna, device), anna)).to.equal(device);
    expect(tokens.read(tokens.issue(anna, undefined), anna)).not.to.equal(device);
  });

  it("It is valid only for its user and password", () => {
    const token = tokens.issue(anna, undefined);
    expect(tokens.read(token, { ...anna, user_id: anna.hotel_id })).to.equal(undefined);
    expect(tokens.read(token, { ...anna, hotel_id: anna.user_id })).to.equal(undefined);
    expect(tokens.read(token, { ...anna, password_hash: "$argon2id$two" })).to.equal(undefined);
    expect(tokens.read(token, undefined)).to.equal(undefined);
    expect(tokens.read(undefined, anna)).to.equal(undefined);
  });

  it("It expires after a fixed number of days and is invalid before its day", () => {
    const token = tokens.issue(anna, undefined);
    const start = clock.ms;
    clock.ms = start + deviceDays * dayMs;
    expect(tokens.read(token, anna)).not.to.equal(undefined);
    clock.ms += dayMs;
    expect(tokens.read(token, anna)).to.equal(undefined);
    clock.ms = start - dayMs;
    expect(tokens.read(token, anna)).to.equal(undefined);
    clock.ms = start;
  });

  it("It is invalid if any of its bits is changed", () => {
    const token = Buffer.from(tokens.issue(anna, undefined), "base64url");
    for (let byte = 0; byte < token.length; byte += 1) {
      const forged = Buffer.from(token);
      forged.writeUInt8(forged.readUInt8(byte) ^ 1, byte);
      expect(tokens.read(forged.toString("base64url"), anna), `byte ${byte}`).to.equal(undefined);
    }
    for (const length of [0, 1, 51, 53])
      expect(tokens.read(Buffer.alloc(length).toString("base64url"), anna)).to.equal(undefined);
  });

  it("It stays valid while SECRET_KEY is rotated, and not after that", () => {
    const token = tokens.issue(anna, undefined);
    expect(createDeviceTokens([newKey, oldKey], () => clock.ms).read(token, anna)).not.to.equal(undefined);
    expect(createDeviceTokens([newKey], () => clock.ms).read(token, anna)).to.equal(undefined);
  });
});
