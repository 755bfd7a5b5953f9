/**
 * Quotas of hotels on trial. A trial takes a minute and costs nothing, so what one may store is bounded. A hotel that pays
 * has no quota. The quotas are far above what a large hotel needs to try everything, and each has a variable.
 */
import { type CountDaily, defineProblems, prepare, type Problem, type Trx } from "../../../core/mod.ts";

const trialProblems = defineProblems({
  TRIAL_QUOTA_REACHED: { status: 403, title: "The quota of a hotel on trial is reached" },
});

/** The part of a hotel's settings that says whether it is on trial. */
export interface TrialDates {
  readonly hotel_id: string;
  readonly valid_to: Date;
  readonly trial_ends_at: Date;
}

/** What a quota is about: its plural, and how many. */
export interface TrialQuota {
  readonly of: string;
  readonly most: number;
}

/** True until something is paid for that reaches beyond the trial: billing computes `valid_to` as the later of the two. */
export function isOnTrial(hotel: TrialDates): boolean {
  return hotel.valid_to <= hotel.trial_ends_at;
}

function quotaReached({ of, most }: TrialQuota, each: string): Problem {
  return trialProblems.TRIAL_QUOTA_REACHED(
    `A hotel on trial may have ${most} ${of}${each}. A subscription lifts the quota: a manager starts one at POST /billing/checkout.`,
    { members: { quota: { of, most } } },
  );
}

const lockStatement = prepare(
  "identity_lock_trial_quota",
  "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'trial quota', $1::text, $2::text), 0))",
);

/**
 * Refuses one more where a hotel on trial has as many as it may. Requests that add of the same hotel pass one by one, so
 * that the count holds until the commit.
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
 * Counts one more of today, and refuses it where a hotel on trial has had as many as it may on a day. Last in a transaction.
 * @param countDaily the plugin's
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
 * Refuses where nothing is left of today's quota, and counts nothing: before work that only counts once it has succeeded.
 * @param countDaily the plugin's
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
