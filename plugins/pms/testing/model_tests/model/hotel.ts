/**
 * Models a hotel: its rooms, bookings, rates and closed days, with the questions that the other files of the model ask.
 *
 * The model follows the specification and shares no code with the plugin. It checks each night separately and has no
 * concurrency. That makes it slow, but simple enough to trust.
 */
import {
  type ModelBooking,
  type ModelClosure,
  type ModelFigures,
  type ModelGuest,
  type ModelMerge,
  type ModelNight,
  type ModelRate,
  type ModelRoom,
  type ModelType,
  range,
  Refusal,
} from "./data.ts";

export class ModelHotel {
  /** The business date. */
  today = 0;
  /** How many days the hotel's calendar is ahead of the business date, and the hour of the day. */
  clock = { ahead: 1, hour: 9 };
  /** Returns the hotel's calendar day at the time of a call. A test over HTTP replaces it by the real date. */
  calendarDay = (): number => this.today + this.clock.ahead;
  isLapsed = false;
  noShowCharge = "first_night";
  overstays = "extend";
  discountPercent = 0;
  /** The hour of its own date from which a day can be closed. Null means any hour. */
  closesFrom: number | null = 18;
  receptionistsClose = true;
  readonly decimals: number;
  readonly types: readonly ModelType[];
  readonly rooms: readonly ModelRoom[];
  readonly bookings: ModelBooking[] = [];
  readonly guests: ModelGuest[] = [];
  merges: ModelMerge[] = [];
  /** The booking of the latest call. */
  latestBookingId: string | undefined;
  closures: ModelClosure[] = [];
  /** Keys are `<room type id> <day>`. */
  readonly rates = new Map<string, ModelRate>();
  readonly closedDays = new Map<number, ModelFigures>();

  constructor(decimals: number, types: readonly ModelType[], rooms: readonly ModelRoom[]) {
    this.decimals = decimals;
    this.types = types;
    this.rooms = rooms;
  }

  /** Writes minor units as a decimal string. */
  text(minor: number): string {
    if (this.decimals === 0) return String(minor);
    const digits = String(minor).padStart(this.decimals + 1, "0");
    return `${digits.slice(0, -this.decimals)}.${digits.slice(-this.decimals)}`;
  }

  /** Reads a decimal string as minor units. */
  minor(text: string): number {
    return Math.round(Number(text) * 10 ** this.decimals);
  }

  total(booking: ModelBooking): number {
    return [...booking.nights.values()].reduce((sum, { rate }) => sum + rate, 0);
  }

  /** Returns the total at the rack rates, or null if no night has an agreed price. */
  rackTotal(booking: ModelBooking): number | null {
    const nights = [...booking.nights.values()];
    return nights.some((night) => night.hasAgreedPrice)
      ? nights.reduce((sum, { rackRate }) => sum + rackRate, 0)
      : null;
  }

  requirePaid(): void {
    if (this.isLapsed) throw new Refusal("SUBSCRIPTION_LAPSED");
  }

  roomOf(id: unknown): ModelRoom {
    return requireFound(this.rooms.find((room) => room.id === id));
  }

  typeOf(id: unknown): ModelType {
    return requireFound(this.types.find((type) => type.id === id));
  }

  bookingOf(id: unknown): ModelBooking {
    return requireFound(this.bookings.find((booking) => booking.id === id));
  }

  /** Whether a closure or a booking has the room in the night. @param except bookings that do not count */
  isTaken(room: ModelRoom, day: number, except: readonly ModelBooking[] = []): boolean {
    return (
      this.closures.some((closure) => closure.room === room && closure.from <= day && day < closure.to) ||
      this.bookings.some(
        (booking) =>
          !except.includes(booking) && booking.allocatedNights.has(day) && booking.nights.get(day)?.room.id === room.id,
      )
    );
  }

  /** Whether the room is in order and not retired before the departure. */
  canBeSold({ status, retiredFrom }: ModelRoom, departure: number): boolean {
    return status !== "out_of_order" && (retiredFrom === null || departure <= retiredFrom);
  }

