import { expect } from "chai";

import { boot, readBlueprint } from "../../../core/boot.ts";
import { migrateDatabase } from "../../../core/migrate_database.ts";
import { signUpHotel, startTestPlatform, TestClient, type TestPlatform, testSecret } from "#testing/mod.ts";
import { serve } from "../../../core/serve.ts";
import { createAccessTokens } from "./tokens.ts";

const next = "the-next-secret-the-next-secret-the-next";
const claims = {
  userId: "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1d",
  hotelId: "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1e",
  sessionId: "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1f",
};

describe("The rotation of SECRET_KEY", () => {
  it("The first key signs, and all keys verify", async () => {
    const [old, both, only] = [
      createAccessTokens([testSecret]),
      createAccessTokens([next, testSecret]),
      createAccessTokens([next]),
    ];
    const [byOld, byBoth] = [await old.sign(claims), await both.sign(claims)];
    expect((await both.verify(byOld))?.sid).to.equal(claims.sessionId);
    expect((await both.verify(byBoth))?.sid).to.equal(claims.sessionId);
    expect((await only.verify(byBoth))?.sid).to.equal(claims.sessionId);
    expect(await only.verify(byOld)).to.equal(undefined);
    expect(await old.verify(byBoth)).to.equal(undefined);
  });

  it("A short or empty key stops the boot", async () => {
    for (const keys of [`${next},short`, `short,${next}`, `${next},`, `,${next}`]) {
      const why = await readBlueprint({ SECRET_KEY: keys, STRIPE_WEBHOOK_SECRET: "whsec_x" }).then(
        () => "it started",
        (error: unknown) => (error as Error).message,
      );
      expect(why, keys).to.match(/SECRET_KEY has a key that is shorter than 32 characters/);
    }
  });

  describe("The rotation of SECRET_KEY on a running platform", () => {
    let platform: TestPlatform;
    before(async () => {
      platform = await startTestPlatform({ worker: false });
    });
    after(async () => {
      // The run-time login's password belongs to the whole cluster. The next tests need the usual one.
      await migrateDatabase(platform.variables);
      await platform.close();
    });

    it("Users stay logged in while the old key is in the list, and not after that", async () => {
      const hotel = await signUpHotel(platform.client);
      const statusWith = async (keys: string): Promise<number> => {
        const variables = { ...platform.variables, SECRET_KEY: keys };
        await migrateDatabase(variables);
        const server = await serve(await boot("web", variables));
        try {
          const client = new TestClient(`http://127.0.0.1:${server.port}`);
          return (await client.get("/auth/me", { token: hotel.managerToken })).status;
        } finally {
          await server.close();
        }
      };
      expect(await statusWith(`${next}, ${testSecret}`)).to.equal(200);
      expect(await statusWith(next)).to.equal(401);
    });
  });
});
