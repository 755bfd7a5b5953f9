import * as z from "zod";

import { defineJob, idSchema } from "../../core/mod.ts";

/** Builds the file of one report. Few attempts: a manager who waits is better served by a clear failure. */
export const buildReport = defineJob({
  name: "reporting.build",
  payload: z.strictObject({ report_id: idSchema }),
  attempts: 5,
});
