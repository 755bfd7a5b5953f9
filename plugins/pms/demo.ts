import type { DemoPart, DemoSession } from "../../core/mod.ts";

const types = [
  { name: "Single", capacity: 1, rate: "79.00", numbers: ["101", "102", "103", "104"] },
  { name: "Double", capacity: 2, rate: "120.00", numbers: ["201", "202", "203", "204", "205", "206"] },
  { name: "Suite", capacity: 4, rate: "260.00", numbers: ["301", "302"] },
];

/** Twelve rooms of three types. */
export const demo: DemoPart = {
  order: 2,
  tryPaths: ["/rooms/"],
  play: async (session: DemoSession) => {
    for (const { numbers, ...type } of types) {
      const { room_type_id: roomTypeId } = await session.call("POST", "/room-types/", type);
      for (const number of numbers) {
        await session.call("POST", "/rooms/", { room_number: number, room_type_id: roomTypeId });
      }
    }
  },
};
