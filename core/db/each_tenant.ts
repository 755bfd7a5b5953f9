import type { Logger } from "../process/log.ts";

/**
 * Runs some work for each tenant in turn. A failure for one tenant is logged, and the work goes on with the next
 * tenant.
 * @param signal ends the work before the next tenant
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
      log.error({ err: error, tenant_id: tenantId }, `${what} failed for a tenant and will be retried`);
    }
  }
}
