// The providers around every screen.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { fetchScreens, router } from "@/app/router";
import { createQueryClient, followWorld } from "@/lib/queries";
import { Toasts } from "@/ui/toasts";

const queryClient = createQueryClient();
/** By then the first screen has what it needs. */
const QUIET_AFTER_MS = 1_500;

export function App() {
  useEffect(() => followWorld(queryClient), []);
  useEffect(() => {
    const timer = setTimeout(fetchScreens, QUIET_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Toasts />
    </QueryClientProvider>
  );
}
