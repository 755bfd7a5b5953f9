/** What the routes get from the core where tests call them without a platform. */
import { auditLogOf } from "../../../core/audit/log.ts";
import { dailyCounter } from "../../../core/db/daily_usage.ts";
import { forgetAnswers } from "../../../core/http/idempotency.ts";
import { noRefusals } from "../../../testing/refusals.ts";

export const directContext = {
  forgetAnswers,
  audit: auditLogOf("pms", noRefusals),
  countDaily: dailyCounter("pms"),
  /** The quotas of a hotel on trial, as the manifest has them by default. */
  env: { TRIAL_ROOM_TYPES: 100, TRIAL_ROOMS: 500, TRIAL_BOOKINGS_PER_DAY: 5_000 },
};
