import { expect } from "chai";
import { createHash } from "node:crypto";

import { weaknessOf } from "./rules.ts";
import { passwordSchema } from "./passwords.ts";

const username = "anna";
const owner = { username, hotelName: "Hotel Seeblick am Bodensee" };

describe("The rules for a password", () => {
  for (const [why, passwords] of Object.entries({
    "is a well-known password": [
      "123456789012",
      "Password123456!",
      "PASSWORD20251231",
      "!!!!letmein2025!!!!",
      "letmeinletmein",
      "letmein-letmein-2025",
      "P@ssw0rd2026!!",
      "We1come123456",
      "p-a-s-s-w-o-r-d",
      "pass_word_1234",
      "ｐａｓｓｗｏｒｄ１２３４",
      "password123456789012",
      "1qaz2wsx3edc4rfv",
      "zaq1xsw2cde3",
      "Keyrack123456",
      "keyrackkeyrack",
      "correcthorsebatterystaple",
      "Correct-Horse-Battery-Staple",
      "CorrectHorseBatteryStaple1!",
      "Willkommen1!",
      "W1llkommen2026!",
      "Receptionist1",
      "Bienvenue2026!",
      "Hotelmanager1",
    ],
    "repeats itself": [
      "abcxabcxabcx",
      "xkqvz9xkqvz9",
      "xkqvz9-xkqvz9!",
      "Hallo!Hallo!Hallo!",
      "hgfq1hgfq1hgfq1hg",
      "7391 7391 7391",
    ],
    "is a run of letters, digits or keys": [
      "abcdefghijkl",
      "abcdabcdabcd",
      "zyxwvutsrqponm",
      "0987654321098",
      "qwertyuiopasdf",
      "qwertzuiopasdf",
      "ABCDEFGHIJ-2025",
      "!@#$%^&*()_+",
      "!@#$%^&*()_+1",
      '!"§$%&/()=?`',
      "123456qwertyasdf",
    ],
    "is little more than the hotel's name": [
      "hotelseeblick",
      "seeblick2026",
      "Seeblick-2026!",
      "S33bl1ck-2026",
      "hotel-seeblick-am-bodensee",
      "bodensee-seeblick",
    ],
    "has fewer than four different characters": ["aaaaaaaaaaaa", "ababababababab", "111222333111"],
    "contains the username": ["here-comes-anna-again", "HERE-COMES-ANNA-AGAIN", "ａｎｎａ-from-the-desk"],
  })) {
    it(`They refuse a password that ${why}`, () => {
      for (const password of passwords) expect(weaknessOf(password, owner), password).to.equal(why);
    });
  }

  it("They accept several words, random text, and a well-known word with others", () => {
    for (const password of [
      "correct-horse-battery",
      "staple-correct-battery",
      "correcthorsebattery",
      "seeblick-copper-lantern",
      "welcome-to-the-blue-heron",
      "qwerty-lantern-copper-9",
      "another-horse-battery",
      "password-of-the-blue-heron",
      "letmein-said-the-fox",
      "summer rain on slate",
      "xkcdmonkeyz1",
      "aa83917502647",
      "839175026473",
      "password839175026473",
      "Tr0ub4dor&3-garden",
      "grün-wie-der-see",
      "пароль-от-моря-7",
      "夕方の湖畔で鳥が三羽飛ぶ",
    ])
      expect(weaknessOf(password, owner), password).to.equal(undefined);
  });

  it("They accept each of twenty thousand random passwords", () => {
    for (let one = 0; one < 20_000; one += 1) {
      // As random as required, and equal in every run.
      const bytes = createHash("sha256").update(`${one}`).digest().subarray(0, 9);
      const password = bytes.toString(one % 2 === 0 ? "hex" : "base64url");
      expect(weaknessOf(password, { ...owner, username: "manager-1" }), password).to.equal(undefined);
    }
  });

  it("They take less than 5 ms, also for the longest and slowest input", () => {
    const long = ["a1", "-", "ab-", "password", "0123456789"].map((part) => part.repeat(256).slice(0, 256));
    const tedious = [
      ...long,
      "qwertyuiop!".repeat(24).slice(0, 256),
      `${"a".repeat(127)}b${"a".repeat(127)}c`,
      `${"-".repeat(255)}a`,
      `a${"1".repeat(254)}-`,
    ];
    for (const password of tedious) {
      const times = Array.from({ length: 9 }, () => {
        const started = performance.now();
        weaknessOf(password, owner);
        return performance.now() - started;
      });
      expect(Math.min(...times), password).to.be.below(5);
    }
  });

  it("They require 12 visible characters that can be stored", () => {
    const takes = (password: string): boolean => passwordSchema.safeParse(password).success;
    expect(["elevenchars", "🦊🐻🐼🦁🐯🐨"].map(takes)).to.deep.equal([false, false]);
    expect(takes("🦊🐻🐼🦁🐯🐨🐸🐵🐔🐧🐦🐤")).to.equal(true);
    expect(takes("e\u0301".repeat(11))).to.equal(false);
    expect(takes("half-a-pair-\ud83e")).to.equal(false);
  });
});
