import { prepare, problems, timeZoneHint, type Trx } from "../../../core/mod.ts";

// PostgreSQL reads the view from files, which takes tens of milliseconds. So it is read only when a zone is set.
const knownStatement = prepare("identity_is_zone_known", "SELECT FROM pg_timezone_names WHERE name = $1");

/**
 * Refuses a time zone that PostgreSQL does not know. It and this runtime each have a list, and both must have the zone.
 * @param zone has passed `timeZoneSchema`, or is undefined if the request sets none
 * @throws Problem VALIDATION_FAILED
 */
export async function requireKnownZone(trx: Trx, zone: string | undefined): Promise<void> {
  if (zone === undefined || (await knownStatement.run(trx, [zone])).length > 0) return;
  throw problems.VALIDATION_FAILED(`/time_zone ${timeZoneHint}`, {
    errors: [{ in: "body", pointer: "/time_zone", detail: `${timeZoneHint}; the database does not know it` }],
  });
}
