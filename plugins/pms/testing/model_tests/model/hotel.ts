/**
 * A hotel's front desk in plain data, for a history of calls to be played on it beside the real one. It is written from the
 * specification and shares no code with the plugin: days are numbers, money is whole minor units, and who has which room
 * is asked night by night. It is slow and has no concurrency, which is what makes it easy to believe.
 */

/** What the desk would be answered instead. */
export class Refusal extends Error {
  readonly code: string;
  /** Of ROOM_TAKEN: the nights that others have, and the stay for which other rooms are offered. */
  readonly taken: Taken | undefined;
  constructor(code: string, taken?: Taken) {
    super(code);
    this.code = code;
    this.taken = taken;
  }
}

export interface Taken {
  readonly nights: readonly number[];
  readonly offered: readonly string[];
}

export interface ModelType {
  readonly id: string;
  readonly capacity: number;
  readonly rate: number;
}

export interface ModelRoom {
  readonly id: string;
  readonly number: string;
  readonly type: ModelType;
  rate: number | null;
  status: string;
  dirty: boolean;
  /** The first night for which it is no longer part of the hotel. */
  retiredFrom: number | null;
}

export interface ModelGuest {
  readonly id: string;
  name: string;
  email: string | null;
  anonymous: boolean;
  /** The guest who has its bookings now. */
  mergedInto: ModelGuest | null;
  /** Whether it was ever a part of a merge. */
  wasMerged: boolean;
}

/** A merge that is in force. */
export interface ModelMerge {
  readonly duplicate: ModelGuest;
  readonly survivor: ModelGuest;
  /** The bookings that the survivor got. */
  readonly bookings: readonly ModelBooking[];
}

export interface ModelNight {
  readonly room: ModelRoom;
  /** Under which it was sold. */
  readonly type: ModelType;
  readonly rate: number;
  /** The rate before a price was agreed; the rate itself where none was. */
  readonly rack: number;
  /** Also where the price that was agreed is the rate. */
  readonly agreed: boolean;
}

export type ModelStatus = "confirmed" | "in_house" | "checked_out" | "canceled" | "no_show";

export interface ModelBooking {
  id: string;
  guest: ModelGuest;
  name: string;
  email: string | null;
  room: ModelRoom;
  locked: boolean;
  status: ModelStatus;
  statusOn: number;
  checkedInOn: number | null;
  arrival: number;
  departure: number;
  adults: number;
  children: number;
  /** On the bill, by day. */
  nights: Map<number, ModelNight>;
  /** Taken off it by an early check-out or a no-show; the way back puts them on again. */
  givenBack: Map<number, ModelNight>;
  /** Of a no-show or a cancellation whose charge is waived: what was on the bill. */
  waived: Map<number, ModelNight> | undefined;
  /** The stays that it has had while it was confirmed: none of them is asked for its restrictions again. */
  readonly stays: { readonly type: ModelType; readonly arrival: number; readonly departure: number }[];
  /** What amendments took off the bill, the latest last: a night that is put back is one of these again. */
  released: ModelReleased[];
  /** The nights for which nobody else can have its room. */
  holds: Set<number>;
}

export interface ModelReleased {
  readonly day: number;
  readonly night: ModelNight;
  /** Of the room that the booking had then. */
  readonly roomType: ModelType;
}

export interface ModelClosure {
  readonly room: ModelRoom;
  readonly from: number;
  readonly to: number;
}

export interface ModelRate {
  rate: number | null;
  minimumStay: number | null;
  closedToArrival: boolean;
}

export interface ModelFigures {
  readonly [name: string]: number;
}

/** The first business date of every model; daylight saving changes soon after it, in the north and in the south. */
const firstDay = Date.UTC(2025, 2, 27);
const dayMs = 86_400_000;
export const dayText = (day: number): string => new Date(firstDay + day * dayMs).toISOString().slice(0, 10);
export const dayNumber = (text: string): number => (Date.parse(`${text}T00:00:00Z`) - firstDay) / dayMs;

export const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);

export class ModelHotel {
  today = 0;
  /** How many days the hotel's calendar is ahead of the business date, and the hour of the day. */
  clock = { ahead: 1, hour: 9 };
  /** The hotel's calendar day when a call comes. A test may read it from the real clock. */
  calendarDay = (): number => this.today + this.clock.ahead;
  lapsed = false;
  noShowCharge = "first_night";
  overstays = "extend";
  discountPercent = 0;
  /** The hour of its own date from which a day can be closed; null: at any hour. */
  closesFrom: number | null = 18;
  receptionistsClose = true;
  readonly decimals: number;
  readonly types: readonly ModelType[];
  readonly rooms: readonly ModelRoom[];
  readonly bookings: ModelBooking[] = [];
  readonly guests: ModelGuest[] = [];
  merges: ModelMerge[] = [];
  /** The booking of the latest call. */
  touched: string | undefined;
  closures: ModelClosure[] = [];
  /** By type and day. */
  readonly rates = new Map<string, ModelRate>();
  readonly closedDays = new Map<number, ModelFigures>();

