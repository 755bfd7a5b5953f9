/**
 * The tables that are made of the events alone, in an order in which they can be emptied. A replay of all events
 * empties and fills them. Data that is not made of events belongs in another table.
 */
export const ledgerTables = [
  "billing.paid_invoices",
  "billing.unpaid_invoices",
  "billing.reversals",
  "billing.payment_links",
  "billing.customers",
  "billing.subscriptions",
] as const;
