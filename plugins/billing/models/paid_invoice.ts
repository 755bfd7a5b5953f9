import { Model } from "objection";

/** A row of the ledger: one paid invoice. */
export class PaidInvoice extends Model {
  static override tableName = "billing.paid_invoices";
  static override idColumn = ["hotel_id", "invoice_id"];
  declare hotel_id: string;
  declare invoice_id: string;
  declare subscription_id: string | null;
  declare customer_id: string | null;
  declare period_start: Date | null;
  declare period_end: Date | null;
  declare amount_paid: string;
  declare currency: string;
  declare paid_at: Date | null;
  declare event_id: string;
}
