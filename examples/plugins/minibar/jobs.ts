import * as z from "zod";

import { daySchema, defineJob } from "#core/mod.ts";

/**
 * Adds up what is to be refilled after one business day. The hotel is not in the payload: a job belongs to the tenant
 * whose transaction enqueued it, and runs inside that tenant.
 */
export const listRestock = defineJob({
  name: "minibar.restock-list",
  payload: z.strictObject({ day: daySchema }),
});