  /** Whether a stay can begin in the room. A room out of service can receive a guest on a later day only. */
  canReceiveGuest({ status }: ModelRoom, arrival: number): boolean {
    return status !== "out_of_service" || arrival > this.today;
  }

  /** @throws Refusal ROOM_NOT_READY if a stay can't begin in the room */
  requireCanReceiveGuest(room: ModelRoom, arrival: number): void {
    if (!this.canReceiveGuest(room, arrival)) throw new Refusal("ROOM_NOT_READY");
  }

  /**
   * Whether the room can't be retired from a day on. A booking with a night in the room on that day or later prevents
   * it, and so does an overdue guest in the room.
   */
  hasBookingFrom(room: ModelRoom, from: number): boolean {
    return this.bookings.some(
      ({ room: lastRoom, status, departure, nights, allocatedNights }) =>
        (status === "in_house" && lastRoom === room && departure < this.today) ||
        [...nights].some(
          ([day, night]) =>
            day >= from && night.room === room && (allocatedNights.has(day) || status === "checked_out"),
        ),
    );
  }

  /**
   * Whether a guest is in the room or expected in it, or the room is allocated to a booking tonight or later.
   * @param arrivedBy counts only bookings that arrive by this day
   */
  hasBooking(room: ModelRoom, arrivedBy = Infinity): boolean {
    const isForRoom = ({ status, room: lastRoom, arrival, nights, allocatedNights }: ModelBooking): boolean =>
      status !== "checked_out" &&
      arrival <= arrivedBy &&
      ((status === "confirmed" && lastRoom === room) ||
        [...allocatedNights].some((day) => day >= this.today && nights.get(day)?.room === room));
    return this.inHouse(room) !== undefined || this.bookings.some(isForRoom);
  }

  isFree(room: ModelRoom, from: number, to: number, except: readonly ModelBooking[] = []): boolean {
    return range(from, to).every((day) => !this.isTaken(room, day, except));
  }

