import { prepare, problems, timeZoneHint, type Trx } from "../../../core/mod.ts";

// The view is made from files at each look, which takes tens of milliseconds: it is asked only when a zone is set.
const knownStatement = prepare("identity_is_zone_known", "SELECT FROM pg_timezone_names WHERE name = $1");

/**
 * PostgreSQL and this runtime have a list of time zones each, and a hotel's zone must be on both.
 * @param zone that passed `timeZoneSchema`; undefined where none is set
 * @throws Problem VALIDATION_FAILED
 */
export async function requireKnownZone(trx: Trx, zone: string | undefined): Promise<void> {
  if (zone === undefined || (await knownStatement.run(trx, [zone])).length > 0) return;
  throw problems.VALIDATION_FAILED(`/time_zone ${timeZoneHint}`, {
    errors: [{ in: "body", pointer: "/time_zone", detail: `${timeZoneHint}; the database does not know it` }],
  });
}
