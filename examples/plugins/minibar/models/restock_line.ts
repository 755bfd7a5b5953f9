import { Model } from "objection";

/** How much of one item was taken on one day. The job derives it from the charges. */
export class RestockLine extends Model {
  static override tableName = "minibar.restock_lines";
  static override idColumn = ["hotel_id", "day", "item"];
  declare hotel_id: string;
  declare day: string;
  declare item: string;
  declare quantity: number;
  declare amount: string;
}