  /**
   * Checks that the rooms of all nights are free. A refusal offers other free rooms for the nights from `first` on.
   * @throws Refusal ROOM_TAKEN if a closure or another booking has one of the nights
   */
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
    // If all nights in conflict are over, the refusal offers no other room.
    const free = to <= first ? [] : this.freeRooms(Math.max(from, first), to, guests, except);
    const offered = [
      ...free.filter(({ type }) => type === firstRun.room.type),
      ...free.filter(({ type }) => type !== firstRun.room.type),
    ];
    throw new Refusal("ROOM_TAKEN", {
      nights: [...new Set(taken)],
      offeredRoomIds: offered.slice(0, 5).map(({ id }) => id),
    });
  }

  rateOn(type: ModelType, day: number): ModelRate | undefined {
    return this.rates.get(`${type.id} ${day}`);
  }

  /** Makes a night at the present price. */
  nightIn(room: ModelRoom, day: number): ModelNight {
    const rate = this.price(room, day);
    return { room, type: room.type, rate, rackRate: rate, hasAgreedPrice: false };
  }

  price(room: ModelRoom, day: number): number {
    return this.rateOn(room.type, day)?.rate ?? room.rate ?? room.type.rate;
  }

  /**
   * Makes a night that is added to a booking. A night that an amendment released comes back at its old price, if it was
   * sold as the same room type. Otherwise the night has the present price.
   * @param alike more room types under which the released night can have been sold
   */
  addedNight(booking: ModelBooking, room: ModelRoom, day: number, alike: readonly ModelType[]): ModelNight {
    const had = booking.releasedByAmendments.findLast(
      ({ day: releasedDay, night, roomType }) =>
        releasedDay === day && (roomType === room.type || night.type === room.type || alike.includes(night.type)),
    );
    return { ...(had?.night ?? this.nightIn(room, day)), room };
  }

  /**
   * Checks the restrictions for an amended booking. An arrival that the booking had before, in the same room type, is
   * not checked again. The minimum stay is, if the new stay is shorter than all earlier ones.
   */
  requireArrivalOf(booking: ModelBooking, type: ModelType, arrival: number, departure: number, override = false): void {
    const had = booking.stays.filter((stay) => stay.type === type && stay.arrival === arrival);
    if (had.length === 0) this.requireArrival(type, arrival, departure, override);
    else if (had.every((stay) => departure < stay.departure)) {
      this.requireMinimumStay(type, arrival, departure, override);
    }
  }

  /** Checks the restrictions of the arrival day. @param override whether a manager overrides them */
  requireArrival(type: ModelType, arrival: number, departure: number, override = false): void {
    const rate = this.rateOn(type, arrival);
    if (rate?.closedToArrival === true && !override) throw new Refusal("CLOSED_TO_ARRIVAL");
    this.requireMinimumStay(type, arrival, departure, override);
  }

  requireMinimumStay(type: ModelType, arrival: number, departure: number, override = false): void {
    if (override) return;
    if (departure - arrival < (this.rateOn(type, arrival)?.minimumStay ?? 1)) throw new Refusal("MINIMUM_STAY");
  }

  /**
   * Finds the rooms for a stay, ordered by number. Each is in service, large enough and free in all nights.
   * @param includeRestricted whether to include room types that the arrival day restricts
   */
  freeRooms(
    from: number,
    to: number,
    guests: number,
    except: readonly ModelBooking[] = [],
    includeRestricted = false,
  ): ModelRoom[] {
    const allowsArrival = ({ type }: ModelRoom): boolean => {
      if (includeRestricted) return true;
      const rate = this.rateOn(type, from);
      return rate === undefined || (!rate.closedToArrival && (rate.minimumStay ?? 1) <= to - from);
    };
    return this.rooms.filter(
      (room) =>
        this.canBeSold(room, to) &&
        this.canReceiveGuest(room, from) &&
        room.type.capacity >= guests &&
        allowsArrival(room) &&
        this.isFree(room, from, to, except),
    );
  }

  /**
   * Chooses the free room of a type that leaves the fewest empty nights before and after the stay. It chooses the
   * lowest number among equal rooms.
   */
  bestRoom(type: ModelType, from: number, to: number): ModelRoom | undefined {
    const gap = (room: ModelRoom, day: number, step: number): number => {
      let nights = 0;
      while (nights < 60 && !this.isTaken(room, day + nights * step)) nights += 1;
      return nights;
    };
    const free = this.rooms.filter(
      (room) =>
        room.type === type &&
        this.canBeSold(room, to) &&
        this.canReceiveGuest(room, from) &&
        this.isFree(room, from, to),
    );
    // The gaps add up to 120 nights at most. So for an arrival tonight, each clean room is better than a dirty one. A
    // dirty room is better than an occupied one.
    const cost = (room: ModelRoom): number =>
      gap(room, from - 1, -1) +
      gap(room, to, 1) +
      (from <= this.today && room.isDirty ? 500 : 0) +
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

function requireFound<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Refusal("NOT_FOUND");
  return thing;
}

/** Returns the day after the last night, including nights that an undo can put back on the bill. */
export function agreedDeparture({
  nights,
  releasedAtEnd,
  waivedNights = new Map(),
}: Pick<ModelBooking, "nights" | "releasedAtEnd" | "waivedNights">): number {
  return 1 + Math.max(...nights.keys(), ...releasedAtEnd.keys(), ...waivedNights.keys());
}

/** Joins consecutive nights in the same room into runs. */
export function runsOf(nights: ReadonlyMap<number, ModelNight>): { room: ModelRoom; from: number; to: number }[] {
  const runs: { room: ModelRoom; from: number; to: number }[] = [];
  for (const [day, { room }] of [...nights].sort(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    if (last?.room === room && last.to === day) last.to = day + 1;
    else runs.push({ room, from: day, to: day + 1 });
  }
  return runs;
}
