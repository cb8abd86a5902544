// Starts the page.
import { createRoot } from "react-dom/client";
import { App } from "@/app/app";
import { followTheme } from "@/lib/theme";
import "@/styles/index.css";

followTheme();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
