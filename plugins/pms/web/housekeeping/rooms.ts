/** The order and the groups of the rooms on the page of housekeeping. */
import type { PmsApi } from "../../api.ts";

export type CleanedRoom = PmsApi["readHousekeeping"]["result"]["rooms"][number];
export type Housekeeping = CleanedRoom["housekeeping"];

/** The states in the order in which a room gets them. */
export const states: readonly Housekeeping[] = ["dirty", "clean", "inspected"];

/** The state that a tap gives a room. */
export const nextState = (state: Housekeeping): Housekeeping =>
  states[(states.indexOf(state) + 1) % states.length] ?? "dirty";

/** Whether housekeeping has to clean the room: a room that can't be sold tonight can wait. */
export const isLeft = ({ housekeeping, status, is_closed: isClosed }: CleanedRoom): boolean =>
  housekeeping === "dirty" && status !== "out_of_order" && !isClosed;

export interface RoomGroup {
  readonly key: string;
  readonly floor: string | null;
  readonly rooms: readonly CleanedRoom[];
}

/** Groups the rooms by floor, in the order of their first rooms. */
export function groupByFloor(rooms: readonly CleanedRoom[]): RoomGroup[] {
  const floors = new Map<string | null, CleanedRoom[]>();
  for (const room of rooms) floors.set(room.floor, [...(floors.get(room.floor) ?? []), room]);
  return [...floors].map(([floor, of]) => ({ key: `floor ${floor ?? ""}`, floor, rooms: of }));
}

/** Splits the rooms into those to clean before an arrival, by its time, and the others: first those to clean. */
export function splitByArrival(rooms: readonly CleanedRoom[]): readonly [CleanedRoom[], CleanedRoom[]] {
  const isUrgent = (room: CleanedRoom): boolean => isLeft(room) && room.next_arrival_at !== null;
  const urgent = rooms.filter(isUrgent);
  const others = rooms.filter((room) => !isUrgent(room));
  return [
    urgent.sort((a, b) => (a.next_arrival_at ?? "").localeCompare(b.next_arrival_at ?? "")),
    others.sort((a, b) => Number(isLeft(b)) - Number(isLeft(a))),
  ];
}
