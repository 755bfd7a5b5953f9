/** Makes the plugin's context for tests that call handlers without a platform. It has the parts that handlers use. */
import { auditLogOf } from "../../../core/audit/log.ts";
import { dailyCounter } from "../../../core/db/daily_usage.ts";
import { forgetAnswers } from "../../../core/http/idempotency.ts";
import { noRefusals } from "#testing/mod.ts";

export const directContext = {
  forgetAnswers,
  audit: auditLogOf("pms", noRefusals),
  countDaily: dailyCounter("pms"),
  /** The default quotas of a hotel on trial, as in the manifest. */
  env: { TRIAL_ROOM_TYPES: 100, TRIAL_ROOMS: 500, TRIAL_BOOKINGS_PER_DAY: 5_000 },
};
