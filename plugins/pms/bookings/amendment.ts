import type { AgreedPrice } from "../rates/agreed_price.ts";
import type { RoomStates } from "./undo/restore_housekeeping.ts";

/** The fields that an amendment changes. An undefined field keeps its value. */
export interface Amendment {
  readonly check_in_at?: string | undefined;
  readonly expected_check_out_at?: string | undefined;
  readonly room_type_id?: string | undefined;
  readonly room_id?: string | undefined;
  /** Whether the desk accepts a dirty room. The policy `warn` asks for this. */
  readonly accept_dirty_room?: boolean | undefined;
  readonly guest?:
    | {
        readonly name?: string | undefined;
        readonly email?: string | null | undefined;
        readonly phone?: string | null | undefined;
      }
    | undefined;
  readonly adults?: number | undefined;
  readonly children?: number | undefined;
  readonly notes?: string | null | undefined;
  readonly room_locked?: boolean | undefined;
  /** Replaces the rates, or withdraws an agreed price. */
  readonly agreed_price?: AgreedPrice | undefined;
  /** Overrides the restrictions of the arrival day. */
  readonly restore_housekeeping?: RoomStates | undefined;
  readonly override_restrictions?: { readonly reason: string } | undefined;
}
