/**
 * Waives the charge of a no-show or a canceled booking, for a manager with a reason, or charges it again.
 *
 * A waiver releases the charged nights, so neither the total nor a report counts them. The figures of closed days do
 * not change.
 */
import { formatAmount, isSameAmount, type Trx } from "../../../core/mod.ts";
import { pmsProblems } from "../errors.ts";
import type { Booking } from "../models/booking.ts";
import { illegalTransition } from "./rules/booking_state.ts";
import { type ChangeContext, lockBooking, updateBooking } from "../booking_record/change.ts";
import { releaseNights, restoreNights } from "./nights/nights.ts";
import { totalsOf } from "../rates/totals.ts";

/**
 * @throws Problem ILLEGAL_TRANSITION if the booking is neither canceled nor a no-show; NO_CHARGE if its charge is zero
 */
export async function waiveCharge(trx: Trx, change: ChangeContext, bookingId: string, reason: string): Promise<void> {
  const booking = await lockCanceledOrNoShow(trx, change, bookingId);
  const { total_amount: charge, currency } = booking;
  if (isSameAmount(charge, "0")) {
    throw pmsProblems.NO_CHARGE(
      booking.waived_amount === null ? "The booking has no charge." : "The booking's charge is waived already.",
    );
  }
  await releaseNights(trx, booking, "waive");
  const fields = { ...totalsOf([], currency), waived_amount: formatAmount(charge, currency) };
  await updateBooking(trx, change, "waive_charge", booking, fields, { waiver: reason });
}

/** @throws Problem ILLEGAL_TRANSITION; NOT_WAIVED */
export async function undoWaiver(trx: Trx, change: ChangeContext, bookingId: string, reason: string): Promise<void> {
  const booking = await lockCanceledOrNoShow(trx, change, bookingId);
  if (booking.waived_amount === null) throw pmsProblems.NOT_WAIVED("The booking's charge was not waived.");
  const nights = await restoreNights(trx, booking, "waive");
  const fields = { ...totalsOf(nights, booking.currency), waived_amount: null };
  await updateBooking(trx, change, "undo_waiver", booking, fields, { waiver: reason });
}

async function lockCanceledOrNoShow(trx: Trx, change: ChangeContext, bookingId: string): Promise<Booking> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  if (booking.status !== "no_show" && booking.status !== "canceled") {
    throw illegalTransition(booking, hotel.business_date);
  }
  return booking;
}