  constructor(decimals: number, types: readonly ModelType[], rooms: readonly ModelRoom[]) {
    this.decimals = decimals;
    this.types = types;
    this.rooms = rooms;
  }

  /** An amount as it is written: minor units to a decimal string. */
  text(minor: number): string {
    if (this.decimals === 0) return String(minor);
    const digits = String(minor).padStart(this.decimals + 1, "0");
    return `${digits.slice(0, -this.decimals)}.${digits.slice(-this.decimals)}`;
  }

  minor(text: string): number {
    return Math.round(Number(text) * 10 ** this.decimals);
  }

  total(booking: ModelBooking): number {
    return [...booking.nights.values()].reduce((sum, { rate }) => sum + rate, 0);
  }

  /** At the rates before a price was agreed; null where none was. */
  rackTotal(booking: ModelBooking): number | null {
    const nights = [...booking.nights.values()];
    return nights.some((night) => night.agreed) ? nights.reduce((sum, { rack }) => sum + rack, 0) : null;
  }

  requirePaid(): void {
    if (this.lapsed) throw new Refusal("SUBSCRIPTION_LAPSED");
  }

  roomOf(id: unknown): ModelRoom {
    return found(this.rooms.find((room) => room.id === id));
  }

  typeOf(id: unknown): ModelType {
    return found(this.types.find((type) => type.id === id));
  }

  bookingOf(id: unknown): ModelBooking {
    return found(this.bookings.find((booking) => booking.id === id));
  }

  /** Whether somebody has the room that night, beside those who are just giving theirs back. */
  isTaken(room: ModelRoom, day: number, except: readonly ModelBooking[] = []): boolean {
    return (
      this.closures.some((closure) => closure.room === room && closure.from <= day && day < closure.to) ||
      this.bookings.some(
        (one) => !except.includes(one) && one.holds.has(day) && one.nights.get(day)?.room.id === room.id,
      )
    );
  }

  /** Whether all nights before a day can be sold. */
  isSold({ status, retiredFrom }: ModelRoom, departure: number): boolean {
    return status !== "out_of_order" && (retiredFrom === null || departure <= retiredFrom);
  }

  /** Whether a stay can begin in the room: out of service, it is not given today, and a stay of before would need it today. */
  isOpen({ status }: ModelRoom, arrival: number): boolean {
    return status !== "out_of_service" || arrival > this.today;
  }

  /** @throws Refusal where a new stay can't begin in the room */
  requireOpen(room: ModelRoom, arrival: number): void {
    if (!this.isOpen(room, arrival)) throw new Refusal("ROOM_NOT_READY");
  }

  /** Whether a booking stands against the room's leaving the hotel from a day on. */
  isNeeded(room: ModelRoom, from: number): boolean {
    return this.bookings.some(
      ({ room: last, status, departure, nights, holds }) =>
        (status === "in_house" && last === room && departure < this.today) ||
        [...nights].some(
          ([day, night]) => day >= from && night.room === room && (holds.has(day) || status === "checked_out"),
        ),
    );
  }

  /**
   * Whether a guest is in the room or expected in it, or a booking has it tonight or later.
   * @param arrivedBy counts only bookings that arrive by this day
   */
  isPromised(room: ModelRoom, arrivedBy = Infinity): boolean {
    const has = ({ status, room: last, arrival, nights, holds }: ModelBooking): boolean =>
      status !== "checked_out" &&
      arrival <= arrivedBy &&
      ((status === "confirmed" && last === room) ||
        [...holds].some((day) => day >= this.today && nights.get(day)?.room === room));
    return this.inHouse(room) !== undefined || this.bookings.some(has);
  }

  isFree(room: ModelRoom, from: number, to: number, except: readonly ModelBooking[] = []): boolean {
    return range(from, to).every((day) => !this.isTaken(room, day, except));
  }

  /** @param first from which rooms are offered instead @throws Refusal where somebody else has one of the nights */
  requireFree(
    nights: ReadonlyMap<number, ModelNight>,
    guests: number,
    except: readonly ModelBooking[] = [],
    first = this.today,
  ): void {
    const refused = runsOf(nights).filter((run) => !this.isFree(run.room, run.from, run.to, except));
    const [firstRun] = refused;
    if (firstRun === undefined) return;
    const taken = refused.flatMap((run) =>
      range(run.from, run.to).filter((day) => this.isTaken(run.room, day, except)),
    );
    const from = Math.min(...refused.map((run) => run.from));
    const to = Math.max(...refused.map((run) => run.to));
    // Of nights that are all over, no room is offered instead.
    const free = to <= first ? [] : this.freeRooms(Math.max(from, first), to, guests, except);
    const offered = [
      ...free.filter(({ type }) => type === firstRun.room.type),
      ...free.filter(({ type }) => type !== firstRun.room.type),
    ];
    throw new Refusal("ROOM_TAKEN", { nights: [...new Set(taken)], offered: offered.slice(0, 5).map(({ id }) => id) });
  }

