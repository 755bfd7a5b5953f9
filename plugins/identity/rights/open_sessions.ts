/** Days until a session ends, however often it is renewed. Then its user logs in again. */
export const sessionDays = 30;
/** Hours until the session of an idle browser ends. */
const idleHours = 12;

/**
 * Returns the SQL condition that a session is open. A session with tokens ends with them. A browser has none, so its
 * session is compared with the time.
 * @param alias of `identity.sessions` in the statement
 */
export function isOpen(alias: string): string {
  return (
    `(${alias}.revoked_at IS NULL AND (${alias}.cookie_hash IS NULL OR ` +
    `(${alias}.last_used_at > now() - make_interval(hours => ${idleHours}) AND ` +
    `${alias}.created_at > now() - make_interval(days => ${sessionDays}))))`
  );
}
