// Shows a piece of the page as the app would: with server state and addresses, but without the app around it.
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, render } from "@testing-library/react";
import type { ReactElement } from "react";
import { createQueryClient } from "@/lib/queries";

export async function show(element: ReactElement, { at = "/", client = createQueryClient() }: { at?: string; client?: QueryClient } = {}) {
  const root = createRootRoute();
  const anywhere = createRoute({ getParentRoute: () => root, path: "$", component: () => element });
  const router = createRouter({ routeTree: root.addChildren([anywhere]), history: createMemoryHistory({ initialEntries: [at] }) });
  await act(() => router.load());
  const shown = render(
    <QueryClientProvider client={client}>
      {/* The router of a test has other addresses than the app's. */}
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  return { ...shown, client, router };
}
