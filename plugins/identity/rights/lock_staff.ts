import type { Actor, Trx } from "../../../core/mod.ts";
import { noSuchUser } from "../errors.ts";
import { User } from "../models/user.ts";
import { managers } from "../port.ts";
import { requireActorStillAuthorized } from "./still_authorized.ts";

/**
 * Locks a user, the caller and the hotel's active managers. So two managers who dismiss each other at the same time
 * can't both succeed. The rows are locked in the order of their ids, so that no deadlock is possible.
 * @throws Problem NOT_FOUND, and UNAUTHENTICATED or FORBIDDEN if the caller lost the rights of a manager
 */
export async function lockStaff(trx: Trx, actor: Actor, userId: string): Promise<{ user: User; isLast: boolean }> {
  const locked = await User.query(trx)
    .where({ hotel_id: actor.tenantId })
    .whereRaw("(user_id IN (?, ?) OR (role = 'manager' AND active))", [userId, actor.userId])
    .orderBy("user_id")
    .forUpdate();
  const caller = locked.find((one) => one.user_id === actor.userId);
  await requireActorStillAuthorized(trx, actor, caller, managers);
  const user = locked.find((one) => one.user_id === userId);
  if (user === undefined) throw noSuchUser();
  const isManager = (one: User): boolean => one.role === "manager" && one.active;
  return { user, isLast: isManager(user) && locked.filter(isManager).length === 1 };
}
