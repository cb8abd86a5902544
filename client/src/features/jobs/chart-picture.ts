// A chart as a picture that explains itself: on its own ground, with its title and the names of its curves.
import type uPlot from "uplot";
import { tokenColour } from "@/lib/theme";

interface Named {
  label: string;
  token: string;
  dash?: number[] | undefined;
}

const MARGIN = 16;
const LINE = 22;

export function paintPicture(plot: uPlot, title: string, series: readonly Named[]): Promise<Blob | null> {
  const source = plot.ctx.canvas;
  const scale = source.width / plot.width;
  const named = series.filter(({ label }) => label !== "");
  const top = MARGIN + LINE * (named.length + 1);
  const canvas = document.createElement("canvas");
  canvas.width = source.width + 2 * MARGIN * scale;
  canvas.height = source.height + (top + MARGIN) * scale;
  const ctx = canvas.getContext("2d");
  if (!ctx) return Promise.resolve(null);
  ctx.fillStyle = tokenColour("--card");
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(source, MARGIN * scale, top * scale);
  ctx.scale(scale, scale);
  ctx.textBaseline = "middle";
  ctx.fillStyle = tokenColour("--ink");
  ctx.font = "600 15px system-ui, sans-serif";
  ctx.fillText(title, MARGIN, MARGIN + LINE / 2);
  ctx.font = "13px system-ui, sans-serif";
  named.forEach(({ label, token, dash }, index) => {
    const y = MARGIN + LINE * (index + 1.5);
    ctx.strokeStyle = tokenColour(token);
    ctx.lineWidth = 2;
    ctx.setLineDash(dash ?? []);
    ctx.beginPath();
    ctx.moveTo(MARGIN, y);
    ctx.lineTo(MARGIN + 28, y);
    ctx.stroke();
    ctx.fillText(label, MARGIN + 36, y);
  });
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
