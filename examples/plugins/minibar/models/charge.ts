import { Model } from "objection";

/** An item taken from a minibar, at its price then. A charge never changes. A wrong one is taken back. */
export class Charge extends Model {
  static override tableName = "minibar.charges";
  static override idColumn = ["hotel_id", "charge_id"];
  declare hotel_id: string;
  declare charge_id: string;
  declare booking_id: string;
  /** The hotel's business date. */
  declare day: string;
  declare item: string;
  declare quantity: number;
  /** Money is a decimal string from the JSON to the numeric column and back: never a JavaScript number. */
  declare unit_price: string;
  /** `unit_price * quantity`, which PostgreSQL multiplies. */
  declare amount: string;
  declare charged_by: string;
  declare charged_at: Date;
}
