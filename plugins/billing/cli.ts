/** The operator's commands: `keyrack billing <command>`. */
import { type Command, defineCommand } from "../../core/mod.ts";
import * as z from "zod";

import { events, show } from "./commands/events.ts";
import { reconcile } from "./commands/reconcile.ts";
import { replay } from "./commands/replay.ts";
import { loadStripe } from "./stripe/sdk.ts";

export const commands: Readonly<Record<string, Command>> = {
  sign: defineCommand({
    summary: "Print the Stripe-Signature header for a file's bytes, valid for 300 s",
    args: { file: z.string().describe("The event, as JSON").meta({ completes: "files" }) },
    run: async ({ args }, { env, readFile, print }) => {
      const secret = firstSecret(env["STRIPE_WEBHOOK_SECRET"]);
      if (secret === undefined) throw new Error("STRIPE_WEBHOOK_SECRET is not set.");
      print(await signPayload(await readFile(args.file), secret));
    },
  }),
  events,
  show,
  replay,
  reconcile,
};

/**
 * Creates the header that Stripe would send with these bytes.
 * @param timestamp in seconds since 1970. Default: the current time
 */
export async function signPayload(bytes: Buffer, secret: string, timestamp?: number): Promise<string> {
  const { webhooks } = await loadStripe();
  return webhooks.generateTestHeaderStringAsync({
    payload: bytes.toString("utf8"),
    secret,
    ...(timestamp === undefined ? {} : { timestamp }),
  });
}

/**
 * Returns the first secret. There are several while a new secret is introduced, and any of them is valid. Accepts the
 * variable's text and the list that the manifest parses.
 */
function firstSecret(value: unknown): string | undefined {
  const list: unknown = typeof value === "string" ? value.split(",") : value;
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return typeof first === "string" && first.trim() !== "" ? first.trim() : undefined;
}
