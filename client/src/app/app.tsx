// The providers around every screen.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { router } from "@/app/router";
import { createQueryClient, followWorld } from "@/lib/queries";
import { Toasts } from "@/ui/toasts";

const queryClient = createQueryClient();

export function App() {
  useEffect(() => followWorld(queryClient), []);
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Toasts />
    </QueryClientProvider>
  );
}
