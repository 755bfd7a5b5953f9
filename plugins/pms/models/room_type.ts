import { Model } from "objection";

/** A kind of room that is sold at one rate. */
export class RoomType extends Model {
  static override tableName = "pms.room_types";
  static override idColumn = ["hotel_id", "room_type_id"];
  declare hotel_id: string;
  declare room_type_id: string;
  declare name: string;
  declare capacity: number;
  declare rate: string;
  declare created_at: Date;
  declare version: number;
}
