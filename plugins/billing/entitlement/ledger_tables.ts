/**
 * The tables that are made of the events alone, in an order in which they can be emptied. A replay of everything clears
 * them and fills them again; what is not made of events must stand in a table that is not named here.
 */
export const ledgerTables = [
  "billing.paid_invoices",
  "billing.unpaid_invoices",
  "billing.reversals",
  "billing.payment_links",
  "billing.customers",
  "billing.subscriptions",
] as const;
