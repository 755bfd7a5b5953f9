/**
 * Limits what a hotel on trial can store, because a trial takes a minute and costs nothing. A hotel that pays has no
 * quota. A large hotel that tries everything needs far less, and each quota has a variable.
 */
import { type CountDaily, defineProblems, prepare, type Problem, type Trx } from "../../../core/mod.ts";

const trialProblems = defineProblems({
  TRIAL_QUOTA_REACHED: { status: 403, title: "The quota of a hotel on trial is reached" },
});

/** The settings that decide whether a hotel is on trial. */
export interface TrialDates {
  readonly hotel_id: string;
  readonly valid_to: Date;
  readonly trial_ends_at: Date;
}

/** A quota of a hotel on trial. */
export interface TrialQuota {
  /** The counted things, in the plural. */
  readonly of: string;
  readonly most: number;
}

/**
 * Returns whether a hotel is on trial: until it has paid for a time beyond the trial. Billing computes `valid_to` as
 * the later end of the trial and the paid time.
 */
export function isOnTrial(hotel: TrialDates): boolean {
  return hotel.valid_to <= hotel.trial_ends_at;
}

function quotaReached({ of, most }: TrialQuota, each: string): Problem {
  return trialProblems.TRIAL_QUOTA_REACHED(
    `A hotel on trial can have ${most} ${of}${each}. A subscription removes the quota. ` +
      "A manager starts one at POST /billing/checkout.",
    { members: { quota: { of, most } } },
  );
}

const lockStatement = prepare(
  "identity_lock_trial_quota",
  "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'trial quota', $1::text, $2::text), 0))",
);

/**
 * Refuses one more if a hotel on trial has reached the quota. Serializes the hotel's requests that add one, so that the
 * count is valid until the commit.
 * @throws Problem TRIAL_QUOTA_REACHED
 */
export async function requireQuota(
  trx: Trx,
  hotel: TrialDates,
  quota: TrialQuota,
  count: () => PromiseLike<number>,
): Promise<void> {
  if (!isOnTrial(hotel)) return;
  await lockStatement.run(trx, [hotel.hotel_id, quota.of]);
  if ((await count()) >= quota.most) throw quotaReached(quota, "");
}

/**
 * Counts one more of today, and refuses it if a hotel on trial exceeds the daily quota. Call it last in a transaction.
 * @param countDaily the plugin's own counter
 * @throws Problem TRIAL_QUOTA_REACHED
 */
export async function requireDailyQuota(
  trx: Trx,
  hotel: TrialDates,
  quota: TrialQuota,
  countDaily: CountDaily,
): Promise<void> {
  if (!isOnTrial(hotel)) return;
  if ((await countDaily(trx, quota.of)) > quota.most) throw quotaReached(quota, " a day");
}

/**
 * Refuses if today's quota is used up, and counts nothing. Call it before work that counts only after it has succeeded.
 * @param countDaily the plugin's own counter
 * @throws Problem TRIAL_QUOTA_REACHED
 */
export async function requireDailyQuotaLeft(
  trx: Trx,
  hotel: TrialDates,
  quota: TrialQuota,
  countDaily: CountDaily,
): Promise<void> {
  if (!isOnTrial(hotel)) return;
  if ((await countDaily(trx, quota.of, 0)) >= quota.most) throw quotaReached(quota, " a day");
}
