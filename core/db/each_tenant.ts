import type { Logger } from "../process/log.ts";

/**
 * Does some work for tenants one by one. Where it fails for one, which is logged, the others have their turn all the same:
 * a bad row of one tenant stops no other's work.
 * @param signal ends the round before the next tenant
 */
export async function forEachTenant(
  tenantIds: readonly string[],
  { log, what, signal }: { readonly log: Logger; readonly what: string; readonly signal?: AbortSignal },
  work: (tenantId: string) => Promise<unknown>,
): Promise<void> {
  for (const tenantId of tenantIds) {
    if (signal?.aborted === true) return;
    try {
      await work(tenantId);
    } catch (error) {
      log.error({ err: error, tenant_id: tenantId }, `${what} failed for a tenant; it is tried again`);
    }
  }
}
