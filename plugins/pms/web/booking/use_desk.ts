/** The changes that a desk makes to a stay. Each says what was done, and offers its way back. */
import { addDays, announce, currentAddress, useApi, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import type en from "./locales/en.json";

/** The facts of a stay that its changes need. */
export interface Stay {
  readonly booking_id: string;
  readonly guest_name: string;
  readonly room_id: string;
  readonly room_number: string;
  readonly departure: string;
}

export interface Desk {
  readonly checkIn: (stay: Stay, accepts?: { readonly dirtyRoom: boolean }) => Promise<void>;
  readonly checkOut: (stay: Stay) => Promise<void>;
  readonly cancel: (stay: Stay) => Promise<void>;
  readonly markNoShow: (stay: Stay) => Promise<void>;
  readonly reinstate: (stay: Stay) => Promise<void>;
  readonly undoCheckIn: (stay: Stay) => Promise<void>;
  readonly undoCheckOut: (stay: Stay) => Promise<void>;
  /** One more night, in the same room. */
  readonly extend: (stay: Stay) => Promise<void>;
  readonly move: (stay: Stay, room: { readonly room_id: string; readonly room_number: string }) => Promise<void>;
  readonly clean: (room: { readonly room_id: string; readonly room_number: string }) => Promise<void>;
  readonly open: (stay: Pick<Stay, "booking_id">) => void;
}

/** The amendment that adds one night to a stay. */
export const oneNightMore = ({ departure }: Pick<Stay, "departure">) => ({
  expected_check_out_at: addDays(departure, 1),
});

export function useDesk(): Desk {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const params = (stay: Stay) => ({ params: { booking_id: stay.booking_id } });
  const words = (stay: Stay) => ({ guest: stay.guest_name, room: stay.room_number });
  return {
    checkIn: async (stay, accepts) => {
      const body = accepts?.dirtyRoom === true ? { accept_dirty_room: true } : {};
      const done = await api.checkIn({ ...params(stay), body });
      announce(t("desk.checked_in", words(stay)), done.body.undo);
    },
    checkOut: async (stay) => {
      const done = await api.checkOut({ ...params(stay), body: {} });
      announce(t("desk.checked_out", words(stay)), done.body.undo);
    },
    cancel: async (stay) => {
      const done = await api.cancelBooking({ ...params(stay), body: {} });
      announce(t("desk.canceled", words(stay)), done.body.undo);
    },
    markNoShow: async (stay) => {
      const done = await api.markNoShow({ ...params(stay), body: {} });
      announce(t("desk.no_show", words(stay)), done.body.undo);
    },
    reinstate: async (stay) => {
      const done = await api.reinstateBooking({ ...params(stay), body: {} });
      announce(t("desk.reinstated", words(stay)), done.body.undo);
    },
    undoCheckIn: async (stay) => {
      const done = await api.undoCheckIn({ ...params(stay), body: {} });
      announce(t("desk.check_in_undone", words(stay)), done.body.undo);
    },
    undoCheckOut: async (stay) => {
      const done = await api.undoCheckOut({ ...params(stay), body: {} });
      announce(t("desk.check_out_undone", words(stay)), done.body.undo);
    },
    extend: async (stay) => {
      const done = await api.amendBooking({ ...params(stay), body: oneNightMore(stay) });
      announce(t("desk.extended", words(stay)), done.body.undo);
    },
    move: async (stay, room) => {
      const body = { room_id: room.room_id, accept_dirty_room: true };
      const done = await api.moveBooking({ ...params(stay), body });
      announce(t("desk.moved", { guest: stay.guest_name, room: room.room_number }), done.body.undo);
    },
    clean: async (room) => {
      const done = await api.setHousekeeping({ params: { room_id: room.room_id }, body: { housekeeping: "clean" } });
      announce(t("desk.cleaned", { room: room.room_number }), done.body.undo);
    },
    open: ({ booking_id: id }) => currentAddress().set("booking", id),
  };
}
