import * as z from "zod";

import { defineJob, idSchema } from "../../core/mod.ts";

/** Builds the file of one report. Five attempts only: a manager who waits needs a clear failure soon. */
export const buildReport = defineJob({
  name: "reporting.build",
  payload: z.strictObject({ report_id: idSchema }),
  attempts: 5,
  changes: ["reports"],
});
