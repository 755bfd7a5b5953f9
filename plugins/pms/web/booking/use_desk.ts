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

export function useDesk(): Desk {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const params = (stay: Stay) => ({ params: { booking_id: stay.booking_id } });
  const words = (stay: Stay) => ({ guest: stay.guest_name, room: stay.room_number });
  return {
    checkIn: async (stay, accepts) => {
      const body = accepts?.dirtyRoom === true ? { accept_dirty_room: true } : {};
      await api.checkIn({ ...params(stay), body });
      announce(t("desk.checked_in", words(stay)), () => api.undoCheckIn({ ...params(stay), body: {} }));
    },
    checkOut: async (stay) => {
      await api.checkOut({ ...params(stay), body: {} });
      announce(t("desk.checked_out", words(stay)), () => api.undoCheckOut({ ...params(stay), body: {} }));
    },
    cancel: async (stay) => {
      await api.cancelBooking({ ...params(stay), body: {} });
      announce(t("desk.canceled", words(stay)), () => api.reinstateBooking({ ...params(stay), body: {} }));
    },
    markNoShow: async (stay) => {
      await api.markNoShow({ ...params(stay), body: {} });
      announce(t("desk.no_show", words(stay)), () => api.reinstateBooking({ ...params(stay), body: {} }));
    },
    reinstate: async (stay) => {
      await api.reinstateBooking({ ...params(stay), body: {} });
      announce(t("desk.reinstated", words(stay)), () => api.cancelBooking({ ...params(stay), body: {} }));
    },
    undoCheckIn: async (stay) => {
      await api.undoCheckIn({ ...params(stay), body: {} });
      announce(t("desk.check_in_undone", words(stay)), () =>
        api.checkIn({ ...params(stay), body: { accept_dirty_room: true } }),
      );
    },
    undoCheckOut: async (stay) => {
      await api.undoCheckOut({ ...params(stay), body: {} });
      announce(t("desk.check_out_undone", words(stay)), () => api.checkOut({ ...params(stay), body: {} }));
    },
    extend: async (stay) => {
      const longer = { expected_check_out_at: addDays(stay.departure, 1) };
      await api.amendBooking({ ...params(stay), body: longer });
      announce(t("desk.extended", words(stay)), () =>
        api.amendBooking({ ...params(stay), body: { expected_check_out_at: stay.departure } }),
      );
    },
    move: async (stay, room) => {
      await api.moveBooking({ ...params(stay), body: { room_id: room.room_id, accept_dirty_room: true } });
      announce(t("desk.moved", { guest: stay.guest_name, room: room.room_number }), () =>
        api.moveBooking({ ...params(stay), body: { room_id: stay.room_id, accept_dirty_room: true } }),
      );
    },
    clean: async (room) => {
      const of = { params: { room_id: room.room_id } };
      await api.setHousekeeping({ ...of, body: { housekeeping: "clean" } });
      announce(t("desk.cleaned", { room: room.room_number }), () =>
        api.setHousekeeping({ ...of, body: { housekeeping: "dirty" } }),
      );
    },
    open: ({ booking_id: id }) => currentAddress().set("booking", id),
  };
}
