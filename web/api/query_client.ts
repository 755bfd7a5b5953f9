/** The cache of all reads. */
import { QueryClient } from "@tanstack/preact-query";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: false, // `request` repeats what can be repeated.
      staleTime: 30_000,
      gcTime: 5 * 60_000,
      refetchOnReconnect: true,
      refetchOnWindowFocus: true,
    },
  },
});

/** Reads again what the screens show. Call it when the server's data has changed. */
export async function refreshReads(): Promise<void> {
  await queryClient.invalidateQueries();
}
