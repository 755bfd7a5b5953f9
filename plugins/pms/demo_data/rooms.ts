/** The 24 rooms of the demo hotel: three types on three floors. */
export interface DemoRoom {
  readonly number: string;
  readonly type: string;
  readonly capacity: number;
}

export interface DemoType {
  readonly name: string;
  readonly capacity: number;
  readonly rate: string;
  /** The rate of the nights of Friday and Saturday. */
  readonly weekendRate: string;
  readonly numbers: readonly string[];
}

export const demoTypes: readonly DemoType[] = [
  { name: "Single", capacity: 1, rate: "79.00", weekendRate: "89.00", numbers: ["101", "102", "103", "104"] },
  {
    name: "Double",
    capacity: 2,
    rate: "120.00",
    weekendRate: "138.00",
    numbers: "105 106 107 108 201 202 203 204 205 206 301 302 303 304".split(" "),
  },
  {
    name: "Suite",
    capacity: 4,
    rate: "260.00",
    weekendRate: "295.00",
    numbers: ["207", "208", "305", "306", "307", "308"],
  },
];

export const demoRooms: readonly DemoRoom[] = demoTypes.flatMap(({ name, capacity, numbers }) =>
  numbers.map((number) => ({ number, type: name, capacity })),
);

/** A room that is closed, with days counted from today. */
export interface DemoClosure {
  readonly number: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export const demoClosures: readonly DemoClosure[] = [
  { number: "103", from: -3, to: -1, reason: "Broken shower" },
  { number: "204", from: 0, to: 3, reason: "New carpet" },
];
