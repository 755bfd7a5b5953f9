import { expect } from "chai";

import { migrateDatabase } from "../../../core/migrate_database.ts";
import { signUpHotel, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { foldUsername, usernameSchema } from "./usernames.ts";

const password = "correct-horse-battery";

describe("Usernames", () => {
  it("Names are equal if only case, width or the form of an accent differs", () => {
    for (const [one, other] of [
      ["admin", "ＡＤＭＩＮ"],
      ["admin", "ａdmin"],
      ["jos\u00e9", "JOSE\u0301"],
      ["straße", "STRASSE"],
      ["νίκος", "ΝΊΚΟΣ"],
      ["νίκοσ.1", "ΝΊΚΟς.1"],
      ["anna", " Anna "],
      ["ﬁnn", "finn"],
    ] as const) {
      expect(foldUsername(one), one).to.equal(foldUsername(other));
      expect(foldUsername(foldUsername(one)), "normalized twice").to.equal(foldUsername(one));
    }
  });

  it("Names are different if the letters differ", () => {
    for (const [one, other] of [
      ["İx", "ix"],
      ["jose", "jos\u00e9"],
      ["anna", "anna."],
    ] as const)
      expect(foldUsername(one)).not.to.equal(foldUsername(other));
  });

  it("A name has one alphabet and only visible characters", () => {
    for (const name of [
      "anna",
      "Анна",
      "Άννα",
      "müller@seeblick.example",
      "山田taro",
      "김민수",
      "анна_7",
      "o'brien".slice(2),
    ])
      expect(usernameSchema.safeParse(name).success, name).to.equal(true);
    for (const name of [
      "аdmin",
      "anna.Ж",
      "αnna",
      "Анnа",
      "ab",
      "anna\u3164",
      "an\u115fna",
      "an\u200bna",
      "a b",
      "ann\ud800",
    ])
      expect(usernameSchema.safeParse(name).success, name).to.equal(false);
  });

  it("A name has one script in everyday use, or scripts that are written together", () => {
    for (const name of [
      "אנה.7",
      "أحمد",
      "สมชาย",
      "नमक",
      "მარიამ",
      "さくら桜サクラ",
      "ラーメン屋.tokyo",
      "김金kim",
      "ㄅㄆ中a",
    ])
      expect(usernameSchema.safeParse(name).success, name).to.equal(true);
    const refused = {
      "Lisu, as ANNA": "\ua4ee\ua4e0\ua4e0\ua4ee",
      "Coptic, as CHC": "\u2ca4\u2c8f\u2ca4",
      "Cherokee, as SAM": "\u13da\u13aa\u13b7",
      Deseret: "\u{10415}\u{1042e}\u{10430}",
      Runic: "\u16a0\u16a2\u16a6",
      "Hebrew beside Latin": "adm\u05d5n",
      "Georgian beside Latin": "ann\u10d0",
      "Bengali digits beside Latin": "anna\u09ea",
      "Arabic digits beside Latin": "anna\u0661",
      "Hiragana beside Hangul": "\u3042\u3044\uae40",
      "Cyrillic beside Han": "\u0430\u5c71\u7530",
    };
    for (const [why, name] of Object.entries(refused))
      expect(usernameSchema.safeParse(name).error?.issues[0]?.message, why).to.match(/scripts/);
  });

  describe("Usernames on a running platform", () => {
    let platform: TestPlatform;
    before(async () => {
      platform = await startTestPlatform({ worker: false });
    });
    after(() => platform.close());

    const add = (username: string, token: string) =>
      platform.client.post("/users/", { username, password, role: "receptionist" }, { token });

    it("Normalized names are unique over all hotels and used for the login", async () => {
      const [one, two] = [await signUpHotel(platform.client), await signUpHotel(platform.client)];
      expect((await add("ａDMIN", one.managerToken)).body.username).to.equal("aDMIN");
      for (const name of ["admin", "ＡＤＭＩＮ", "Admin"])
        expect((await add(name, two.managerToken)).body.code, name).to.equal("USERNAME_TAKEN");
      for (const username of ["admin", "ａｄｍｉｎ", " ADMIN"])
        expect((await platform.client.post("/auth/token", { username, password })).status, username).to.equal(200);
    });

    it("Different names do not block each other: İx leaves ix free", async () => {
      const { managerToken: token } = await signUpHotel(platform.client);
      for (const name of ["İx.1", "ix.1"]) expect((await add(name, token)).status, name).to.equal(201);
      expect((await add("IX.1", token)).body.code).to.equal("USERNAME_TAKEN");
    });

    it("The migration normalizes old names, and stops with an explanation if two become equal", async () => {
      const [one, two] = [await signUpHotel(platform.client), await signUpHotel(platform.client)];
      const nameOf = (username: string, name: string) =>
        platform.owner("identity.users").where({ username }).update({ username: name });
      const migrateAnew = () => migrateDatabase(platform.variables);
      await platform.owner.raw(`
        ALTER TABLE identity.users DROP COLUMN folded_username;
        CREATE INDEX users_username ON identity.users (lower(username));
        DELETE FROM core.migrations WHERE name = 'identity/0004_folded_usernames.ts';
      `);
      await nameOf(one.username, "Ｖｅｒａ");
      await nameOf(two.username, "vera");
      const stopped = await migrateAnew().catch((error: unknown) => (error as Error).message);
      expect(stopped).to.match(/usernames (Ｖｅｒａ and vera|vera and Ｖｅｒａ) are one.* Remedy: rename/);
      await nameOf("vera", "vera.2");
      await migrateAnew();
      for (const username of ["VERA", "Vera.2"])
        expect((await platform.client.post("/auth/token", { username, password })).status, username).to.equal(200);
    });

    it("The insert refuses the second of two equal names at the same moment", async () => {
      const [one, two] = [await signUpHotel(platform.client), await signUpHotel(platform.client)];
      for (let round = 0; round < 3; round += 1) {
        const answers = await Promise.all([
          add(`Twin-${round}`, one.managerToken),
          add(`ｔｗｉｎ-${round}`, two.managerToken),
        ]);
        expect(answers.map(({ status }) => status)).to.have.members([201, 409]);
      }
    });
  });
});
