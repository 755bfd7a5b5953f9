import { Model } from "objection";

/** A category of rooms with one rate and one capacity. */
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