  rateOn(type: ModelType, day: number): ModelRate | undefined {
    return this.rates.get(`${type.id} ${day}`);
  }

  /** A night at today's price. */
  nightIn(room: ModelRoom, day: number): ModelNight {
    const rate = this.price(room, day);
    return { room, type: room.type, rate, rack: rate, agreed: false };
  }

  price(room: ModelRoom, day: number): number {
    return this.rateOn(room.type, day)?.rate ?? room.rate ?? room.type.rate;
  }

  /** A night that a booking gets: the one that it had before as the same product, or one at today's price. */
  addedNight(booking: ModelBooking, room: ModelRoom, day: number, alike: readonly ModelType[]): ModelNight {
    const had = booking.released.findLast(
      (one) =>
        one.day === day &&
        (one.roomType === room.type || one.night.type === room.type || alike.includes(one.night.type)),
    );
    return { ...(had?.night ?? this.nightIn(room, day)), room };
  }

  /** As requireArrival, of a booking that may have had the stay, or a shorter one from the same day, already. */
  requireArrivalOf(booking: ModelBooking, type: ModelType, arrival: number, departure: number, override = false): void {
    const had = booking.stays.filter((stay) => stay.type === type && stay.arrival === arrival);
    if (had.length === 0) this.requireArrival(type, arrival, departure, override);
    else if (had.every((stay) => departure < stay.departure)) {
      this.requireMinimumStay(type, arrival, departure, override);
    }
  }

  /** @param override a manager takes it all the same */
  requireArrival(type: ModelType, arrival: number, departure: number, override = false): void {
    const rate = this.rateOn(type, arrival);
    if (rate?.closedToArrival === true && !override) throw new Refusal("CLOSED_TO_ARRIVAL");
    this.requireMinimumStay(type, arrival, departure, override);
  }

  requireMinimumStay(type: ModelType, arrival: number, departure: number, override = false): void {
    if (override) return;
    if (departure - arrival < (this.rateOn(type, arrival)?.minimumStay ?? 1)) throw new Refusal("MINIMUM_STAY");
  }

  /** What the desk is offered: by number, sold, large enough, free throughout, and open to arrivals. */
  freeRooms(
    from: number,
    to: number,
    guests: number,
    except: readonly ModelBooking[] = [],
    includeRestricted = false,
  ): ModelRoom[] {
    const mayArrive = ({ type }: ModelRoom): boolean => {
      if (includeRestricted) return true;
      const rate = this.rateOn(type, from);
      return rate === undefined || (!rate.closedToArrival && (rate.minimumStay ?? 1) <= to - from);
    };
    return this.rooms.filter(
      (room) =>
        this.isSold(room, to) &&
        this.isOpen(room, from) &&
        room.type.capacity >= guests &&
        mayArrive(room) &&
        this.isFree(room, from, to, except),
    );
  }

  /** The free room of a type that can be occupied, if that is tonight; that leaves the smallest gaps; the first by number. */
  bestRoom(type: ModelType, from: number, to: number): ModelRoom | undefined {
    const gap = (room: ModelRoom, day: number, step: number): number => {
      let nights = 0;
      while (nights < 60 && !this.isTaken(room, day + nights * step)) nights += 1;
      return nights;
    };
    const free = this.rooms.filter(
      (room) => room.type === type && this.isSold(room, to) && this.isOpen(room, from) && this.isFree(room, from, to),
    );
    // Of a dirty room tonight, more than of any gaps; of one with a guest who has not left, more again.
    const cost = (room: ModelRoom): number =>
      gap(room, from - 1, -1) +
      gap(room, to, 1) +
      (from <= this.today && room.dirty ? 500 : 0) +
      (from <= this.today && this.inHouse(room) !== undefined ? 1000 : 0);
    const gaps = new Map(free.map((room) => [room, cost(room)]));
    return free.reduce<ModelRoom | undefined>(
      (best, room) => (best === undefined || (gaps.get(room) as number) < (gaps.get(best) as number) ? room : best),
      undefined,
    );
  }

  inHouse(room: ModelRoom): ModelBooking | undefined {
    return this.bookings.find((booking) => booking.status === "in_house" && booking.room === room);
  }
}

function found<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Refusal("NOT_FOUND");
  return thing;
}

/** The day after the last night that is on the bill of a booking, or may come back to it. */
export function agreedDeparture({
  nights,
  givenBack,
  waived = new Map(),
}: Pick<ModelBooking, "nights" | "givenBack" | "waived">): number {
  return 1 + Math.max(...nights.keys(), ...givenBack.keys(), ...waived.keys());
}

/** The runs of consecutive nights in one room. */
export function runsOf(nights: ReadonlyMap<number, ModelNight>): { room: ModelRoom; from: number; to: number }[] {
  const runs: { room: ModelRoom; from: number; to: number }[] = [];
  for (const [day, { room }] of [...nights].sort(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    if (last?.room === room && last.to === day) last.to = day + 1;
    else runs.push({ room, from: day, to: day + 1 });
  }
  return runs;
}
