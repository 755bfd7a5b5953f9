/** The session of this browser. The browser keeps the session in a cookie that no script can read. */
import { computed, signal } from "@preact/signals";

import { Problem } from "./problem.ts";
import { queryClient } from "./query_client.ts";
import { request } from "./request.ts";

/** The user, role and hotel of the session, as far as every screen needs them. `GET /auth/me` answers them. */
export interface Me {
  readonly user_id: string;
  readonly username: string;
  readonly role: string;
  readonly must_change_password: boolean;
  readonly hotel: {
    readonly hotel_id: string;
    readonly name: string;
    readonly time_zone: string;
    readonly currency: string;
    /** The hotel's own day. The close of the day moves it forward. */
    readonly business_date: string;
    readonly check_in_time: string;
    readonly check_out_time: string;
    readonly subscription_valid: boolean;
    readonly valid_to: string;
    /** Minutes without input after which a page locks its session. 0: never. */
    readonly desk_locks_after_minutes: number;
  };
}

export type SessionState =
  | { readonly is: "unknown" }
  | { readonly is: "out" }
  | { readonly is: "locked"; readonly username: string; readonly hasPin: boolean }
  | { readonly is: "in"; readonly me: Me }
  | { readonly is: "failed"; readonly problem: Problem };

export const session = signal<SessionState>({ is: "unknown" });

/** The user, role and hotel. Undefined without a session. */
export const me = computed(() => (session.value.is === "in" ? session.value.me : undefined));

/** Asks the server for the session. */
export async function readSession(): Promise<void> {
  try {
    const { body } = await request<Me>("GET", "/auth/me");
    const isSame = session.value.is === "in" && JSON.stringify(session.value.me) === JSON.stringify(body);
    if (!isSame) session.value = { is: "in", me: body };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) session.value = { is: "out" };
    else if (error.status === 423) session.value = lockedBy(error);
    else if (session.value.is !== "in") session.value = { is: "failed", problem: error };
  }
}

/** Ends the session here and on the server. */
export async function logOut(): Promise<void> {
  await request("DELETE", "/auth/session").catch(() => undefined);
  queryClient.clear();
  session.value = { is: "out" };
}

/** Locks the session on the server, so that no call of this browser is answered until it is unlocked. */
export async function lockSession(): Promise<void> {
  await request("POST", "/auth/session/lock");
  queryClient.clear();
  await readSession();
}

const lockedBy = ({ members }: Problem): SessionState => ({
  is: "locked",
  username: typeof members["username"] === "string" ? members["username"] : "",
  hasPin: members["has_pin"] === true,
});

/** Reacts to a refused call: a session that has ended shows the login, a locked one the lock. */
export function noteRefusal(problem: Problem): void {
  if (session.value.is !== "in") return;
  if (problem.code === "UNAUTHENTICATED") session.value = { is: "out" };
  if (problem.code === "SESSION_LOCKED") session.value = lockedBy(problem);
}
